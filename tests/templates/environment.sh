#!/bin/sh
# One environment for all generated services: each one's lock is installed once into .tools/services, where their own
# Makefile finds it (`make test VENV=…`) by the stamp that is named after the lock.
# Compiled at once, as many processes begin with it at the same time.
# usage: tests/templates/environment.sh PYTHON
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
environment="$root/.tools/services"
test -x "$environment/bin/python" || "$1" -m venv "$environment"
for lock in "$root"/templates/*/*/requirements/dev.txt; do
    stamp="$environment/.installed-$(cksum < "$lock" | tr ' ' '-')"
    [ -e "$stamp" ] && continue
    UV_COMPILE_BYTECODE=1 sh "$root/tools/install.sh" "$environment/bin/python" "$lock" "$1"
    touch "$stamp"
done
