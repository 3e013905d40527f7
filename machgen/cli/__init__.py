"""The command line: the one place that prints and decides exit codes.

0    done, nothing to report
1    the answer is no: findings, drift, conflicts left to resolve
2    the request is wrong: an unknown template, a bad answer, a refused target
3    the surroundings failed: git missing, disk full, network gone
70   a defect of machgen itself (EX_SOFTWARE of sysexits.h)
130  interrupted (128 + SIGINT); 129 and 143 alike for SIGHUP and SIGTERM
141  whoever read the output went away (128 + SIGPIPE)
"""

COLLECTED_AFTER = 100_000
"""Objects that come and go before Python looks for garbage: a command lives for a second and makes hardly any."""


def program() -> None:
    """Be the `machgen` command: do what `main` does, and leave at once.

    Python would take all apart that it has loaded, which the end of the process does by itself: 5 ms of every command.
    """
    try:
        main()
    except SystemExit as ended:
        from machgen.cli.boundary import leave  # noqa: PLC0415 - as in `main`

        leave(int(ended.code or 0))


def main() -> None:
    """Run the `machgen` command and end the process."""
    try:
        # inside, as an interrupt while these load is an interrupt too
        import gc  # noqa: PLC0415 - see above
        import sys  # noqa: PLC0415 - see above

        from machgen.cli.boundary import catch_signals, ignore_signals, run  # noqa: PLC0415 - see above

        gc.set_threshold(COLLECTED_AFTER)
        catch_signals()
        code = run(sys.argv[1:])
        ignore_signals()
        gc.freeze()  # the end of the process gives everything back at once; nobody looks through it for garbage before
    except KeyboardInterrupt as error:  # before anything was begun, or after all was said
        code = 128 + getattr(error, "signal", 2)
    raise SystemExit(code)
