"""Figures side by side with a yardstick, in one run: `python -m benchmarks [name …]`."""
