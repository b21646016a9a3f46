#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds everything with the sanitizers on and runs every test.
set -eu

usage() {
    cat <<'TEXT'
usage: tests/run.sh [--preset PRESET] [CTEST OPTION...]

Installs the Debian packages that are missing, builds a preset of
CMakePresets.json and runs its tests.

  --preset PRESET  dev (gcc with the address and undefined-behaviour
                   sanitizers; the default), dev-clang, tsan, valgrind, coverage,
                   release
  -h, --help       this text

Everything else goes to ctest: -R REGEX picks tests, -N lists them.
TEXT
}

preset=dev
case "${1-}" in
-h | --help)
    usage
    exit 0
    ;;
--preset)
    [ $# -ge 2 ] || {
        usage >&2
        exit 2
    }
    preset=$2
    shift 2
    ;;
esac

cd "$(dirname "$0")/.."
./tests/packages.sh test
cmake --preset "$preset"
cmake --build --preset "$preset"
ctest --preset "$preset" -j "$(nproc)" "$@"
