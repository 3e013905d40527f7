"""Guests: buyers who have not signed in."""
