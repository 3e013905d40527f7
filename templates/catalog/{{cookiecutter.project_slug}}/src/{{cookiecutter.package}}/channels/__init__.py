"""Channels: the touchpoints of the company, their languages and currency."""
