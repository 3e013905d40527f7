"""Privacy: everything that is known about a buyer, for the buyer; and how a buyer is forgotten."""
