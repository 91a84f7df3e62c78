"""The reception: accounts made, opened with a password, renamed and ended."""
