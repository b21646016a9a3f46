#!/bin/sh
# SPDX-License-Identifier: MIT
# The command line itself: help at each level, usage errors, where options come
# from, and what happens when the output cannot be written. Needs no HSM.
# shellcheck disable=SC2016,SC2094 # inner shells expand; mhsm reads no ./json
. "${0%/*}/../lib.sh"

cd "$work"
# What the person running the tests has set is not under test.
for name in $(env | sed -n 's/^\(MHSM_[A-Z_]*\)=.*/\1/p' | grep -v '^TEST_') \
    AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_AUTHORITY_HOST; do
    unset "$name"
done
: >none.cnf
export OPENSSL_CONF="$work/none.cnf"

# Help, at each level, on stdout.
check "mhsm --help" mhsm --help
output_has "  lists the commands" '^  key create '
output_has "  and the options of the client" '^  --endpoint URL'
output_has "  and the exit statuses" '^  6 +The input is damaged'
equal "  and is no wider than 79 columns" "$(awk 'length > 79' out)" ""
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z -]*[a-z]\)\(  .*\)\{0,1\}$/\1/p' out)
rows=$(cat "$TEST_SOURCE"/client/cli/commands_*.c | grep -cE "^ +cli_[a-z_]+\\},\$")
equal "  all of the tables" "$(printf '%s\n' "$commands" | wc -l | tr -d " ")" "$rows"
check "    and those are many" test "$rows" -ge 58
check "mhsm key --help" mhsm key --help
output_has "  lists its commands" '^  key purge '
output_has "  and those of the nouns below it" '^  key rotation-policy set'
check "mhsm key rotation-policy --help" mhsm key rotation-policy --help
equal "  lists its commands" "$(grep -c '^  key rotation-policy ' out)" 3
check "mhsm help key create" mhsm help key create
cp out create.help
check "mhsm key create --help" mhsm key create --help
equal "  is the same" "$(cat out)" "$(cat create.help)"
output_has "  and names the arguments" '^usage: mhsm key create \(--name NAME \| --id URI\)'
printf '%s\n' "$commands" >commands
while read -r line; do
    # shellcheck disable=SC2086 # words
    check "mhsm $line -h" mhsm $line -h
    output_has "  is about it" "^usage: mhsm $line( |\$)"
    equal "  and says nothing on stderr" "$(cat err)" ""
done <commands

# A pattern for a name as roff has it.
hyphens() {
    printf '%s' "$1" | sed 's/-/\\\\-/g'
}

# The manual pages come from the same tables: one, and one a noun.
pages=${TEST_COMMAND%/*}
nouns=$(sed -n 's/^\([a-z-]*\) .*/\1/p' commands | sort -u)
check "mhsm --man" mhsm --man
output_has "  is a manual page" '^\.TH MHSM 1'
cp out mhsm.1
for noun in $nouns; do
    output_has "  that points at mhsm-$noun(1)" "^\\.BR mhsm\\\\-$(hyphens "$noun") \\(1\\)"
done
for noun in $nouns; do
    check "mhsm --man $noun" mhsm --man "$noun"
    output_has "  is a manual page" "^\\.TH MHSM\\\\-$(hyphens "$noun" | tr a-z A-Z) 1"
    cp out "mhsm-$noun.1"
done
while read -r line; do
    page=mhsm-${line%% *}.1
    [ -f "$page" ] || page=mhsm.1
    cp "$page" out
    output_has "$page is about mhsm $line" "^\\.SS \"mhsm $(hyphens "$line")[ \"]"
done <commands
for page in mhsm*.1; do
    check "$page is the built page" cmp "$page" "$pages/$page"
    if command -v man >/dev/null; then
        equal "  that man reads without a warning" \
            "$(MANWIDTH=80 man --warnings=w -l "$page" 2>&1 >/dev/null)" ""
    fi
done
equal "no other page is built" "$(cd "$pages" && ls mhsm*.1)" "$(ls mhsm*.1)"

# Usage errors: exit 2, nothing on stdout, a pointer to the help.
usage_error() {
    name=$1
    pattern=$2
    shift 2
    expect_exit 2 "$name" mhsm "$@"
    errors_have "  says why" "$pattern"
    equal "  on stderr only" "$(cat out)" ""
}
usage_error "no command" 'which command' </dev/null
usage_error "a noun alone" 'key: which command' key
usage_error "an unknown command" 'unknown command key bogus' key bogus
errors_have "  points at the help" 'hint: see mhsm key --help'
usage_error "an unknown option" 'unknown option --frob' key list --frob
usage_error "an abbreviated option" 'unknown option --outp' key list --outp json
usage_error "an option of another command" 'unknown option --kty' key list --kty RSA
usage_error "an option before its command" 'come after it' --name k key show
usage_error "a missing value" '--name needs a value' key show --name
usage_error "a flag with a value" '--yes takes no value' key delete --yes=1
usage_error "a value that is no choice" 'one of table' key list -o xml
usage_error "an option twice" '--name is given twice' key show --name a --name b
usage_error "an option of the client twice" '--timeout is given twice' key list --timeout 1s --timeout 2s
usage_error "a word too many" 'unexpected word two' sign --name k one two
usage_error "a required option missing" '--signature is missing' verify --name k
usage_error "two inputs" 'only one input' sign --name k --in a b
usage_error "no HSM" 'endpoint' key list
usage_error "a malformed HSM" '--hsm' key list --hsm 'https://a b'
usage_error "an HSM outside Azure by --id" 'mhsm|host' key show --id https://example.com/keys/k
# Nobody is there: a command that goes on in spite of its error fails.
export MHSM_ENDPOINT=https://localhost:1 MHSM_IMDS_ENDPOINT=http://127.0.0.1:1
usage_error "no key" 'give --name or --id' key show
usage_error "--id and --name" '--id says it all' key show --id mhsm:k --name k
usage_error "--id of no key" 'names no key' key show --id mhsm:
usage_error "a version where keys are meant" 'key as a whole' key delete --yes \
    --id mhsm:k/0123456789abcdef0123456789abcdef
usage_error "a bad key name" 'k_1' key show --name k_1
usage_error "a bad type" '--kty DSA' key create --name k --kty DSA
usage_error "a size for EC" '--size is for' key create --name k --kty EC --size 256
usage_error "a curve for RSA" '--curve is for EC' key create --name k --curve P-256
usage_error "a bad curve" '--curve P-224' key create --name k --kty EC --curve P-224
usage_error "a bad operation" '--ops: fly' key create --name k --ops sign,fly
usage_error "an empty operation" '--ops' key create --name k --ops sign,
usage_error "a bad number" '--size 2e3' key create --name k --size 2e3
usage_error "a bad tag" 'NAME=VALUE' key create --name k --tags x
for time in yesterday 2026-02-30 2026-13-01 2026-01-01T25:00:00Z -5 2026 99999999999999 \
    2026-01-01T00:00:00+25:00 '2026-01-01T00:00:00Z '; do
    usage_error "the time '$time'" "--expires" key create --name k --expires "$time"
done
usage_error "an end before the beginning" 'not after' key create --name k \
    --not-before 2026-02-01 --expires 2026-01-31T23:59:59Z
usage_error "a count of 0" '--count 0' random --count 0
usage_error "a count too large" '--count 1048577' random --count 1048577
usage_error "two JSON wishes" 'contradict' random -o json --format hex
usage_error "deleting without a terminal" '--yes is needed' key delete --name k </dev/null
usage_error "purging without a terminal" '--yes is needed' key purge --name k </dev/null
usage_error "both inputs from stdin" 'both be standard input' verify --name k --signature -
check "--yes is not needed for help" mhsm key delete --help

# JSON errors are one object on stderr.
expect_exit 2 "an error in JSON" mhsm -o json key bogus
equal "  has the members it should" \
    "$(jq -r '.error | [.status, .exitStatus, .message] | join("|")' err)" \
    'argument|2|unknown command key bogus'

# Options: default < openssl.cnf < environment < command line.
shown() {
    mhsm config show -o tsv "$@" | awk -F '\t' '$1 == "retries" { print $2 "|" $3 }'
}
check "config show" mhsm config show
output_has "  has a header" '^Option +Value +Origin$'
output_has "  and secrets as references" '^client-secret +env:AZURE_CLIENT_SECRET +default$'
output_has "  and the command's own time-out" '^timeout +60s +default$'
equal "the default" "$(shown)" '3|default'
cat >own.cnf <<'TEXT'
openssl_conf = start
[start]
providers = list
[list]
default = plain
other = ours
[plain]
activate = 1
[ours]
identity = mhsm
module = ${ENV::PWD}/mhsm.so
activate = 1
1.retries = 4
TEXT
export OPENSSL_CONF="$work/own.cnf"
equal "openssl.cnf" "$(shown)" "4|$work/own.cnf [ours]"
export MHSM_RETRIES=5
equal "environment" "$(shown)" '5|variable MHSM_RETRIES'
equal "command line" "$(shown --retries 6)" '6|command line'
equal "command line, with =" "$(shown --retries=7)" '7|command line'
AZURE_TENANT_ID=contoso mhsm config show -o json >json
equal "an alias is named as such" \
    "$(jq -r '.[] | select(.option == "tenant-id") | .value + "|" + .origin' json)" \
    'contoso|variable AZURE_TENANT_ID'
equal "what is unset is null" \
    "$(jq -r '.[] | select(.option == "proxy") | .value | tojson' json)" null
equal "no secret is shown" \
    "$(AZURE_CLIENT_SECRET=hush mhsm config show -o json | grep -c hush || :)" 0
unset MHSM_RETRIES
usage_error "a secret as a value" 'client-secret' config show --client-secret hunter2
if grep -q hunter2 err; then fail "  and does not repeat it" err; else pass "  and does not repeat it"; fi
usage_error "a bad value" 'retries.*99.*command line' config show --retries 99
MHSM_NO_SUCH=1 usage_error "an unknown variable" 'MHSM_NO_SUCH' config show
sed 's/1.retries/retreis/' own.cnf >bad.cnf
OPENSSL_CONF="$work/bad.cnf" usage_error "an unknown option in openssl.cnf" \
    'bad.cnf, section ours.*retreis' config show
printf '[open\n' >bad.cnf
OPENSSL_CONF="$work/bad.cnf" usage_error "a malformed openssl.cnf" 'bad.cnf, line 1' config show
OPENSSL_CONF="$work/missing.cnf" check "a missing openssl.cnf is none" mhsm config show
printf 'openssl_conf = start\n[start]\nproviders = list\n' >bad.cnf
OPENSSL_CONF="$work/bad.cnf" check "one without our section configures nothing" mhsm config show

# Output that cannot be written is a failure.
expect_exit 1 "a full disk" sh -c '"$TEST_COMMAND" version >/dev/full'
errors_have "  is told" 'cannot write standard output: No space left'
expect_exit 1 "a closed pipe" sh -c '
    { "$TEST_COMMAND" config show; echo $? >code; } | true
    sleep 0.1
    exit "$(cat code)"'
expect_exit 1 "a closed stdout" sh -c '"$TEST_COMMAND" version >&-'
check "a closed stdin" sh -c '"$TEST_COMMAND" version <&-'

# Raw octets are not written to a terminal.
if command -v script >/dev/null; then
    expect_exit 2 "octets to a terminal" script -qec "'$TEST_COMMAND' random" /dev/null </dev/null
    output_has "  are refused" 'garble the terminal'
fi

finish
