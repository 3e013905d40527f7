#!/bin/sh
# Installs a lock with hashes into an environment: by uv, in a tenth of pip's time, and by pip where there is no uv,
# where uv cannot, or where pip is told of an index or a proxy, since uv reads nothing of pip's configuration.
# usage: tools/install.sh PYTHON LOCK [UV]
#   PYTHON   the environment's Python
#   LOCK     the requirements
#   UV       a Python that may have uv and pip; default: PYTHON
set -eu

python=$1 lock=$2 installer=${3:-"$1"}
if "$installer" -m uv --version > /dev/null 2>&1 &&
    ! "$installer" -m pip config list | grep -E '[.](index-url|no-index|proxy)=' > /dev/null; then
    "$installer" -m uv pip install --quiet --python "$python" --require-hashes --requirement "$lock" && exit 0
    echo "uv could not install $lock: pip does it" >&2
fi
"$installer" -m pip --python "$python" install -qq --disable-pip-version-check --require-hashes --requirement "$lock"
