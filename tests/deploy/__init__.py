"""What is in deploy/, by the tools it is for."""
