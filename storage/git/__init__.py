"""Git repositories as folders: safe receiving, publishing, and refs as a projection."""
