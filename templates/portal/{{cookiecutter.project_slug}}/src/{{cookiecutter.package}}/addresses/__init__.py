"""Addresses: where a business unit gets its goods and its invoices."""
