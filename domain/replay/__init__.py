"""Replaying the log: the verdict on each event, and the engine that folds accepted ones in any order of arrival."""
