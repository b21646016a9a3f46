#!/bin/sh
# SPDX-License-Identifier: MIT
# Keys of the HSM for PSS alone: their references, certificates and TLS; and a
# CA with such a key that signs for keys of every kind, with CRL and OCSP.
. "${0%/*}/../lib.sh"

emulator_start --memory
p="-provider default -provider mhsm"
cd "$work"

check "create an RSA key" mhsm key create --name rsa --kty RSA --size 2048
check "create a second RSA key" mhsm key create --name ca --kty RSA --size 2048
check "create an EC key" mhsm key create --name ec --kty EC --curve P-256

for digest in sha256 sha384 sha512 any; do
    check "key pem --pss $digest" mhsm key pem --name rsa --pss "$digest" \
        --out "rsa-$digest.pem"
done
expect_exit 2 "key pem --pss sha1 is refused" mhsm key pem --name rsa \
    --pss sha1
expect_exit 2 "key pem --pss of an EC key is refused" mhsm key pem --name ec \
    --pss sha256 --out none.pem
errors_have "  and says why" 'EC-HSM.*only RSA'
expect_exit 1 "  and leaves no file" test -e none.pem

# Loading costs nothing, and the file comes out as it went in.
control reset >/dev/null
for digest in sha256 sha384 sha512 any; do
    # shellcheck disable=SC2086 # flags
    {
        check "pkey of $digest" openssl pkey $p -in "rsa-$digest.pem" \
            -out again.pem
        check "  is the same reference" cmp again.pem "rsa-$digest.pem"
        check "  its public key" openssl pkey $p -in "rsa-$digest.pem" \
            -pubout -out "rsa-$digest.pub"
    }
    command openssl asn1parse -in "rsa-$digest.pub" >text
    check "  is for PSS" grep -q 'rsassaPss' text
done
command openssl pkey -pubin -noout -text -in rsa-sha384.pub >text
check "the restriction is there" grep -q 'Hash Algorithm: SHA2-384' text
check "  with its salt" grep -q 'Minimum Salt Length: 48' text
command openssl pkey -pubin -noout -text -in rsa-any.pub >text
check "no restriction is there" grep -q 'No PSS parameter restrictions' text
equal "no request was made" "$(control stats | jq .requests)" 0

# Signatures: those that the key is for, and no others.
echo data >data.txt
# shellcheck disable=SC2086 # flags
{
    check "dgst -sha256 with a key for SHA-256" openssl dgst $p -sha256 \
        -sign rsa-sha256.pem -out sig data.txt
    check "  verifies" command openssl dgst -sha256 -verify rsa-sha256.pub \
        -signature sig data.txt
    check "dgst with no digest named" openssl dgst $p -sign rsa-sha384.pem \
        -sha384 -out sig data.txt
    check "dgst -sha512 with a key for any" openssl dgst $p -sha512 \
        -sign rsa-any.pem -sigopt rsa_pss_saltlen:digest -out sig data.txt
    check "  verifies" command openssl dgst -sha512 -verify rsa-any.pub \
        -sigopt rsa_pss_saltlen:64 -signature sig data.txt
    control reset >/dev/null
    expect_exit 1 "SHA-384 with a key for SHA-256 is refused" openssl dgst $p \
        -sha384 -sign rsa-sha256.pem -out none data.txt
    errors_have "  and says why" 'PSS signatures alone'
    expect_exit 1 "PKCS#1 is refused" openssl dgst $p -sha256 \
        -sign rsa-any.pem -sigopt rsa_padding_mode:pkcs1 -out none data.txt
    errors_have "  and says why" 'PSS signatures alone'
    equal "no request was made" "$(control stats | jq .requests)" 0
}

# Certificates say what the key is for.
# shellcheck disable=SC2086 # flags
{
    check "req -x509" openssl req $p -x509 -new -key rsa-sha256.pem -sha256 \
        -subj /CN=localhost -days 7 -addext subjectAltName=DNS:localhost \
        -out rsa.crt
    check "req -x509 of the CA" openssl req $p -x509 -new -key mhsm:ca \
        -sha256 -subj /CN=RSA -days 7 -out plain.crt
}
check "  verifies" command openssl verify -check_ss_sig -CAfile rsa.crt rsa.crt
command openssl x509 -in rsa.crt -noout -text >text
check "  the key is for PSS" grep -q 'Public Key Algorithm: rsassaPss' text
check "  with SHA-256" grep -Eiq 'Hash Algorithm: (SHA2-256|sha256)' text
check "  the signature is PSS" grep -q 'Signature Algorithm: rsassaPss' text

# CMS, where OpenSSL wants to be told of PSS by whatever key.
# shellcheck disable=SC2086 # flags
{
    check "cms -sign" openssl cms $p -sign -nodetach -in data.txt \
        -signer rsa.crt -inkey rsa-sha256.pem -keyopt rsa_padding_mode:pss \
        -keyopt rsa_pss_saltlen:-1 -outform PEM -out signed.cms
    check "  verifies" command openssl cms -verify -in signed.cms -inform PEM \
        -CAfile rsa.crt -purpose any -out /dev/null
    expect_exit 3 "cms -sign with another digest is refused" openssl cms $p \
        -sign -md sha384 -in data.txt -signer rsa.crt -inkey rsa-sha256.pem \
        -outform PEM -out none.cms
    errors_have "  and says why" 'PSS signatures alone'
}

# Ordinary keys for PSS, with the module first: every command does what it does
# without the module.
openssl_in() {
    case $1 in
    first)
        shift
        _command=$1
        shift
        openssl "$_command" -provider mhsm -provider default "$@"
        ;;
    alone)
        shift
        command openssl "$@"
        ;;
    esac
}

same_way() {
    _what=$1
    shift
    for _where in alone first; do
        _code=0
        openssl_in "$_where" "$@" >"$_where.out" 2>/dev/null || _code=$?
        echo "exit $_code" >>"$_where.out"
    done
    check "$_what" cmp alone.out first.out
}

for limits in "" "-pkeyopt rsa_pss_keygen_md:sha256" \
    "-pkeyopt rsa_pss_keygen_md:sha512 -pkeyopt rsa_pss_keygen_mgf1_md:sha512 \
     -pkeyopt rsa_pss_keygen_saltlen:40"; do
    # shellcheck disable=SC2086 # flags
    check "genpkey -algorithm RSA-PSS $limits" openssl_in first genpkey \
        -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 $limits -out soft.pem
    check "  its certificate" openssl_in first req -x509 -new -key soft.pem \
        -subj /CN=soft -days 7 -out soft.crt
    check "  verifies" command openssl verify -check_ss_sig -CAfile soft.crt \
        soft.crt
    same_way "  pkey" pkey -in soft.pem
    same_way "  pkey -text" pkey -in soft.pem -text
    same_way "  pkey -outform DER" pkey -in soft.pem -outform DER
    same_way "  pkey -traditional" pkey -in soft.pem -traditional
    same_way "  pkey -pubout -text" pkey -in soft.pem -pubout -text
    same_way "  pkey -check" pkey -in soft.pem -check -noout
    same_way "  pkcs8" pkcs8 -topk8 -nocrypt -in soft.pem
    same_way "  rsa" rsa -in soft.pem
    same_way "  x509 -text" x509 -in soft.crt -text
    check "  pkcs12 -export" openssl_in first pkcs12 -export -inkey soft.pem \
        -in soft.crt -passout pass:secret -out soft.p12
    same_way "  pkcs12" pkcs12 -in soft.p12 -passin pass:secret -nodes
    for options in "-sha256" "-sha512" "-sha1" \
        "-sha256 -sigopt rsa_padding_mode:pkcs1" \
        "-sha512 -sigopt rsa_pss_saltlen:30" \
        "-sha512 -sigopt rsa_pss_saltlen:max"; do
        codes=
        for where in alone first; do
            code=0
            # shellcheck disable=SC2086 # flags
            openssl_in $where dgst $options -sign soft.pem -out sig data.txt \
                2>/dev/null || code=$?
            codes="$codes $code"
        done
        equal "  dgst $options ends the same" "${codes##* }" \
            "$(echo "$codes" | cut -d' ' -f2)"
    done
done

check "a certificate by PSS of an ordinary RSA key" openssl_in first req -x509 \
    -newkey rsa:2048 -noenc -keyout soft.pem -sha256 -subj /CN=soft -days 7 \
    -sigopt rsa_padding_mode:pss -out soft.crt
check "  verifies" command openssl verify -check_ss_sig -CAfile soft.crt soft.crt

# TLS.
serve() {
    # Not by the function openssl: what is started must be the server itself.
    # shellcheck disable=SC2086 # flags
    env LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
        openssl s_server $p -accept 127.0.0.1:0 -cert "$1" -key "$2" \
        -www >server.log 2>&1 </dev/null &
    server=$!
    started "$server"
    await grep -q '^ACCEPT ' server.log
    port=$(accept_port server.log)
}

serve rsa.crt rsa-sha256.pem
for version in 1_2 1_3; do
    check "TLS $version, rsa_pss_pss_sha256" sh -c "command openssl s_client \
        -tls$version -connect 127.0.0.1:$port -CAfile rsa.crt \
        -verify_return_error -sigalgs rsa_pss_pss_sha256 </dev/null"
    output_has "  verified" 'Verify return code: 0'
    output_has "  by PSS" 'Peer signature type: (rsa_pss_pss_sha256|RSA-PSS)'
    expect_exit 1 "TLS $version, rsa_pss_pss_sha384 alone has no signature" \
        sh -c "command openssl s_client -tls$version \
        -connect 127.0.0.1:$port -CAfile rsa.crt -verify_return_error \
        -sigalgs rsa_pss_pss_sha384 </dev/null"
done
check "curl" curl -sS --cacert rsa.crt -o page \
    --resolve "localhost:$port:127.0.0.1" "https://localhost:$port/"
stop "$server"

# A CA whose key is for PSS, and requests of every kind.
check "the CA's reference" mhsm key pem --name ca --pss sha256 --out ca.pem
ca_files
# shellcheck disable=SC2086 # flags
{
    check "the CA's certificate" openssl req $p -x509 -new -key ca.pem \
        -sha256 -subj /CN=CA -days 7 -out ca.crt
    for key in mhsm:rsa mhsm:ec rsa-any.pem rsa-sha256.pem rsa-sha384.pem; do
        case $key in *384*) md=sha384 ;; *) md=sha256 ;; esac
        check "req with $key" openssl req $p -new -key "$key" -$md \
            -subj "/CN=$key" -out req.csr
        check "  its own signature holds" command openssl req -in req.csr \
            -noout -verify
        check "  ca issues" openssl ca $p -config ca.cnf -batch -notext \
            -in req.csr -cert ca.crt -keyfile ca.pem -out issued.crt
        check "  verifies" command openssl verify -CAfile ca.crt issued.crt
    done
    check "ca revokes" openssl ca $p -config ca.cnf -cert ca.crt \
        -keyfile ca.pem -revoke issued.crt
    check "ca -gencrl" openssl ca $p -config ca.cnf -gencrl -cert ca.crt \
        -keyfile ca.pem -out ca.crl
    check "  the CRL verifies" command openssl crl -in ca.crl -CAfile ca.crt \
        -noout
    expect_exit 2 "  and the certificate is revoked" command openssl verify \
        -crl_check -CRLfile ca.crl -CAfile ca.crt issued.crt
    # The responder from files: what a daemon would answer.
    check "an OCSP request" command openssl ocsp -no_nonce \
        -issuer ca.crt -cert issued.crt -cert db/1000.pem -reqout ocsp.req
    check "an OCSP answer" openssl ocsp $p -index db/index.txt -rsigner ca.crt \
        -rkey ca.pem -CA ca.crt -reqin ocsp.req -respout ocsp.der
    check "  verifies" command openssl ocsp -issuer ca.crt -CAfile ca.crt \
        -cert issued.crt -cert db/1000.pem -reqin ocsp.req -respin ocsp.der
    output_has "  revoked" 'issued.crt: revoked'
    output_has "  and good" '1000.pem: good'
}

# Made in the HSM, for PSS from the start.
# shellcheck disable=SC2086 # flags
{
    check "genpkey -algorithm RSA-PSS in the HSM" openssl genpkey $p \
        -propquery provider=mhsm -algorithm RSA-PSS -pkeyopt mhsm-key:made \
        -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha384 \
        -out made.pem
    check "  its certificate" openssl req $p -x509 -new -key made.pem -sha384 \
        -subj /CN=made -days 7 -out made.crt
    check "  verifies" command openssl verify -check_ss_sig -CAfile made.crt \
        made.crt
    control reset >/dev/null
    expect_exit 1 "with a salt that the HSM does not make" openssl genpkey $p \
        -propquery provider=mhsm -algorithm RSA-PSS -pkeyopt mhsm-key:none \
        -pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:20 \
        -out none.pem
    errors_have "  it says so" 'a salt as long'
    equal "  before any request" "$(control stats | jq .requests)" 0
}

finish
