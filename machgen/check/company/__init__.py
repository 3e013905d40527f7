"""Rules that a company adds: declared in YAML, or written in Python and trusted like a hook."""
