"""Quotes: what a customer asks a price for, what the house offers, and what both are bound to afterwards."""
