"""`python -m machgen`: the same as the `machgen` command."""

from machgen.cli import main

if __name__ == "__main__":
    main()
