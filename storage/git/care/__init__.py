"""Care of the repositories on the disk: merging packs, clearing up, looking for damage."""
