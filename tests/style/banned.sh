#!/bin/sh
# SPDX-License-Identifier: MIT
# Functions that have no place here, and the few files where some have.
set -eu
cd "$TEST_SOURCE"

bad=0
# ban NAMES WHERE [EXCEPT]: NAMES is an alternation, WHERE folders, EXCEPT a
# pattern of paths.
ban() {
    # shellcheck disable=SC2086 # a list of folders
    if find $2 -name '*.[ch]' | grep -Ev "${3-^$}" | sort |
        xargs awk -v names="$1" '
            # Comments name functions freely.
            { line = $0
              gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
              while (match(line, /\/\*[^*]*\*\//))
                  line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
              if (line ~ /^[ \t]*(\*|\/\*)/) next
              sub(/\/\*.*/, "", line)
              if (line ~ "(^|[^A-Za-z0-9_])(" names ")[ \t]*\\(") {
                  print FILENAME ":" FNR ": " $0; found = 1 } }
            END { exit found ? 0 : 1 }'; then
        echo "  ^ not allowed here: $1"
        bad=1
    fi
}

everywhere="client provider tests"
ban 'strcpy|stpcpy|strcat|strncat|sprintf|vsprintf|strtok|gets|atoi|atol|atof|alloca|tmpnam|mktemp|rand|srand' "$everywhere"
ban 'system|popen' "$everywhere"
# In a Turkish locale they take I and i for different letters.
ban 'strcasecmp|strncasecmp|strcasestr' "client provider"
ban 'getenv|secure_getenv|setenv|putenv' "client provider" '^client/base/config\.c$'
ban 'printf|puts|putchar' "client provider" '^client/cli/'
ban 'fprintf|vfprintf|perror' "client provider" '^client/(cli/|base/log\.c)'
ban 'abort|exit|_exit' "client provider" '^client/cli/'
ban 'curl_global_cleanup|EVP_set_default_properties|RAND_seed' "$everywhere" '^tests/'
# Secrets are compared by CRYPTO_memcmp; these two compare public encodings.
ban 'memcmp' "provider" '^provider/(alg|der)\.c$'

# A file of ours says under which terms it comes.
for file in $(find client provider tests -name '*.[ch]' -o -name '*.sh' -o -name 'CMakeLists.txt' | sort); do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT' || {
        echo "$file: no licence line"
        bad=1
    }
done
[ "$bad" -eq 0 ]
