"""Product types: which attributes the products of a kind have, and which values they may take."""
