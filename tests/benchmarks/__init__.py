"""The benchmarks run; how fast is never asserted."""
