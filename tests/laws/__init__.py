"""Laws of the fold: any order, duplication or partition of a history comes to the same state."""
