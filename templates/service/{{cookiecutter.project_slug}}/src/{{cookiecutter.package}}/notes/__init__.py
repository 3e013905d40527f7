"""Notes: short texts of one person."""
