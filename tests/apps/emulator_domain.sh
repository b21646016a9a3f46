#!/bin/sh
# SPDX-License-Identifier: MIT
# The local HSM's side of a security domain: the exchange key, restore blobs
# taken and refused, and how far the HSM has come.
# shellcheck disable=SC2034,SC2119 # read by emulator_start, which takes options
. "${0%/*}/../lib.sh"

activated=
emulator_start --domain-retry-after 7
cd "$work"
vectors=$TEST_SOURCE/tests/data/security-domain/sd_3of2
for i in 0 1 2; do
    cp "$vectors/cert_$i.cer" "h$i.cer"
    cp "$vectors/cert_$i.key.der" "h$i.key"
done

# ask METHOD PATH [BODY]: the status is printed, the answer is in ./answer.
ask() {
    curl -sS -o answer -D headers -w '%{http_code}' --cacert "$MHSM_CA_FILE" -X "$1" \
        -H "Authorization: Bearer $service" -H 'Content-Type: application/json' \
        ${3+-d "@$3"} "$MHSM_ENDPOINT/$2?api-version=7.5"
}
message() {
    jq -r '.error.message | sub(" \\(Activity.*"; "")' answer
}

service=$(token)
# Before it has a security domain, it does nothing but get one.
for path in keys keys/none keys/none/versions deletedkeys settings providers/Microsoft.Authorization/roleDefinitions; do
    equal "not active, no $path" "$(ask GET "$path")" 403
    equal "  is told" "$(jq -r '[.error.code, .error.innererror.code] | join(" ")' answer)" "Forbidden NotActivated"
done
printf '{"kty":"EC"}' >body
equal "not active, no new key" "$(ask POST keys/k/create body)" 403
expect_exit 5 "the command" mhsm key create --name k --kty EC
errors_have "  says why" 'The HSM is not activated'
errors_have "  and what to do" 'hint: activate the HSM: .mhsm security-domain download'
expect_exit 1 "and doctor" mhsm doctor -o json
cp out told
check "  says what to do" jq -e '[.. | .next? | strings] | any(contains("mhsm security-domain download"))' told
equal "nothing is pending at first" "$(ask GET securitydomain/upload/pending)" 404

# The exchange key is that of the service to the letter.
equal "the exchange key" "$(ask GET securitydomain/upload)" 200
equal "  is a text" "$(jq -r '.key_format, (.transfer_key | type)' answer | tr '\n' ' ')" "jwk string "
jq -r .transfer_key answer >jwk
equal "  a JWK" "$(jq -r '[.kty, .kid, .key_ops[], has("alg"), (.x5c | length)] | join(" ")' jwk)" "RSA not used wrapKey verify encrypt false 1"
jq -r '.x5c[0]' jwk | base64 -d >exchange.der
command openssl x509 -inform DER -in exchange.der -out exchange.pem
command openssl x509 -in exchange.pem -noout -subject -serial -nameopt RFC2253 >told
equal "  with a certificate" "$(tr '\n' ' ' <told)" "subject=CN=transfer-key serial=01 "
check "  by itself" command openssl verify -CAfile exchange.pem exchange.pem
equal "  for a year" "$(command openssl x509 -in exchange.pem -noout -checkend $((364 * 86400)))" "Certificate will not expire"
equal "  of 4096 bits" "$(command openssl x509 -in exchange.pem -noout -text | grep -c '(4096 bit)')" 1
equal "  its own modulus" "$(jq -r .n jwk)" "$(command openssl x509 -in exchange.pem -noout -modulus | sed 's/.*=//' | xxd -r -p | base64 -w0 | tr '+/' '-_' | tr -d =)"
equal "  and thumbprints" "$(jq -r '.["x5t#S256"]' jwk)" "$(command openssl dgst -sha256 -binary exchange.der | base64 -w0 | tr '+/' '-_' | tr -d =)"
cp jwk first
ask GET securitydomain/upload >/dev/null
jq -r .transfer_key answer >jwk
check "  stays the same" cmp jwk first
kill -9 "$emulator_pid"
wait "$emulator_pid" 2>/dev/null || :
emulator_start --domain-retry-after 7
ask GET securitydomain/upload >/dev/null
jq -r .transfer_key answer >jwk
check "  after kill -9 too" cmp jwk first

# Restore blobs: of a security domain that the tests have, for that key.
check "a restore blob" mhsm security-domain restore-blob "$vectors/sd.json" --key h0.key --key h1.key --exchange-key exchange.pem --out blob.json
command openssl x509 -in h0.cer -outform DER -out other.der
check "and one for another key" mhsm security-domain restore-blob "$vectors/sd.json" --key h0.key --key h1.key --exchange-key h0.cer --out other.json
upload() {
    jq -Rs '{value: .}' "$1" >body
    ask POST securitydomain/upload body
}
refused() {
    equal "refused: $1" "$(upload "$2")" 400
    equal "  is told" "$(message)" "$3"
}
while IFS=@ read -r filter told; do
    jq -c "$filter" blob.json >wrong.json
    refused "$filter" wrong.json "$told"
done <<'ROWS'
.WrappedKey = {}@WrappedKey: x5t_256 is not that of the exchange key
.WrappedKey.enc_key = "a.b.c.d.e"@WrappedKey: enc_key cannot be opened
.WrappedKey.enc_key |= sub("[.].*[.]"; "..")@WrappedKey: enc_key cannot be opened
.WrappedKey.enc_key |= (split(".") | .[1] = (.[1] | explode | reverse | implode) | join("."))@WrappedKey: enc_key cannot be opened
del(.WrappedKey.enc_key)@WrappedKey: enc_key cannot be opened
.EncData.kdf = "none"@EncData: kdf is not sp108_kdf
del(.EncData.kdf)@EncData: kdf is not sp108_kdf
.EncData.data = []@EncData: data is no list of 1 to 8
.EncData.data = [range(9)]@EncData: data is no list of 1 to 8
.EncData.data = "none"@EncData: data is no list of 1 to 8
.EncData.data[0] = 1@EncData: a tag is missing, malformed or twice there
.EncData.data[1].tag = .EncData.data[0].tag@EncData: a tag is missing, malformed or twice there
.EncData.data[1].tag = "a\"b"@EncData: a tag is missing, malformed or twice there
.EncData.data[1].tag = ("a" * 64)@EncData: a tag is missing, malformed or twice there
.EncData.data[1].tag = "another"@EncData: another cannot be opened
.EncData.data[2].compact_jwe = .EncData.data[1].compact_jwe@EncData: partition_enclave_backup cannot be opened
.EncData.data[0].compact_jwe |= .[:-1]@EncData: hsm_backup cannot be opened
ROWS
refused "one for another exchange key" other.json "WrappedKey: x5t_256 is not that of the exchange key"
printf 'none' >wrong.json
refused "no JSON" wrong.json "value is no restore blob"
printf '{}' >body
equal "refused: no value" "$(ask POST securitydomain/upload body)" 400
equal "nothing of it has begun anything" "$(ask GET securitydomain/upload/pending)" 404

# What is told to fail does, and changes nothing.
control faults '{"faults":[{"route":"domainupload","action":"doom"}]}' >/dev/null
equal "an upload that fails later is taken" "$(upload blob.json)" 202
states() {
    for _poll in 1 2; do
        ask GET "securitydomain/$1/pending" >/dev/null
        jq -r .status answer
    done | tr '\n' ' '
}
equal "  and then fails" "$(states upload)" "InProgress Failed "
expect_exit 22 "no other route can be told to" control faults '{"faults":[{"route":"sign","action":"doom"}]}'

equal "upload" "$(upload blob.json)" 202
equal "  is under way" "$(jq -c . answer)" '{"status":"InProgress","status_details":"The Security Domain is being restored."}'
equal "  with a place to ask" "$(sed -n 's/\r$//; s/^Azure-AsyncOperation: //Ip' headers)" "$MHSM_ENDPOINT/securitydomain/upload/pending?api-version=7.5"
equal "  how often" "$(sed -n 's/\r$//; s/^Retry-After: //Ip' headers)" 7
equal "the exchange key is used up" "$(upload blob.json)" 400
equal "  is told" "$(message)" "There is no exchange key: ask for one first"
equal "  and the upload ends" "$(states upload)" "InProgress Success "
equal "  at both polls" "$(states download)" "Success Success "
equal "an active HSM takes no other" "$(upload blob.json)" 409
equal "  and gives no exchange key" "$(ask GET securitydomain/upload)" 409

# What was uploaded comes back, with tags that mean nothing to the HSM.
check "download what was uploaded" mhsm security-domain download --wrapping-cert h0.cer --wrapping-cert h1.cer --wrapping-cert h2.cer --quorum 3 --out again.json
equal "  has the tags" "$(jq -c '[.EncData.data[].tag]' again.json)" "$(jq -c '[.EncData.data[].tag]' "$vectors/sd.json")"
sizes() {
    jq -c '[.EncData.data[].compact_jwe | length]' "$1"
}
equal "  and sizes" "$(sizes again.json)" "$(sizes "$vectors/sd.json")"
equal "  a later download does not take it back" "$(states download)" "Success Success "

finish
