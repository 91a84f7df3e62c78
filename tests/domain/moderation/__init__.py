"""What a node takes in from whom."""
