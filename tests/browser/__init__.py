"""What a person does with a real browser, against a real node."""
