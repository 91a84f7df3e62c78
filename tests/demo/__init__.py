"""Three nodes to look at: `make demo`."""
