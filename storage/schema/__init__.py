"""The versions of the databases that cannot be made again, and the steps from each to the next."""
