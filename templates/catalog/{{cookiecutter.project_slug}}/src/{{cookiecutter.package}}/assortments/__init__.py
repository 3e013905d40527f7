"""Assortments: which products a channel may see, and when."""
