"""Index reads behind the pages: one file for each sort of thing."""
