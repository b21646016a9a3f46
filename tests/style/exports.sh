#!/bin/sh
# SPDX-License-Identifier: MIT
# The module exports its one entry point; the library exports what its headers
# declare, and nothing more.
set -eu
cd "$TEST_SOURCE"

# Sanitizers and coverage add symbols of their own.
symbols() {
    nm -D --defined-only "$1" | awk '{ sub(/@.*/, "", $3); print $3 }' |
        grep -Ev '^(__|_?mangle|MHSM_0$)' | sort -u
}

module=$(symbols "$TEST_MODULE")
if [ "$module" != OSSL_provider_init ]; then
    echo "mhsm.so exports: $module" >&2
    exit 1
fi

library=$TEST_BUILD/client/libmhsm.so
symbols "$library" >"${TMPDIR-/tmp}/exports.$$"
trap 'rm -f "${TMPDIR-/tmp}/exports.$$"' EXIT
declared=$(cat client/include/mhsm/*.h client/include/mhsm/*.h.in |
    tr '\n' ' ' | grep -oE 'MHSM_API [^;{]*' |
    grep -oE '[a-z_0-9]+ *\(' | grep -oE '^mhsm_[a-z_0-9]+' | sort -u)
if ! echo "$declared" | diff - "${TMPDIR-/tmp}/exports.$$"; then
    echo "^ left: declared in the headers; right: exported by libmhsm.so" >&2
    exit 1
fi
echo "$(echo "$declared" | wc -l) functions, one entry point"
