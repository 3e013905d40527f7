"""Measurements behind `make bench`: never a timed assertion in a test."""
