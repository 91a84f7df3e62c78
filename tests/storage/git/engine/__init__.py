"""The git engine: tables over packs, and packs out of packs."""
