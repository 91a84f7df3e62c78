"""The event log under faults, kills and other processes."""
