"""Protected branches."""
