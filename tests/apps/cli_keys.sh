#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm key: the whole life of keys, in the three forms of output.
# shellcheck disable=SC2119 # emulator_start takes options of the emulator
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
tab=$(printf '\t')

# Create, with everything.
check "an RSA key by default" mhsm key create --name plain
output_has "  is RSA-HSM" '^Type: +RSA-HSM$'
output_has "  of 2048 bits" '^Size: +2048$'
output_has "  enabled" '^Enabled: +yes$'
for size in 2048 3072 4096; do
    check "RSA $size" mhsm key create -n "rsa$size" --kty RSA-HSM --size $size -o json
    equal "  has its size" "$(jq -r '.key.n | length' out)" $(((size + 4) / 6))
done
for curve in P-256 P-384 P-521 P-256K; do
    check "EC $curve" mhsm key create -n "ec-$curve" --kty ec --curve $curve -o json
    equal "  has its curve" "$(jq -r '.key.crv' out)" $curve
done
check "EC by OpenSSL's name of the curve" mhsm key create -n named --kty EC --curve secp384r1 -o json
equal "  is P-384" "$(jq -r '.key.crv' out)" P-384
check "oct" mhsm key create -n oct --kty oct --size 192 -o json
equal "  is oct-HSM" "$(jq -r '.key.kty' out)" oct-HSM
check "all attributes" mhsm key create -n full --kty EC --ops sign --disabled \
    --not-before 2026-01-31 --expires 2030-01-31T12:00:00+01:00 \
    --tags team=blue --tags 'note=a=b,c d' --tags 'empty=' -o json
equal "  are as given" "$(jq -cS '[.key.key_ops, .attributes.enabled, .attributes.nbf, .attributes.exp, .tags]' out)" \
    '[["sign"],false,1769817600,1896087600,{"empty":"","note":"a=b,c d","team":"blue"}]'
check "Unix seconds" mhsm key create -n unix --kty EC --expires 1896087600 -o tsv
equal "  are shown as ISO 8601" "$(cut -f 10 out)" 2030-01-31T11:00:00Z
expect_exit 1 "an exportable key without a policy" mhsm key create -n exp --exportable
errors_have "  is the service's refusal" 'release policy'
expect_exit 2 "a size that there is not" mhsm key create -n odd --size 1024
tags=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do tags="$tags --tags t$i=$i"; done
# shellcheck disable=SC2086 # words
expect_exit 2 "16 tags" mhsm key create -n tags $tags
expect_exit 2 "one tag twice" mhsm key create -n tags --tags a=1 --tags ab=2 --tags a=3
errors_have "  is refused by name" 'the tag a is given twice'
expect_exit 2 "a tag that is no UTF-8" mhsm key create -n tags --tags "a=$(printf 'caf\351')"
errors_have "  is refused" 'tag 1 is no UTF-8'

# Show: the service's own JSON, tsv with its columns, a record for people.
check "show" mhsm key show -n full
output_has "  tells the tags" '^Tags: +empty=, note=a=b,c d, team=blue$'
output_has "  and the URI" "^URI: +mhsm://localhost:[0-9]+/keys/full/[0-9a-f]{32}\$"
check "show in tsv" mhsm key show -n full -o tsv
equal "  has 11 columns" "$(awk -F '\t' '{ print NF }' out)" 11
equal "  and these" "$(cut -f 1,3-6,9,10 out)" \
    "full${tab}EC-HSM${tab}P-256${tab}no${tab}sign${tab}2026-01-31T00:00:00Z${tab}2030-01-31T11:00:00Z"
check "show in JSON" mhsm key show -n full -o json
cp out mine.json
equal "  is stable" "$(mhsm key show -n full -o json)" "$(cat mine.json)"
kid=$(jq -r .key.kid mine.json)
check "show by kid" mhsm key show --id "$kid" -o json
equal "  is the same" "$(cat out)" "$(cat mine.json)"
check "show by URI" mhsm key show --id "mhsm:full/${kid##*/}" -o json
equal "  is the same" "$(cat out)" "$(cat mine.json)"
check "show by name and version" mhsm key show -n full -v "${kid##*/}" -o json
equal "  is the same" "$(cat out)" "$(cat mine.json)"
unset_endpoint() (
    endpoint=$MHSM_ENDPOINT
    unset MHSM_ENDPOINT
    mhsm key show --hsm "$endpoint" -n full -o json
)
check "--hsm in place of the environment" unset_endpoint
equal "  is the same" "$(cat out)" "$(cat mine.json)"
expect_exit 3 "a key that is not" mhsm key show -n none
errors_have "  is named" '^mhsm: .*none'
errors_have "  with the request id" '^  request id: [0-9a-f-]{36}$'
expect_exit 3 "a version that is not" mhsm key show -n full -v 00000000000000000000000000000000
expect_exit 3 "in JSON" mhsm key show -n none -o json
equal "  stdout is empty" "$(cat out)" ""
equal "  stderr is one object" "$(jq -c '.error | [.status, .exitStatus, .httpStatus, .code]' err)" \
    '["not-found",3,404,"KeyNotFound"]'

# Public keys.
check "download" mhsm key download -n rsa2048
cp out rsa.pem
check "  is PEM" command openssl pkey -pubin -in rsa.pem -noout
check "download as DER" mhsm key download -n ec-P-256K -e DER -f ec.der
check "  is DER" command openssl pkey -pubin -inform DER -in ec.der -noout

# Listing, in pages of 25.
i=0
while [ $i -lt 30 ]; do
    mhsm key create -n "many-$i" --kty EC >/dev/null
    i=$((i + 1))
done
check "list" mhsm key list -o tsv
equal "  has every key" "$(grep -c '^many-' out)" 30
equal "  once" "$(cut -f 1 out | sort | uniq -d)" ""
equal "  in 7 columns" "$(awk -F '\t' '{ print NF }' out | sort -u)" 7
rows=$(wc -l <out)
check "list in JSON" mhsm key list -o json
equal "  is an array of as many" "$(jq length out)" "$((rows))"
equal "  one a line" "$(wc -l <out | tr -d ' ')" $((rows + 2))
check "list for people" mhsm key list
equal "  has a header and as many" "$(wc -l <out | tr -d ' ')" $((rows + 1))
equal "  of one width" "$(awk 'NR > 1 { print match($0, / (yes|no) /) }' out | sort -u | wc -l | tr -d ' ')" 1
check "a second version" mhsm key create -n full --kty EC
check "list-versions" mhsm key list-versions -n full -o tsv
equal "  has both" "$(wc -l <out | tr -d ' ')" 2
output_has "  with the first" "^${kid##*/}$tab"
check "list-versions by URI" mhsm key list-versions --id mhsm:full -o json
equal "  has both" "$(jq length out)" 2
expect_exit 3 "versions of none" mhsm key list-versions -n none
check "a narrow terminal" script -qec "stty cols 60; '$TEST_COMMAND' key list" /dev/null
equal "  is not overrun" "$(tr -d '\r' <out | wc -L | awk '{ print $1 <= 60 }')" 1
output_has "  and cells are cut" '…'
bold=$(printf '\033[1m')
in_terminal() { script -qec "stty cols 60; $1 '$TEST_COMMAND' key list" /dev/null; }
check "COLUMNS counts for more" in_terminal "COLUMNS=50 NO_COLOR=1"
equal "  is not overrun" "$(tr -d '\r' <out | wc -L | awk '{ print $1 <= 50 }')" 1
check "a terminal that can" in_terminal "TERM=xterm"
equal "  has bold titles" "$(head -n 1 out | grep -cF "$bold")" 1
for no in NO_COLOR=1 TERM=dumb; do
    check "$no" in_terminal "TERM=xterm $no"
    equal "  has none" "$(grep -cF "$bold" out)" 0
done

# Delete, recover, purge.
check "delete" mhsm key delete -n full --yes
output_has "  tells when it is purged" '^Purged at: +20'
expect_exit 3 "it is gone" mhsm key show -n full
errors_have "  and the way back is told" 'mhsm key recover'
expect_exit 1 "its name is taken" mhsm key create -n full --kty EC
check "list-deleted" mhsm key list-deleted -o tsv
equal "  has it" "$(cut -f 1 out)" full
equal "  in 6 columns" "$(awk -F '\t' '{ print NF }' out)" 6
check "show-deleted" mhsm key show-deleted -n full -o json
equal "  is the bundle" "$(jq -r '.scheduledPurgeDate - .deletedDate' out)" 604800
check "recover" mhsm key recover -n full
check "it is back" mhsm key show -n full
expect_exit 3 "recover what is not deleted" mhsm key recover -n full
check "delete again" mhsm key delete --id mhsm:full --yes -o json
check "purge" mhsm key purge -n full -y
equal "  says nothing" "$(cat out)$(cat err)" ""
expect_exit 3 "it is gone for good" mhsm key show-deleted -n full
check "no deleted keys" mhsm key list-deleted -o json
equal "  is an empty array" "$(cat out)" '[]'
check "  is a header" mhsm key list-deleted
equal "  alone" "$(wc -l <out | tr -d ' ')" 1

# The question at a terminal.
if command -v script >/dev/null; then
    answer() {
        printf '%s\n' "$1" | script -qec "'$TEST_COMMAND' key delete -n plain" /dev/null
    }
    expect_exit 2 "answered with n" answer n
    output_has "  was asked about the very key" 'Delete, with all its versions, mhsm://localhost:[0-9]+/keys/plain\?'
    check "  and nothing was done" mhsm key show -n plain
    expect_exit 2 "answered with nothing" answer ''
    check "answered with y" answer y
    expect_exit 3 "  it was done" mhsm key show -n plain
fi

# What a key says of itself never moves a terminal's cursor.
escape=$(printf '\033')
check "a hostile tag" mhsm key create -n evil --kty EC --tags "t=${escape}[31mred$(printf '\302\233')" --tags "u=a${tab}b\\c"
for form in table tsv json; do
    check "  in $form" mhsm key show -n evil -o $form
    if LC_ALL=C grep -q "[$escape]" out || LC_ALL=C grep -q "$(printf '\302\233')" out; then
        fail "  is escaped" out
    else
        pass "  is escaped"
    fi
done
equal "  and nothing is lost in JSON" "$(jq -r .tags.t out)" "${escape}[31mred$(printf '\302\233')"
check "a tag in many scripts" mhsm key create -n words --kty EC --tags 'name=schlüssel 鍵 🔑'
output_has "  is shown as it is" 'schlüssel 鍵 🔑'

finish
