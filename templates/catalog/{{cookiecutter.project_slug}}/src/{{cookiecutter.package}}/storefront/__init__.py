"""What touchpoints read: public, cacheable, and only what is published, in the assortment and in its time."""
