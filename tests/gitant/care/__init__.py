"""Care of the repositories."""
