#!/bin/sh
# Installs the independent validators into .tools/ at the root of this repository, as locked; again only when a lock changed.
# usage: tests/templates/validators/install.sh [--soak]     (--soak adds checkov, 194 MB)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
tools="$root/.tools"
python=${PYTHON:-python3}
mkdir -p "$tools"

# install_python NAME LOCK: a virtual environment of its own, so that no pin of a validator binds the tool under test
install_python() {
    stamp="$tools/$1/.installed-$(cksum < "$2" | tr ' ' '-')"
    [ -e "$stamp" ] && return
    rm -rf "${tools:?}/$1"
    "$python" -m venv "$tools/$1"
    "$tools/$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$2"
    touch "$stamp"
}

install_node() {
    stamp="$tools/node/.installed-$(cksum < "$here/package-lock.json" | tr ' ' '-')"
    [ -e "$stamp" ] && return
    rm -rf "${tools:?}/node"
    mkdir "$tools/node"
    cp "$here/package.json" "$here/package-lock.json" "$tools/node/"
    npm ci --prefix "$tools/node" --ignore-scripts --no-audit --no-fund --loglevel=error
    touch "$stamp"
}

install_python python "$root/requirements/validators.txt"
install_node
if [ "${1:-}" = --soak ]; then
    install_python checkov "$root/requirements/checkov.txt"
fi
