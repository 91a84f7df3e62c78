"""UCAN 1.0.0: what somebody lends to somebody else, and for how long."""
