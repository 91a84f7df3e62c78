"""What two peers say to each other; sans-IO. It starts with the digests they compare."""
