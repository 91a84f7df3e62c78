"""What readers ask for: disposable read models, rebuilt from the log at will."""
