"""Inbound events: what the portal tells, taken once and in whatever order it comes."""
