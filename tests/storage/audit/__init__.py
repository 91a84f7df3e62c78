"""The local audit log at rest."""
