#!/bin/sh
# SPDX-License-Identifier: MIT
# Every C file is as clang-format would write it; every script passes
# the shell checker; no private key lies about.
set -eu
cd "$MHSM_TEST_SOURCE"

find client provider tests -name '*.[ch]' | sort | xargs clang-format --dry-run -Werror
find tests .ci -name '*.sh' -o -path .ci/run | sort | xargs shellcheck -x -S warning -e SC1091,SC2154,SC2164
if grep -rlE -e '-----BEGIN ([A-Z]+ )?PRIVATE KEY-----$' client provider tests; then
    echo "a private key in PEM" >&2
    exit 1
fi
