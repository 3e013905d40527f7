"""Devices: products that are connected, what the house knows of them, and what they tell about themselves."""
