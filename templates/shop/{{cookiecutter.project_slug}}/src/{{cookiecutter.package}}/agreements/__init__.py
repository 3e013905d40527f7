"""Agreements: quotes that an account has accepted in the portal; their prices bind the order that follows them."""
