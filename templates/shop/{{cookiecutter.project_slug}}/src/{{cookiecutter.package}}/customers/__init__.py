"""Customers: what the shop must know about an account to price for it."""
