#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds optimised and prints what operations cost, as ratios against a floor
# of the same run. Machines are noisy: read the ratios, not the rates.
set -eu

case "${1-}" in
-h | --help)
    echo "usage: tests/bench/run.sh [--json] [--row N] [SIGNATURES]"
    echo "  --json  one object a line: name, threads, latency_ms, ratio,"
    echo "          cpu_ratio, new_connections"
    echo "  --row N only that row of the table"
    exit 0
    ;;
esac
cd "$(dirname "$0")/../.."
./tests/packages.sh build >&2
cmake --preset release >&2
cmake --build --preset release >&2
build=$PWD/build/release
export TEST_EMULATOR="$build/tests/emulator/mhsm-emulator"
export TEST_MODULES="$build/provider"
exec "$build/tests/bench/bench_sign" "$@"
