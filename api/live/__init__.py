"""Events as they happen: what a worker follows, and the streams it feeds."""
