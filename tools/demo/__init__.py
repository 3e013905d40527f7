"""The demonstration: a catalog, a portal and a shop, generated, started, wired and used. `make demo` plays it.

Everything happens in a temporary directory and with the commands that a user would type; each is shown before it runs.
Every answer is compared with what it has to be: the demonstration stops where a service does something else.
"""
