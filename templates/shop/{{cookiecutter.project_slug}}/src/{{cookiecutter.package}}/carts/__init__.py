"""Carts: what somebody is about to buy, with the prices they were shown."""
