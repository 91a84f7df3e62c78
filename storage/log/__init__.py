"""The event log at rest: SQLite through eventsourcing's recorders, and its twin in memory."""
