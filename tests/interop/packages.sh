#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs Microsoft's clients and their local blob store, in the versions that
# the files beside this script name, into a folder: az, python, javascript and
# azurite. What is there already in those versions stays.
set -eu

usage() {
    echo "usage: tests/interop/packages.sh FOLDER"
}

[ $# -eq 1 ] || {
    usage >&2
    exit 2
}
case $1 in
-h | --help)
    usage
    exit 0
    ;;
esac

here=$(cd "${0%/*}" && pwd)
mkdir -p "$1"
into=$(cd "$1" && pwd)

# One at a time: two test runs may share a folder.
exec 9>"$into/lock"
flock 9

trap 'code=$?
    [ $code -eq 0 ] ||
        echo "packages.sh: PyPI and npm are needed; ctest -LE interop does without" >&2
    exit $code' EXIT

# current NAME FILE...: whether NAME was installed whole from these files.
current() {
    name=$1
    shift
    sum=$(cat "$@" | cksum)
    [ "$(cat "$into/$name/.installed" 2>/dev/null)" = "$sum" ] && return 0
    echo "Installing: $name" >&2
    rm -rf "${into:?}/$name"
    return 1
}

# environment NAME: a virtual environment of Python with what NAME.txt lists.
environment() {
    current "$1" "$here/$1.txt" && return 0
    python3 -m venv "$into/$1"
    "$into/$1/bin/pip" install --quiet --disable-pip-version-check --no-deps \
        -r "$here/$1.txt"
    "$into/$1/bin/pip" check >&2
    echo "$sum" >"$into/$1/.installed"
}

# The folder of a node that the SDKs run on: the system's when it is new enough.
node_folder() {
    if [ "$(node -p 'parseInt(process.versions.node) >= 20' 2>/dev/null)" = true ] &&
        command -v npm >/dev/null 2>&1; then
        dirname "$(command -v node)"
    else
        environment node
        echo "$into/node/bin"
    fi
}

# modules NAME FOLDER: a folder of node_modules, and the node that runs them.
modules() {
    current "$1" "$2/package.json" "$2/package-lock.json" && return 0
    PATH=$(node_folder):$PATH
    mkdir "$into/$1"
    cp "$2/package.json" "$2/package-lock.json" "$into/$1"
    (
        cd "$into/$1"
        npm ci --silent --no-audit --no-fund --ignore-scripts >&2
    )
    ln -s "$(command -v node)" "$into/$1/node"
    echo "$sum" >"$into/$1/.installed"
}

environment az
environment python
modules javascript "$here"
modules azurite "$here/azurite"
