#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm inventory: what is on record of an HSM's keys, and what is found when an
# HSM is held against it.
# shellcheck disable=SC2119 # emulator_start takes options of the emulator
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
tab=$(printf '\t')
# proof NAME: what the last output, in tsv, says of its only version.
proof() {
    awk -F'\t' -v name="$1" '$1 == name {print $3}' out
}

check "nothing" mhsm inventory take --out empty.json -o tsv
equal "  is a record too" "$(cut -f 3-5 out)" "0${tab}0${tab}empty.json"
check "  and proven" mhsm inventory prove empty.json -o tsv
equal "    by nothing" "$(cat out)" ""

for size in 2048 3072; do
    mhsm key create -n "rsa-$size" --kty RSA --size "$size" >/dev/null
done
for curve in P-256 P-384 P-521 P-256K; do
    mhsm key create -n "ec-$curve" --kty EC --curve "$curve" >/dev/null
done
mhsm key create -n wrapper --kty RSA --ops wrapKey,unwrapKey >/dev/null
mhsm key create -n cipher --kty RSA --ops encrypt,decrypt >/dev/null
mhsm key create -n verifier --kty RSA --ops verify >/dev/null
mhsm key create -n off --kty RSA >/dev/null
mhsm key update -n off --enabled no >/dev/null
mhsm key create -n past --kty EC --expires 2026-01-01 >/dev/null
for size in 128 192 256; do
    mhsm key create -n "oct-$size" --kty oct --size "$size" --ops wrapKey,unwrapKey >/dev/null
done
mhsm key create -n oct-encrypts --kty oct --ops encrypt,decrypt >/dev/null
mhsm key create -n rsa-2048 --kty RSA >/dev/null # a second version

check "an inventory" mhsm inventory take --out all.json -o tsv
equal "  has every version" "$(cut -f 3-4 out)" "15${tab}16"
equal "  is its owner's" "$(stat -c %a all.json)" 600
equal "  is sorted" "$(jq -r '.keys[].key.kid' all.json | sed 's:.*/keys/::; s:/.*::' | LC_ALL=C sort -c && echo yes)" yes
equal "  with three witnesses" "$(jq '[.keys[] | select(.witness)] | length' all.json)" 3
control stats >before
check "every key is proven" mhsm inventory prove all.json -o tsv
equal "  a line a version" "$(wc -l <out)" 16
for name in rsa-3072 ec-P-256 ec-P-384 ec-P-521 ec-P-256K wrapper cipher oct-128 oct-192 oct-256; do
    equal "  $name works" "$(proof "$name")" works
done
equal "  both versions" "$(proof rsa-2048)" "works
works"
for name in verifier off past; do
    equal "  $name is the same" "$(proof "$name")" same
done
equal "  oct-encrypts is there" "$(proof oct-encrypts)" present
control stats >after
# 16 are read, 12 are used once.
equal "  for two requests a version" "$(($(jq .requests after) - $(jq .requests before) >= 28))" 1
check "for people" mhsm inventory prove all.json
output_has "  with the reason" '^off .* same +disabled'
output_has "  of each" '^past .* same +expired'
check "json" mhsm inventory prove all.json -o json
equal "  is a list" "$(jq -r '[.[] | select(.proof == "works")] | length' out)" 12
check "from a pipe" sh -c '"$TEST_COMMAND" inventory prove - <all.json'

# What is not as it was.
yes | mhsm key delete -n rsa-3072 --yes >/dev/null
expect_exit 1 "a key that is gone" mhsm inventory prove all.json -o tsv
equal "  is missing" "$(proof rsa-3072)" missing
equal "  and the others are there" "$(proof ec-P-256)" works
jq -c '.keys |= map(if (.key.kid | contains("/ec-P-256/")) then .key.x = "AAAA" + .key.x[4:] else . end)' all.json >bent.json
expect_exit 1 "another public key" mhsm inventory prove bent.json -o tsv
equal "  is different" "$(proof ec-P-256)" different
jq -c '.keys |= map(if .witness then .witness.sha256 = "AAAA" + .witness.sha256[4:] else . end)' all.json >bent.json
expect_exit 1 "a witness of another key" mhsm inventory prove bent.json -o tsv
equal "  is wrong" "$(proof oct-192)" wrong
jq -c '.keys |= map(if .witness then .witness.value = "AAAA" + .witness.value[4:] else . end)' all.json >bent.json
expect_exit 1 "one that does not unwrap" mhsm inventory prove bent.json -o tsv
equal "  is wrong too" "$(proof oct-128)" wrong

# Files that are none.
for bend in '.inventory = 2' 'del(.hsm)' '.hsm = "http://x"' '.taken = 0' \
    '.keys = {}' '.keys[0] = 1' 'del(.keys[0].key.kid)' \
    '.keys[3].key.kid |= sub("localhost"; "elsewhere")' \
    '(.keys[] | select(.witness) | .witness) = 1' \
    '(.keys[] | select(.witness) | .witness.alg) = "A1KW"' \
    '(.keys[] | select(.witness) | .witness.sha256) = "AAAA"' \
    '(.keys[] | select(.witness) | .witness.value) = ""' \
    '(.keys[] | select(.key.kty == "EC-HSM")).witness = {"alg":"A256KW","value":"AAAA","sha256":"AAAA"}'; do
    jq -c "$bend" all.json >bent.json
    expect_exit 6 "$bend" mhsm inventory prove bent.json
    errors_have "  names the file" 'bent.json: this is no inventory'
done
expect_exit 6 "what is no JSON" mhsm inventory prove "$0"
expect_exit 1 "no file" mhsm inventory prove none.json

# What may not be written or done.
expect_exit 1 "no place for it" mhsm inventory take --out none/x.json
check "without witnesses" mhsm inventory take --no-witnesses --out plain.json
equal "  has none" "$(jq '[.keys[] | select(.witness)] | length' plain.json)" 0
finish
