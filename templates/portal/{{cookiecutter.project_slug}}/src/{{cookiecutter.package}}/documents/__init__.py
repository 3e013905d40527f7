"""Documents: links to them that are good for a short while, and only for who asked."""
