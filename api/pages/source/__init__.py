"""Pages about what is in a repository: files, history, changes, branches, search."""
