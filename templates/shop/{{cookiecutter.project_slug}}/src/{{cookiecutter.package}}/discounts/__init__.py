"""Discounts: rules that lower a price, with priority, stacking and budget."""
