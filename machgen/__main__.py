"""`python -m machgen`: the same as the `machgen` command."""

from machgen.cli import program

if __name__ == "__main__":
    program()
