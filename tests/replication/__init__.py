"""Two or more real cores in memory, told as the protocol page tells it."""
