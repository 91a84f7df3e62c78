"""The pages a person opens, asked for without a browser."""
