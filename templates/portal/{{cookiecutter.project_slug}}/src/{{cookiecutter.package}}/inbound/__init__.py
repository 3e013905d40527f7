"""Inbound events: what the shop and the ERP tell, taken once and in whatever order it comes."""
