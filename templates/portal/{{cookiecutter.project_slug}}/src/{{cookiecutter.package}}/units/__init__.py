"""Business units: the tree of departments, sites and cost centres of an account."""
