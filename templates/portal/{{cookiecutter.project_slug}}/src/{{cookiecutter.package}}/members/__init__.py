"""Members: which people belong to which business units, and as what."""
