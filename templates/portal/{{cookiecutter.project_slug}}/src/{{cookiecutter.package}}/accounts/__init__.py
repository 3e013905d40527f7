"""Accounts: the customers, persons and companies. Each has a business unit of its own, the top of its tree."""
