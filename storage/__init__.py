"""How facts rest on disk: the event log, git repositories, keys, this node's own secrets."""
