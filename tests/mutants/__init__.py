"""Mutation testing of who may do what: `python -m tests.mutants`, `make mutants`."""
