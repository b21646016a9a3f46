#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm sign and verify: every algorithm, checked against the openssl command
# with the public key alone; forms of input and output; pinned versions.
# shellcheck disable=SC2119 # emulator_start takes options of the emulator
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
printf 'Pay 100 to Alice\n' >file
printf 'Pay 900 to Alice\n' >forged

check "an RSA key" mhsm key create --name rsa --kty RSA --size 2048
check "a P-256 key" mhsm key create --name p256 --kty EC
check "a P-384 key" mhsm key create --name p384 --kty EC --curve P-384
check "a P-521 key" mhsm key create --name p521 --kty EC --curve P-521
check "a secp256k1 key" mhsm key create --name p256k --kty EC --curve P-256K
for key in rsa p256 p384 p521 p256k; do
    check "the public key of $key" mhsm key download --name "$key" --out "$key.pem"
done

# verified ALGORITHM: openssl agrees. DER for ECDSA.
verified() {
    md=$1
    shift
    command openssl dgst "-$md" -verify "$key.pem" -signature sig "$@" file
}

key=rsa
for bits in 256 384 512; do
    check "RS$bits" mhsm sign -n rsa -a "RS$bits" -f sig file
    check "  openssl agrees" verified "sha$bits"
    check "  so does mhsm" mhsm verify -n rsa -a "RS$bits" -s sig file
    output_has "  in a word" '^valid$'
    check "  and the HSM" mhsm verify -n rsa -a "RS$bits" -s sig --remote file
    check "PS$bits" mhsm sign -n rsa -a "PS$bits" -f sig file
    check "  openssl agrees" verified "sha$bits" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
    check "  so does mhsm" mhsm verify -n rsa -a "PS$bits" -s sig file
    check "  and the HSM" mhsm verify -n rsa -a "PS$bits" -s sig --remote file
    expect_exit 6 "  and none as RS$bits" mhsm verify -n rsa -a "RS$bits" -s sig file
done
check "without an algorithm" mhsm sign -n rsa -f sig file
check "  it is PS256" verified sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
check "RSNULL" mhsm sign -n rsa -a RSNULL -f sig file
check "  holds the very octets" command openssl pkeyutl -verifyrecover -pubin -inkey rsa.pem -in sig -pkeyopt rsa_padding_mode:pkcs1 -out recovered
check "  of the file" cmp recovered file

for pair in p256:ES256:sha256:64 p384:ES384:sha384:96 p521:ES512:sha512:132 p256k:ES256K:sha256:64; do
    IFS=: read -r key algorithm md size <<TEXT
$pair
TEXT
    check "$algorithm" mhsm sign -n "$key" -f raw file
    equal "  is r || s" "$(wc -c <raw | tr -d ' ')" "$size"
    check "  verifies" mhsm verify -n "$key" -a "$algorithm" -s raw file
    check "  in the HSM too" mhsm verify -n "$key" -s raw --remote file
    check "  as DER" mhsm sign -n "$key" -a "$algorithm" --format der -f sig file
    check "  openssl agrees" verified "$md"
    check "  so does mhsm" mhsm verify -n "$key" -s sig --in-format der file
    expect_exit 6 "  a forged file" mhsm verify -n "$key" -s sig --in-format der forged
done
key=p256

# The wrong thing is told, and never as success.
check "a signature" mhsm sign -n p256 -f raw file
expect_exit 6 "a forged file" mhsm verify -n p256 -s raw forged
equal "  is invalid" "$(cat out)" invalid
errors_have "  in words" '^mhsm: the signature is not valid$'
expect_exit 6 "  in the HSM too" mhsm verify -n p256 -s raw --remote forged
expect_exit 6 "  and in JSON" mhsm verify -n p256 -s raw -o json forged
equal "    on stdout" "$(jq -c '[.alg, .value]' out)" '["ES256",false]'
equal "    and on stderr" "$(jq -r .error.status err)" damaged
head -c 63 raw >short
expect_exit 6 "a short signature" mhsm verify -n p256 -s short file
: >empty
expect_exit 6 "an empty signature" mhsm verify -n p256 -s empty file
expect_exit 6 "raw for DER" mhsm verify -n p256 -s raw --in-format der file
{ cat sig; echo; } >long
expect_exit 6 "DER with something after it" mhsm verify -n p256k -s long --in-format der file
expect_exit 6 "bad hexadecimal" mhsm verify -n p256 -s raw --in-format hex file
expect_exit 6 "bad JSON" mhsm verify -n p256 -s raw --in-format json file
expect_exit 1 "a missing file" mhsm sign -n p256 missing
errors_have "  is named" 'cannot read missing: No such file'
expect_exit 1 "a directory" mhsm sign -n p256 .
expect_exit 2 "an algorithm of another curve" mhsm sign -n p256 -a ES384 file
errors_have "  and which there are" 'hint: its algorithms for that: ES256$'
expect_exit 2 "an algorithm that is none" mhsm sign -n p256 -a 'ES256;' file
expect_exit 2 "DER of RSA" mhsm sign -n rsa --format der file
expect_exit 2 "verifying DER of RSA" mhsm verify -n rsa -s raw --in-format der file

# Forms.
for format in hex base64 base64url json; do
    check "--format $format" mhsm sign -n p256 --format "$format" -f sig file
    check "  comes back" mhsm verify -n p256 -s sig --in-format "$format" file
done
check "json is known by itself" mhsm verify -n p256 -s sig file
check "  and names its key" mhsm verify -s sig file
check "-o json" mhsm sign -n p256 -o json file
equal "  has these members" "$(jq -c keys out)" '["alg","kid","value"]'
expect_exit 2 "a signature of another key" mhsm verify -n rsa -s sig file
errors_have "  says so" 'made with mhsm://.*/keys/p256/.*not with mhsm://.*/keys/rsa'

# Digests and streams.
digest=$(command openssl dgst -sha256 -r file | cut -d ' ' -f 1)
check "a digest" mhsm sign -n p256 --digest "$digest" -f raw
check "  is the file's" mhsm verify -n p256 -s raw file
check "  and verifies as one" mhsm verify -n p256 -s raw --digest "$digest"
expect_exit 2 "a digest too short" mhsm sign -n p256 --digest "${digest%??}"
errors_have "  says what it should be" '31 octets, but ES256 takes 32'
expect_exit 2 "a digest that is none" mhsm sign -n p256 --digest "${digest%?}x"
expect_exit 2 "an empty digest" mhsm sign -n p256 --digest ''
expect_exit 2 "a digest and a file" mhsm sign -n p256 --digest "$digest" file
sign_stdin() { mhsm sign -n p256 -f raw "$@" <file; }
check "standard input" sign_stdin
check "  is the same" mhsm verify -n p256 -s raw file
check "standard input as -" sign_stdin -
sign_stdout() { mhsm sign -n p256 file >raw; }
check "standard output" sign_stdout
verify_pipe() { mhsm sign -n p256 file | mhsm verify -n p256 -s - file; }
check "  into a pipe" verify_pipe
head -c 20000000 /dev/zero >large
check "20 MB" mhsm sign -n p256 -f raw large
check "  verify" mhsm verify -n p256 -s raw large

# Two versions: a raw signature is of the version that is named, JSON knows.
version=$(mhsm key show -n p256 -o tsv | cut -f 2)
check "a signature with the first version" mhsm sign -n p256 --format json -f first.json file
check "  and a raw one" mhsm sign -n p256 -f first.raw file
check "a second version" mhsm key create -n p256 --kty EC
expect_exit 6 "the raw one is not of the second" mhsm verify -n p256 -s first.raw file
check "  but of the first" mhsm verify -n p256 -v "$version" -s first.raw file
check "  also by --id" mhsm verify --id "mhsm:p256/$version" -s first.raw file
check "the JSON one names the first" mhsm verify -n p256 -s first.json file
check "signing with the first by its kid" mhsm sign --id "$MHSM_ENDPOINT/keys/p256/$version" -f raw file
check "  is of the first" mhsm verify -n p256 -v "$version" -s raw file

# HMAC: the message goes to the HSM.
check "an oct key" mhsm key create --name mac --kty oct --ops sign,verify
for bits in 256 384 512; do
    check "HS$bits" mhsm sign -n mac -a "HS$bits" -f raw file
    equal "  has its size" "$(wc -c <raw | tr -d ' ')" $((bits / 8))
    check "  verifies" mhsm verify -n mac -a "HS$bits" -s raw file
    expect_exit 6 "  and a forged file does not" mhsm verify -n mac -a "HS$bits" -s raw forged
done
expect_exit 2 "HMAC of 20 MB" mhsm sign -n mac large
errors_have "  is too much" 'too large: at most 524288 octets'
expect_exit 2 "HMAC of a digest" mhsm sign -n mac --digest "$digest"
expect_exit 2 "the public key of an oct key" mhsm key download -n mac

# What the HSM is asked: one signature, and nothing to verify one here.
asked() {
    control stats | jq "[.routes | to_entries[] | select(.key | endswith(\"/$1\")) | .value] | add // 0"
}
control reset >/dev/null
check "a signature, counted" mhsm sign -n rsa -f raw file
equal "  asks the HSM once" "$(asked sign)" 1
check "a verification, counted" mhsm verify -n rsa -s raw file
equal "  asks it nothing" "$(asked verify)" 0
check "a remote one, counted" mhsm verify -n rsa -s raw --remote file
equal "  asks it once" "$(asked verify)" 1

finish
