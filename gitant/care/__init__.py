"""Care of the repositories: what is due when, the process that does it, and what a person asks for."""
