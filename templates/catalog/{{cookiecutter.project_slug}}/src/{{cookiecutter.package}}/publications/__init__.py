"""Publications: what touchpoints see of a product, frozen at a moment, for some channels and some time."""
