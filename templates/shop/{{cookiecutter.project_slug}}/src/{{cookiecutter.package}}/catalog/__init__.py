"""The catalog, as the shop knows it: what an article is called, and what must be known to price and tax it."""
