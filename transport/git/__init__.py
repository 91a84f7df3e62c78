"""Git over HTTP, as stock git speaks it: fetching in protocol v0, pushing into a quarantine."""
