"""Stock git against our git server."""
