#!/bin/bash
# SPDX-License-Identifier: MIT
# The table of what the walks saw: a line a step, a column a client. A step that
# steps.txt expects of a client and that it did not tell of is a failure too.
set -eu
here=$(cd "${0%/*}" && pwd)

: "${TEST_BUILD:?run this by ctest, or name the build directory}"
mkdir -p "$TEST_BUILD/interop/results"
cd "$TEST_BUILD/interop/results"
for client in az python javascript domain; do
    [ -e "$client" ] || {
        echo "table.sh: the walk of $client left no results; run interop_$client" >&2
        exit 1
    }
done

awk -F '\t' '
    BEGIN {
        count = split("az python javascript mhsm", clients, " ")
        line = sprintf("%-32s", "step")
        for (i = 1; i <= count; i++) line = line sprintf("%-11s", clients[i])
        print line
    }
    NR == FNR {
        if ($0 ~ /^#|^$/) next
        order[++steps] = $1
        for (i = 1; i <= count; i++) expected[$1, clients[i]] = $2 ~ "(^| )" clients[i] "( |$)"
        next
    }
    { seen[$3, $2] = $1; if (!(($3, "az") in expected)) strange[$3] = 1 }
    END {
        for (s = 1; s <= steps; s++) {
            line = sprintf("%-32s", order[s])
            for (i = 1; i <= count; i++) {
                if ((order[s], clients[i]) in seen) cell = seen[order[s], clients[i]]
                else cell = expected[order[s], clients[i]] ? "MISSING" : "-"
                if (cell != "-") total++
                if (cell != "PASS" && cell != "-") wrong++
                line = line sprintf("%-11s", cell)
            }
            print line
        }
        for (s in strange) { print "not in steps.txt: " s; wrong++ }
        printf "%d cells, %d not PASS\n", total, wrong
        exit wrong != 0 || total == 0
    }' "$here/steps.txt" az python javascript domain
