"""Invitations: how people become members. Each can be used once, for a while."""
