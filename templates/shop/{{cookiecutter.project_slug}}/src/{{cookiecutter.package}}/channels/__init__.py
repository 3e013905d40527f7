"""Channels: the touchpoints that sell, and on what terms."""
