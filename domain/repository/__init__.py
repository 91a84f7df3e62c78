"""The repository aggregate: what it is called, who may see it, whether it is archived or deleted."""
