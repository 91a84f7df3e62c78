"""People in a repository: their roles, and the cuts that end them."""
