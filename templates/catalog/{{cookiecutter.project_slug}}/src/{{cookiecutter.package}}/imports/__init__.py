"""Imports: many products at once, from a file of another system."""
