"""The use cases: each takes what a caller asks for, reads the fold, and writes events or raises a `LocalFault`."""
