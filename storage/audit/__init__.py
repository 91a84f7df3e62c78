"""The local audit log at rest: `audit.sqlite`."""
