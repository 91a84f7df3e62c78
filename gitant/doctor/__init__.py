"""Looks for what keeps a node from working well, and says how to mend it. Changes nothing."""
