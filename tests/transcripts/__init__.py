"""The pages of docs/transcripts, run: every command in them does what the page shows."""
