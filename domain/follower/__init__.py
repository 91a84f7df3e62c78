"""What a person is to a repository: whether it has their star, and what of it they want to hear."""
