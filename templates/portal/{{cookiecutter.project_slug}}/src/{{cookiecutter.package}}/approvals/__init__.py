"""Approvals: who has to agree before a unit spends money, and who has."""
