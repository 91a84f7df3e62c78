"""Power cuts: what was written is recorded, and replayed with the unflushed part torn or lost."""
