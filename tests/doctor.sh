# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by the scripts in apps/ that ask mhsm doctor: what it found, of the
# JSON that was left in the file json.

. "${0%/*}/../lib.sh"

# No proxy and no openssl.cnf of the machine's has a say.
doctor_alone() {
    : >none.cnf
    export OPENSSL_CONF="$work/none.cnf"
    unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy \
        NO_PROXY
}

# result STEP RESULT, finds STEP MARK PATTERN: in the JSON; the text says it,
# too.
result() {
    equal "  $1 is $2" \
        "$(jq -r ".steps[] | select(.step == \"$1\") | .result" json)" "$2"
}
finds() {
    if jq -e --arg step "$1" --arg mark "$2" --arg text "$3" '
        [.steps[] | select(.step == $step) | .findings[]
         | select(.mark == $mark)
         | select([.saw, .means, .next] | join(" ") | test($text))]
        | length > 0' json >seen; then
        pass "  $1 says: $3"
    else
        fail "  $1 says: $3" json
    fi
}
