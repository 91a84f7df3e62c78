"""What every request passes before anything looks at what it asks: its id, its Host, its address, its rate."""
