"""Stock: how much of an article lies where, and what of it is spoken for."""
