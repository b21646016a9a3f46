#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm security-domain download: the file opens, is there before the HSM is
# waited for, and is not lost by what fails after it.
# shellcheck disable=SC2034,SC2119 # read by emulator_start, which takes options
. "${0%/*}/../lib.sh"

activated=
emulator_start
cd "$work"

sd() {
    mhsm security-domain "$@"
}

# The local HSM is as strict as the service is said to be.
service=$(token)
domain_request() {
    curl -sS -o answer -w '%{http_code}' --cacert "$MHSM_CA_FILE" -H "Authorization: Bearer $service" \
        -H 'Content-Type: application/json' "$@"
}
request=$TEST_SOURCE/tests/data/security-domain/sd_3of2/download_request_new.json
equal "nothing is pending at first" "$(domain_request "$MHSM_ENDPOINT/securitydomain/download/pending?api-version=7.5")" 404
while read -r filter; do
    jq "$filter" "$request" >body
    equal "refused: $filter" "$(domain_request -d @body "$MHSM_ENDPOINT/securitydomain/download?api-version=7.5")" 400
done <<'TEXT'
.required = 4
.required = 1
.required = "2"
.certificates |= .[:2]
.certificates += .certificates
.certificates[1] = .certificates[0]
.certificates[1].x5t = .certificates[0].x5t
.certificates[1]["x5t#S256"] = "x"
.certificates[1].x5c = []
.certificates[1].x5c = ["AAAA"]
.certificates = {}
TEXT
equal "the Azure CLI's request is taken" "$(domain_request -d "@$request" "$MHSM_ENDPOINT/securitydomain/download?api-version=7.2")" 202
jq -r .value answer >az.json
for i in 0 1 2; do
    cp "$TEST_SOURCE/tests/data/security-domain/sd_3of2/cert_$i.cer" "h$i.cer"
    cp "$TEST_SOURCE/tests/data/security-domain/sd_3of2/cert_$i.key.der" "h$i.key"
done
check "  and what it gets opens" sd verify az.json --key h0.key --key h2.key
for poll in download upload; do
    domain_request "$MHSM_ENDPOINT/securitydomain/$poll/pending?api-version=7.5" >/dev/null
done
equal "  and both polls tell the end" "$(jq -r .status answer)" Success

check "keys of five holders" sd keygen --holder a --holder b --holder c --holder d --holder e --size 2048 --unencrypted --out keys
certs=
for name in a b c d e; do
    certs="$certs --wrapping-cert keys/$name.cer"
done
# shellcheck disable=SC2086 # lists of words, here and below
check "download" sd download $certs --quorum 3 --out sd.json
output_has "  tells that the HSM is active" '^State: +Success$'
errors_have "  and what it waited for" 'The Security Domain is being confirmed'
equal "  the file is its owner's" "$(stat -c %a sd.json)" 600
equal "  in the order that was asked for" "$(jq -r '.SharedKeys.enc_shares[4].x5t_256' sd.json)" "$(sd inspect sd.json --cert keys/e.cer -o tsv | awk -F'\t' '$4 == "CN=e" {print $3}')"
for three in "a b c" "c e d" "e a d"; do
    # shellcheck disable=SC2086
    set -- $three
    check "  $three open it" sd verify sd.json --key "keys/$1.key" --key "keys/$2.key" --key "keys/$3.key"
done
expect_exit 2 "  two do not" sd verify sd.json --key keys/a.key --key keys/b.key
check "  and it restores" sd restore-blob sd.json --key keys/a.key --key keys/b.key --key keys/c.key --exchange-key "$TEST_SOURCE/tests/data/security-domain/sd_3of2/exchange.pem" --out blob.json

check "download for others" sd download --wrapping-cert keys/a.cer --wrapping-cert keys/b.cer --wrapping-cert keys/c.cer --quorum 2 --out again.json -o json
equal "  json" "$(jq -r '[.status, .file] | join(" ")' out)" "Success again.json"
check "  two open it" sd verify again.json --key keys/c.key --key keys/b.key
check "  at a terminal" env TERM=vt100 COLUMNS=80 script -qec "\"$TEST_COMMAND\" security-domain download --wrapping-cert keys/a.cer --wrapping-cert keys/b.cer --wrapping-cert keys/c.cer --quorum 2 --out terminal.json" typed
check "    there is a line that lives" grep -aq 'activating the HSM: The Secu.*  0:00 of about 8:00 \[' typed
expect_exit 1 "a file that is there" sd download $certs --quorum 3 --out sd.json
errors_have "  stays" 'sd.json exists: nothing is overwritten'

# What is refused here costs no request.
before=$(control stats)
expect_exit 2 "too few holders" sd download --wrapping-cert keys/a.cer --wrapping-cert keys/b.cer --quorum 2 --out none.json
errors_have "  is told" 'there are 2 certificates; a security domain has 3 to 10 holders'
expect_exit 2 "a quorum of more than there are" sd download --wrapping-cert keys/a.cer --wrapping-cert keys/b.cer --wrapping-cert keys/c.cer --quorum 4 --out none.json
errors_have "  is told" 'the quorum is 4; of 3 holders it is 2 to 3'
expect_exit 2 "one holder twice" sd download --wrapping-cert keys/a.cer --wrapping-cert keys/b.cer --wrapping-cert keys/a.cer --quorum 2 --out none.json
errors_have "  is told" 'have the same key'
expect_exit 1 "a name that cannot be" sd download $certs --quorum 3 --out no/such.json
expect_exit 6 "what is no certificate" sd download $certs --wrapping-cert sd.json --quorum 3 --out none.json
equal "  nobody was asked" "$(control stats | jq -c '[.routes // .]')" "$(printf '%s' "$before" | jq -c '[.routes // .]')"
equal "  nothing was written" "$(ls none.json 2>/dev/null)" ""

check "a certificate that ends soon" sd keygen --holder x --holder y --holder z --size 2048 --days 3 --unencrypted --out short
check "  is taken" sd download --wrapping-cert short/x.cer --wrapping-cert short/y.cer --wrapping-cert short/z.cer --quorum 2 --out soon.json
errors_have "  with a warning" 'warning: the certificate of CN=x expires 2'

# Who may not.
control principals '{"name":"other"}' >other.json
as_other() {
    env AZURE_CLIENT_ID="$(jq -r .client_id other.json)" AZURE_CLIENT_SECRET="$(jq -r .client_secret other.json)" "$TEST_COMMAND" "$@"
}
expect_exit 4 "a principal without the role" as_other security-domain download $certs --quorum 3 --out none.json
errors_have "  is told which one" 'Managed HSM Administrator'
equal "  and nothing is written" "$(ls none.json 2>/dev/null)" ""

# The poll fails for good: the file is there, and opens.
control faults '{"faults":[{"route":"domainpending","action":"status","status":503,"count":-1}]}' >/dev/null
expect_exit 5 "an HSM that cannot be asked any more" sd download $certs --quorum 3 --out kept.json --timeout 2s
errors_have "  leaves the file" 'hint: kept.json is written: keep it'
check "  which opens" sd verify kept.json --key keys/a.key --key keys/b.key --key keys/c.key


# Killed while it waits: the same.
control faults '{"faults":[{"route":"domainpending","action":"slow","ms":20000,"count":-1}]}' >/dev/null
mhsm_download() {
    exec "$TEST_COMMAND" security-domain download $certs --quorum 3 --out killed.json
}
(mhsm_download >/dev/null 2>&1) &
started $!
await test -s killed.json
kill -9 $!
check "kill -9 leaves the file" sd verify killed.json --key keys/a.key --key keys/b.key --key keys/c.key
control faults '{"faults":[]}' >/dev/null

# No room for the file once it is here: then it is printed.
limited() {
    (ulimit -f 4 && exec "$TEST_COMMAND" security-domain download $certs --quorum 3 --out large.json) | cat >printed
}
limited 2>err || :
errors_have "no room" 'cannot write large.json: File too large'
errors_have "  tells where the file is" 'on standard output instead: keep it'
check "  which opens" sd verify printed --key keys/a.key --key keys/b.key --key keys/c.key
equal "  and is nowhere else" "$(ls large.json .mhsm* 2>/dev/null)" ""

finish
