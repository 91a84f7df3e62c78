"""Questions to the analytics from HTTP workers, each carried out by a child process that ends with its answer."""
