"""Prices: lists, and the engine that says what something costs, and why."""
