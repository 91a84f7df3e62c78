"""What a forge means: events, verdicts, folds and the use cases that draft new events. Pure."""
