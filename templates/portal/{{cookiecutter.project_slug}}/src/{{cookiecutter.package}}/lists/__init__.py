"""Shopping lists: what a person orders again and again, alone or together with the unit."""
