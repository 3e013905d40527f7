"""Pin every requirements/*.in with hashes, for all supported Pythons and platforms, without registry addresses.

`make lock` runs it; `--upgrade` takes the newest versions, otherwise what is pinned stays where it still fits.
"""

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path("requirements")
ALSO_PROJECT = {"dev.in", "bench.in"}
"""What is pinned together with machgen's own dependencies."""


def main() -> int:
    """Compile each input; return the process's exit code."""
    for source in sorted(REQUIREMENTS.glob("*.in")):
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--no-strip-extras"]
        command += ["--no-emit-find-links", *sys.argv[1:], str(source)]
        command += ["pyproject.toml"] if source.name in ALSO_PROJECT else []
        done = subprocess.run([*command, "-o", str(source.with_suffix(".txt"))], check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
