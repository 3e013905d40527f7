#!/bin/bash
# Brings up a Docker engine on a Debian 12 machine that has neither systemd nor an image registry, for the tests marked "docker".
#   tests/templates/validators/engine.sh start DIRECTORY    prints the variables to export
#   tests/templates/validators/engine.sh stop DIRECTORY
# It needs root, apt, and a CPython 3.13 tree (PYTHON_TREE, such as ~/.pyenv/versions/3.13.0) to make a base image of.
set -euo pipefail

engine_packages=(docker.io containerd docker-cli docker-buildx)
# Debian 12's own docker.io is too old for today's Dockerfiles; its runc and iptables are not.
engine_suite=trixie
image=machgen/python:3.13-bookworm

unpack_engine() {
    local apt="$home/apt"
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$home/debs"
    # the mirror that this machine has for its own packages has the newer suite too
    local mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep --max-count=1 '/debian/$')
    echo "deb $mirror $engine_suite main" > "$apt/sources.list"
    local options=(-qq -o "Dir::State=$apt/state" -o "Dir::Cache=$apt/cache" -o "Dir::Etc::sourcelist=$apt/sources.list"
        -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update
    (cd "$home/debs" && apt-get "${options[@]}" download "${engine_packages[@]}")
    for deb in "$home"/debs/*.deb; do
        dpkg-deb --extract "$deb" "$home/root"
    done
    apt-get -qq install --yes --no-install-recommends runc iptables debootstrap > /dev/null
}

start_engine() {
    PATH="$home/root/usr/bin:$home/root/usr/sbin:/usr/sbin:/sbin:$PATH" setsid dockerd \
        --host "unix://$home/docker.sock" --pidfile "$home/docker.pid" --exec-root "$home/exec" --data-root "$home/data" \
        --bridge=none --iptables=false --ip6tables=false > "$home/dockerd.log" 2>&1 < /dev/null &
    for _ in $(seq 100); do
        docker info > /dev/null 2>&1 && return
        sleep 0.2
    done
    tail -n 20 "$home/dockerd.log" >&2
    exit 3
}

# The nearest thing to the official python image that can be made without a registry: Debian slim and CPython in /usr/local.
make_base_image() {
    docker image inspect "$image" > /dev/null 2>&1 && return
    local tree=${PYTHON_TREE:?set it to the directory of a CPython 3.13, such as ~/.pyenv/versions/3.13.0}
    debootstrap --variant=minbase \
        --include=ca-certificates,libbz2-1.0,libffi8,liblzma5,libncursesw6,libreadline8,libsqlite3-0,libssl3,libuuid1,zlib1g \
        bookworm "$home/base" > "$home/debootstrap.log"
    cp -a "$tree/." "$home/base/usr/local/"
    rm -rf "$home/base/usr/local/lib/python3.13/test" "$home/base"/var/cache/apt/archives/*.deb "$home/base"/var/lib/apt/lists/*
    cp /etc/ssl/certs/ca-certificates.crt "$home/base/etc/ssl/certs/ca-certificates.crt"
    chroot "$home/base" /sbin/ldconfig
    tar --create --directory "$home/base" . | docker import --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' - "$image" > /dev/null
    rm -rf "$home/base"
}

[ $# = 2 ] || { sed -n '2,5p' "$0" >&2; exit 2; }
mkdir -p "$2"
home=$(cd "$2" && pwd)
export DOCKER_HOST="unix://$home/docker.sock"
case $1 in
start)
    [ -x "$home/root/usr/sbin/dockerd" ] || unpack_engine
    docker info > /dev/null 2>&1 || start_engine
    make_base_image
    # Whatever docker command is called finds BuildKit's plugin among the unpacked packages.
    mkdir -p "$home/config"
    echo "{\"cliPluginsExtraDirs\": [\"$home/root/usr/libexec/docker/cli-plugins\"]}" > "$home/config/config.json"
    echo "export DOCKER_HOST=$DOCKER_HOST DOCKER_CONFIG=$home/config MACHGEN_PYTHON_IMAGE=$image"
    ;;
stop)
    [ ! -e "$home/docker.pid" ] || kill "$(cat "$home/docker.pid")"
    ;;
*)
    echo "unknown command $1: start or stop" >&2
    exit 2
    ;;
esac
