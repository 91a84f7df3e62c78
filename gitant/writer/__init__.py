"""The one writer: what HTTP workers ask of it, the wire between them, the thread that answers."""
