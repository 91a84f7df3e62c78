"""The routes, one file for each area: parse, ask a view or send a command, shape the answer."""
