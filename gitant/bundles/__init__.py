"""Making bundles of what a node holds, and taking them in (docs/design/bundles.md)."""
