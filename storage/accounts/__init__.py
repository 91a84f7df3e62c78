"""Accounts of this node in `accounts.sqlite`: who has one, who is logged in, and which keys are kept."""
