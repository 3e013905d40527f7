"""Where a wheel carries the built-in templates: their sources, and each composed and lowered as a module.

Empty in a checkout; the build fills it (see `machgen.bundle` and `hatch_build.py`).
"""
