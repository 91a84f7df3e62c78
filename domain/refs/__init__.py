"""The refs aggregate: branches and tags as multi-value registers of signed moves."""
