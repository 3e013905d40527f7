"""The command line. Loaded lazily: see `machgen.cli.commands`."""


def main() -> None:
    """Run the `machgen` command."""
    raise SystemExit(2)
