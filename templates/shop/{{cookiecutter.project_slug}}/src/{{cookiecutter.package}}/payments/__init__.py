"""Payments: what a payment provider was asked for an order, and what came of it."""
