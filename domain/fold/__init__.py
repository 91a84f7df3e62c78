"""What entities are folded from: registers, sets, texts, and what a kind of event is."""
