"""How events become state: registers, sets, texts, verdicts, and the engine that applies them in order."""
