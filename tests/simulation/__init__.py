"""Whole networks of real nodes in one process, from one seed: `python -m tests.simulation --seed N`."""
