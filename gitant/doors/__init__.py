"""The doors: ways to say who is asking, one file each. `every` puts them together."""
