"""Cases: what a customer needs help with, and what was said about it."""
