"""Privacy: everything that is known about a person, for the person; and how a person is forgotten."""
