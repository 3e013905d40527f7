"""The overview: everything that a touchpoint needs for the signed-in person, in one call."""
