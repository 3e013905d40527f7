"""Accounts: what the portal tells about those that buy."""
