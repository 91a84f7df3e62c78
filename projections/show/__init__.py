"""From an entity's state to its rows: one file for each sort of entity."""
