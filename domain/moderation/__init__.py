"""What a node takes in from whom: budgets of those without a role, and what is held of strangers."""
