"""Full text search over what is published: one port, and what each database has for it."""
