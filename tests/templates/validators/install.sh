#!/bin/sh
# Installs the independent validators, as locked; what is there already stays, until its lock changes.
# usage: tests/templates/validators/install.sh [--soak] [DIRECTORY]
#   --soak      checkov too (194 MB)
#   DIRECTORY   where to; default: .tools at the root of this repository
# MACHGEN_PYTHON is the Python to make environments with; default: python3.
set -eu

soak=no
if [ "${1:-}" = --soak ]; then
    soak=yes
    shift
fi
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
tools=${1:-"$root/.tools"}
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)
python=${MACHGEN_PYTHON:-python3}

# Only after a whole installation is there a stamp, so a broken one is begun again.
stamp() {
    echo "$tools/$1/.installed-$(cksum < "$2" | tr ' ' '-')"
}

# install_python NAME LOCK: an environment of its own, so that no pin of a validator binds the tool under test
install_python() {
    [ ! -e "$(stamp "$1" "$2")" ] || return 0
    echo "installing $tools/$1" >&2
    rm -rf "${tools:?}/$1"
    "$python" -m venv --without-pip "$tools/$1"
    sh "$root/tools/install.sh" "$tools/$1/bin/python" "$2" "$python"
    touch "$(stamp "$1" "$2")"
}

install_node() {
    [ ! -e "$(stamp node "$here/package-lock.json")" ] || return 0
    if ! command -v npm > /dev/null; then
        echo "npm is not there: redocly, spectral and Backstage's catalog model are left out, their tests are skipped" >&2
        return 0
    fi
    echo "installing $tools/node" >&2
    rm -rf "${tools:?}/node"
    mkdir "$tools/node"
    cp "$here/package.json" "$here/package-lock.json" "$tools/node/"
    npm ci --prefix "$tools/node" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    touch "$(stamp node "$here/package-lock.json")"
}

install_python python "$root/requirements/validators.txt"
install_node
if [ "$soak" = yes ]; then
    install_python checkov "$root/requirements/checkov.txt"
fi
