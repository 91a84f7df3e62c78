"""The person's door: command line, settings, composition root, supervisor."""
