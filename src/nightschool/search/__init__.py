"""What every search shares, pure: budgets and the tree of thoughts. It knows no model, no critic and no clock."""
