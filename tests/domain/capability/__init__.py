"""Capabilities: tokens, chains, policies."""
