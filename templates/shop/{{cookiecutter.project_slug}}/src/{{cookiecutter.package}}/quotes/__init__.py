"""Price quotes: what articles cost the caller now, as a touchpoint must show it."""
