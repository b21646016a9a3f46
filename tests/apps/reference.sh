#!/bin/sh
# SPDX-License-Identifier: MIT
# Key references: `mhsm key pem`, and every openssl command that takes a
# private key as a file.
. "${0%/*}/../lib.sh"

emulator_start --memory
p="-provider default -provider mhsm"

check "create an RSA key" mhsm key create --name rsa --kty RSA --size 2048
check "create an EC key" mhsm key create --name ec --kty EC --curve P-256
version=$(mhsm key show --name ec -o json | jq -r '.key.kid | split("/")[-1]')
host=${MHSM_ENDPOINT#https://}

# The command.
for key in rsa ec; do
    check "key pem --name $key" mhsm key pem --name $key --out "$work/$key.pem"
    check "the public key of $key" mhsm key download --name $key \
        --out "$work/$key.pub"
done
check "key pem --id, on standard output" mhsm key pem --id "mhsm:ec/$version"
cp "$work/out" "$work/ec.out"
check "  is the same" cmp "$work/ec.out" "$work/ec.pem"
equal "  begins with our label" "$(head -n 1 "$work/ec.pem")" \
    "-----BEGIN MHSM KEY REFERENCE-----"
check "  and is no secret" find "$work/ec.pem" -perm 644
output_has "  by its mode" 'ec\.pem'
check "asn1parse" command openssl asn1parse -in "$work/ec.pem"
output_has "  tells the format" 'VISIBLESTRING *:mhsm key reference v1'
output_has "  and the exact URI" \
    "UTF8STRING *:mhsm://$host/keys/ec/$version$"
output_has "  and the type" 'UTF8STRING *:EC-HSM'
expect_exit 3 "a key that is not there" mhsm key pem --name none \
    --out "$work/none.pem"
errors_have "  says so" 'none.*not found|404'
expect_exit 1 "  and leaves no file" test -e "$work/none.pem"
check "a key with no public part" mhsm key create --name oct --kty oct
check "  has a reference" mhsm key pem --name oct

# Loading makes no request.
control reset >/dev/null
for key in rsa ec; do
    # shellcheck disable=SC2086 # flags
    check "pkey -pubout of $key" openssl pkey $p -in "$work/$key.pem" -pubout \
        -out "$work/again.pub"
    check "  is the same" cmp "$work/again.pub" "$work/$key.pub"
    command openssl asn1parse -in "$work/$key.pem" -out "$work/$key.der" -noout
    # shellcheck disable=SC2086 # flags
    check "pkey -inform DER" openssl pkey $p -inform DER -in "$work/$key.der" \
        -pubout -out "$work/again.pub"
    check "  is the same" cmp "$work/again.pub" "$work/$key.pub"
    # shellcheck disable=SC2086 # flags
    check "storeutl -keys" openssl storeutl $p -keys "$work/$key.pem"
    output_has "  one object" 'Total found: 1'
done
equal "no request was made" "$(control stats | jq .requests)" 0


# The first private operation is the first request.
cd "$work"
echo data >data.txt
control reset >/dev/null
# shellcheck disable=SC2086 # flags
check "dgst -sign" openssl dgst $p -sha256 -sign ec.pem -out data.sig data.txt
equal "  is one request to the key, after the challenge" \
    "$(control stats | jq '[.routes | to_entries[] | select(.key | contains("/keys")) | .value] | add')" 2
check "  verifies" command openssl dgst -sha256 -verify ec.pub \
    -signature data.sig data.txt
# shellcheck disable=SC2086 # flags
{
    check "req -x509" openssl req $p -x509 -new -key rsa.pem -sha256 \
        -subj /CN=CA -days 30 -out ca.crt
    check "  verifies" command openssl verify -check_ss_sig -CAfile ca.crt ca.crt
    check "req" openssl req $p -new -key ec.pem -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost -out ec.csr
    check "x509 -req -CAkey" openssl x509 $p -req -in ec.csr -CA ca.crt \
        -CAkey rsa.pem -days 7 -copy_extensions copy -out ec.crt
    check "  verifies" command openssl verify -CAfile ca.crt ec.crt
    check "cms -sign" openssl cms $p -sign -nodetach -in data.txt \
        -signer ca.crt -inkey rsa.pem -outform PEM -out data.cms
    check "  verifies" command openssl cms -verify -in data.cms -inform PEM \
        -CAfile ca.crt -purpose any -out /dev/null
    check "cms -encrypt, offline" command openssl cms -encrypt -aes256 \
        -in data.txt -recip ca.crt -keyopt rsa_padding_mode:oaep \
        -outform PEM -out secret.cms
    check "cms -decrypt" openssl cms $p -decrypt -in secret.cms -inform PEM \
        -recip ca.crt -inkey rsa.pem -out again.txt
    check "  the same text" command diff --strip-trailing-cr data.txt again.txt
    check "pkeyutl -sign -rawin" openssl pkeyutl $p -sign -rawin \
        -inkey rsa.pem -in data.txt -out raw.sig
    check "  verifies" command openssl pkeyutl -verify -rawin -pubin \
        -inkey rsa.pub -in data.txt -sigfile raw.sig
}

# A time stamp, whose certificate must be for that alone.
cat >ts.cnf <<'TEXT'
[tsa]
default_tsa = one
[one]
serial = ./ts.serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
[ext]
extendedKeyUsage = critical,timeStamping
TEXT
# shellcheck disable=SC2086 # flags
{
    check "a certificate for time stamps" openssl x509 $p -req -in ec.csr \
        -CA ca.crt -CAkey rsa.pem -days 7 -extfile ts.cnf -extensions ext \
        -out ts.crt
    check "ts -query" command openssl ts -query -data data.txt -sha256 -cert \
        -out data.tsq
    check "ts -reply" openssl ts $p -reply -config ts.cnf -section one \
        -queryfile data.tsq -inkey ec.pem -signer ts.crt -out data.tsr
    check "  verifies" command openssl ts -verify -queryfile data.tsq \
        -in data.tsr -CAfile ca.crt
}

# A server with certificate and key in one file, as HAProxy has them.
cat ec.crt ec.pem >server.pem
# shellcheck disable=SC2086 # flags
env LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
    openssl s_server $p -accept 127.0.0.1:0 -cert server.pem -key server.pem \
    -www >server.log 2>&1 </dev/null &
server=$!
started "$server"
port=$(accept_port server.log)
for version in 1.2 1.3; do
    check "s_server with TLS $version" curl -sS --cacert ca.crt \
        --tlsv$version --tls-max $version -o page \
        --resolve "localhost:$port:127.0.0.1" "https://localhost:$port/"
done
stop "$server"

# Written again.
# shellcheck disable=SC2086 # flags
{
    check "pkey writes it back" openssl pkey $p -in ec.pem -out back.pem
    check "  the same" cmp ec.pem back.pem
    check "pkey -outform DER" openssl pkey $p -in ec.pem -outform DER \
        -out back.der
    check "  the same" cmp ec.der back.der
    check "pkey -aes256 encrypts nothing" openssl pkey $p -in ec.pem -aes256 \
        -passout pass:secret -out back.pem
    check "  there is no secret in it" cmp ec.pem back.pem
    check "pkey -text" openssl pkey $p -in rsa.pem -text -noout
    output_has "  the URI" "^Key-URI: mhsm://$host/keys/rsa/[0-9a-f]{32}\$"
    output_has "  the exponent" '^Exponent: 65537 \(0x10001\)$'
    check "pkey -check" openssl pkey $p -in rsa.pem -check -noout
    check "ec" openssl ec $p -in ec.pem -out back.pem
    check "  the same" cmp ec.pem back.pem
    check "rsa" openssl rsa $p -in rsa.pem -out back.pem
    check "  the same" cmp rsa.pem back.pem
    expect_exit 1 "rsa -traditional is refused" openssl rsa $p -in rsa.pem \
        -traditional
    errors_have "  with a reason" 'is in the HSM.*PKCS#1'
    expect_exit 1 "pkcs8 is refused" openssl pkcs8 $p -topk8 -nocrypt -in ec.pem
    errors_have "  with a reason" 'is in the HSM.*PKCS#8.*mhsm key pem'
    expect_exit 1 "pkcs12 -export is refused" openssl pkcs12 $p -export \
        -inkey ec.pem -in ec.crt -passout pass:secret -out x.p12
    errors_have "  with a reason" 'is in the HSM.*PKCS#12.*mhsm key pem'
}

# And not at all, when the configuration says so.
# shellcheck disable=SC2086 # flags
{
    expect_exit 1 "encode-reference = no" env MHSM_ENCODE_REFERENCE=no \
        LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
        openssl pkey $p -in mhsm:ec
    errors_have "  says so" 'encode-reference says no'
    equal "  and writes nothing" "$(cat "$work/out")" ""
    check "  but the public key" env MHSM_ENCODE_REFERENCE=no \
        LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
        openssl pkey $p -in mhsm:ec -pubout
}

# Damaged files, each with one reason.
damaged() {
    # shellcheck disable=SC2086 # flags
    expect_exit 1 "damaged: $1" openssl dgst $p -sha256 -sign bad.pem data.txt
    equal "  one error of ours" "$(grep -c ':mhsm:' "$work/err")" 1
    errors_have "  with its reason" "key reference.*$2"
}
head -n 3 ec.pem >bad.pem
damaged "the end is missing" 'bad end line'
sed '3s/^./!/' ec.pem >bad.pem
damaged "no base64" 'bad base64'
sed '2s/^M/N/' ec.pem >bad.pem
damaged "no reference" 'does not begin as one.*mhsm key pem'
sed "s/localhost/evilhosts/" ec.der >bad.der
{
    echo "-----BEGIN MHSM KEY REFERENCE-----"
    base64 <bad.der
    echo "-----END MHSM KEY REFERENCE-----"
} >bad.pem
damaged "another host" 'https://evilhosts:[0-9]* is not allowed'
cat ec.pem bad.pem >both.pem
# shellcheck disable=SC2086 # flags
check "what follows the key does not matter" openssl pkey $p -in both.pem -noout

# A wrong option in openssl.cnf: said where a reference is read, not where an
# ordinary key is.
echo "retries = many" | configure wrong.cnf "default mhsm"
check "an ordinary key" command openssl genpkey -algorithm EC \
    -pkeyopt ec_paramgen_curve:P-256 -out own.pem
check "with a wrong option, an ordinary key" env OPENSSL_CONF=wrong.cnf \
    LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
    openssl pkey -in own.pem -noout
expect_exit 1 "  and a reference" env OPENSSL_CONF=wrong.cnf \
    LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
    openssl pkey -in ec.pem -noout
errors_have "  names the option" ':mhsm:.*retries'
equal "  once" "$(grep -c ':mhsm:' "$work/err")" 1

# No rights: the file loads, the signature says which right is missing.
principal=$(control principals '{"name": "nobody"}')
# shellcheck disable=SC2086 # flags
(
    AZURE_CLIENT_ID=$(echo "$principal" | jq -r .client_id)
    AZURE_CLIENT_SECRET=$(echo "$principal" | jq -r .client_secret)
    export AZURE_CLIENT_ID AZURE_CLIENT_SECRET
    openssl pkey $p -in ec.pem -pubout || exit 9
    openssl dgst $p -sha256 -sign ec.pem data.txt
) >out.log 2>err.log && code=0 || code=$?
equal "without rights there is no signature" "$code" 1
check "  and the right is named" grep -q '403.*keys/sign' err.log
(
    AZURE_CLIENT_ID=$(echo "$principal" | jq -r .client_id)
    AZURE_CLIENT_SECRET=$(echo "$principal" | jq -r .client_secret)
    export AZURE_CLIENT_ID AZURE_CLIENT_SECRET
    mhsm key pem --name ec --out no.pem
) >out.log 2>err.log && code=0 || code=$?
equal "nor a reference to be had" "$code" 4
check "  for want of a right" grep -q 'managedHsm/keys/read/action' err.log
expect_exit 1 "  and no file" test -e no.pem

# The HSM is away: what needs no signature works.
stop "$emulator_pid"
export MHSM_RETRIES=0
# shellcheck disable=SC2086 # flags
{
    check "with no HSM: pkey -text" openssl pkey $p -in ec.pem -text -noout
    expect_exit 1 "with no HSM: no signature" openssl dgst $p -sha256 \
        -sign ec.pem data.txt
    errors_have "  and the reason" 'cannot connect'
}

finish
