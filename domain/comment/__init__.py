"""The comment aggregate: words on an issue, each with its own history."""
