"""What every adapter of a port must do, and the adapters that are held to it."""
