"""Git objects and blobs between nodes: one channel for each transfer."""
