"""Git over HTTP, as stock git speaks it: fetching in protocols v0 to v2, pushing into a quarantine."""
