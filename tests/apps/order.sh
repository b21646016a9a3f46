#!/bin/sh
# SPDX-License-Identifier: MIT
# The openssl command with ordinary keys and no keys of the HSM: every outcome
# is the same with the default provider alone and with the module listed last,
# first, or preferred by property; and the HSM hears of none of it.
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"

cat >sections <<TEXT
[req]
distinguished_name = req_name
[req_name]
[ca]
default_ca = authority
[authority]
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
crlnumber = crlnumber
[any]
commonName = supplied
TEXT
configure alone.cnf default <sections
configure last.cnf "default mhsm" <sections
configure first.cnf "mhsm default" <sections
configure preferred.cnf "default mhsm" "?provider=mhsm" <sections

# What all start from is made with the default provider alone.
plain() {
    OPENSSL_CONF=$work/alone.cnf command openssl "$@" 2>>plain.log
}
echo "an ordinary text" >text
mkdir input
for curve in P-256 P-384 P-521 secp256k1 brainpoolP256r1; do
    plain genpkey -algorithm EC -pkeyopt group:$curve -out input/$curve.pem
done
plain genpkey -algorithm RSA -out input/rsa.pem
plain genpkey -algorithm RSA-PSS -pkeyopt bits:2048 -out input/pss.pem
plain genpkey -algorithm X25519 -out input/x25519.pem
plain genpkey -algorithm ED25519 -out input/ed25519.pem
plain genpkey -algorithm X25519 -out input/peer.pem
plain genpkey -algorithm EC -pkeyopt group:P-256 -out input/ecpeer.pem
for key in rsa P-256 P-384 ed25519 pss; do
    plain req -x509 -new -key input/$key.pem -subj /CN=localhost -days 9 \
        -addext subjectAltName=DNS:localhost -out input/$key.crt
    plain req -new -key input/$key.pem -subj /CN=$key -out input/$key.csr
    plain pkey -in input/$key.pem -pubout -out input/$key.pub
done
for key in x25519 peer ecpeer; do
    plain pkey -in input/$key.pem -pubout -out input/$key.pub
done
plain dgst -sha256 -sign input/rsa.pem -out input/rsa.sig text
plain dgst -sha256 -sign input/P-256.pem -out input/ec.sig text
plain pkcs12 -export -inkey input/rsa.pem -in input/rsa.crt -passout pass:pw \
    -out input/rsa.p12
plain cms -encrypt -in text -out input/rsa.cms input/rsa.crt
plain cms -encrypt -in text -out input/ec.cms input/P-256.crt
plain cms -sign -nodetach -in text -signer input/P-256.crt \
    -inkey input/P-256.pem -out input/ec.signed
plain pkcs8 -topk8 -in input/P-256.pem -passout pass:pw -out input/p8.pem
plain ec -in input/P-256.pem -out input/traditional.pem
plain dgst -sha256 -binary text >input/digest

# same KIND NAME COMMAND...: `exact`: with the same output octet for octet;
# `works`: it succeeds; `fails`: it fails; each time in a folder of its own.
same() {
    _kind=$1
    _what=$2
    shift 2
    for _order in alone last first preferred; do
        rm -rf "run.$_order"
        cp -r input "run.$_order"
        cp text "run.$_order"
        (
            cd "run.$_order"
            : >index
            echo 01 >serial
            echo 01 >crlnumber
            _code=0
            env LD_PRELOAD="$TEST_PRELOAD" OPENSSL_CONF="$work/$_order.cnf" \
                "$@" >../out.$_order 2>../err.$_order </dev/null || _code=$?
            echo "$_code" >../code.$_order
        )
        _code=$(cat code.$_order)
        case $_kind in
        fails) _good=$([ "$_code" -ne 0 ] && echo yes) || : ;;
        *) _good=$([ "$_code" -eq 0 ] && echo yes) || : ;;
        esac
        if [ "$_good" != yes ]; then
            fail "$_what, $_order (exit $_code)" out.$_order err.$_order
        elif [ "$_kind" = exact ] && ! cmp -s out.alone out.$_order; then
            fail "$_what, $_order: another output" out.alone out.$_order
        else
            pass "$_what, $_order"
        fi
    done
}

for algorithm in "RSA -pkeyopt bits:2048" "RSA-PSS -pkeyopt bits:2048" \
    "EC -pkeyopt group:P-256" "EC -pkeyopt group:P-521" \
    "EC -pkeyopt group:brainpoolP256r1" \
    "EC -pkeyopt group:P-256 -pkeyopt ec_param_enc:explicit" X25519 X448 \
    ED25519 ED448 "DH -pkeyopt group:ffdhe2048"; do
    # shellcheck disable=SC2086 # flags
    same works "genpkey $algorithm" openssl genpkey -algorithm $algorithm
done
same works "genrsa" openssl genrsa 2048
same works "ecparam -genkey" openssl ecparam -name P-384 -genkey
same fails "an unknown curve" openssl genpkey -algorithm EC -pkeyopt group:P-1
same works "req -newkey" openssl req -x509 -newkey rsa:2048 -noenc -subj /CN=a \
    -keyout new.pem
for key in rsa P-256 P-384 P-521 secp256k1 brainpoolP256r1 pss x25519 \
    ed25519; do
    same exact "pkey -pubout of $key" openssl pkey -in $key.pem -pubout
    same exact "pkey -text of $key" openssl pkey -in $key.pem -text
    same works "pkey -check of $key" openssl pkey -in $key.pem -check -noout
    same exact "pkey -outform DER of $key" openssl pkey -in $key.pem \
        -outform DER
done
same exact "rsa -text" openssl rsa -in rsa.pem -text
same exact "rsa -modulus" openssl rsa -in rsa.pem -modulus -noout
same exact "rsa -traditional" openssl rsa -in rsa.pem -traditional
same exact "ec -text" openssl ec -in P-256.pem -text
same exact "a traditional key" openssl pkey -in traditional.pem -pubout
same exact "an encrypted key" openssl pkey -in p8.pem -passin pass:pw -pubout
same fails "its wrong pass phrase" openssl pkey -in p8.pem -passin pass:no
same works "pkcs8 -topk8" openssl pkcs8 -topk8 -in rsa.pem -passout pass:pw
same exact "x509 -text" openssl x509 -in rsa.crt -text -noout
same exact "x509 -pubkey" openssl x509 -in P-256.crt -pubkey -noout
same exact "req -text -verify" openssl req -in P-384.csr -text -noout -verify
for key in rsa P-256 P-384 ed25519 pss; do
    same exact "verify $key" openssl verify -CAfile $key.crt $key.crt
    same works "x509 -req signed by $key" openssl x509 -req -in P-256.csr \
        -CA $key.crt -CAkey $key.pem -days 2
    same works "ca signed by $key" openssl ca -batch -notext -days 2 \
        -config "$work/alone.cnf" -cert $key.crt -keyfile $key.pem -in rsa.csr
    same works "a CRL by $key" openssl ca -gencrl -crldays 2 \
        -config "$work/alone.cnf" -cert $key.crt -keyfile $key.pem
done
for md in sha1 sha256 sha384 sha512 sha3-256; do
    same exact "RSA and $md" openssl dgst -$md -sign rsa.pem text
    same works "ECDSA and $md" openssl dgst -$md -sign P-256.pem text
done
same works "RSA-PSS" openssl dgst -sha256 -sigopt rsa_padding_mode:pss \
    -sign rsa.pem text
same exact "verify RSA" openssl dgst -sha256 -verify rsa.pub \
    -signature rsa.sig text
same exact "verify ECDSA" openssl dgst -sha256 -verify P-256.pub \
    -signature ec.sig text
same fails "a signature of another text" openssl dgst -sha256 -verify \
    P-256.pub -signature ec.sig digest
same exact "verifyrecover" openssl pkeyutl -verifyrecover -pubin \
    -inkey rsa.pub -in rsa.sig
same exact "sign a digest" openssl pkeyutl -sign -inkey rsa.pem -in digest \
    -pkeyopt digest:sha256
same exact "sign with no digest named" openssl pkeyutl -sign -inkey rsa.pem \
    -in digest
same exact "Ed25519" openssl pkeyutl -sign -rawin -inkey ed25519.pem -in text
for padding in pkcs1 oaep; do
    same works "encrypt with $padding" openssl pkeyutl -encrypt -pubin \
        -inkey rsa.pub -in digest -pkeyopt rsa_padding_mode:$padding
    same exact "encrypt and decrypt with $padding" sh -c "openssl pkeyutl \
        -encrypt -pubin -inkey rsa.pub -in digest -out e \
        -pkeyopt rsa_padding_mode:$padding && openssl pkeyutl -decrypt \
        -inkey rsa.pem -in e -pkeyopt rsa_padding_mode:$padding"
done
same exact "X25519 derive" openssl pkeyutl -derive -inkey x25519.pem \
    -peerkey peer.pub
same exact "ECDH derive" openssl pkeyutl -derive -inkey P-256.pem \
    -peerkey ecpeer.pub
same works "pkcs12 -export" openssl pkcs12 -export -inkey P-256.pem \
    -in P-256.crt -passout pass:pw
same works "pkcs12" openssl pkcs12 -in rsa.p12 -passin pass:pw -noenc
same works "cms -sign with RSA" openssl cms -sign -in text -signer rsa.crt \
    -inkey rsa.pem
same works "cms -sign with ECDSA" openssl cms -sign -in text -signer P-256.crt \
    -inkey P-256.pem
same exact "cms -verify" openssl cms -verify -in ec.signed -CAfile P-256.crt \
    -purpose any
same exact "cms -decrypt, RSA" openssl cms -decrypt -in rsa.cms \
    -recip rsa.crt -inkey rsa.pem
same exact "cms -decrypt, ECDH" openssl cms -decrypt -in ec.cms \
    -recip P-256.crt -inkey P-256.pem
same works "smime -sign" openssl smime -sign -in text -signer rsa.crt \
    -inkey rsa.pem
same exact "enc" openssl enc -aes-256-cbc -K 00 -iv 00 -in text
same exact "HMAC" openssl mac -digest SHA256 -macopt hexkey:00 -in text HMAC
same exact "HKDF" openssl kdf -keylen 16 -kdfopt digest:SHA256 \
    -kdfopt hexkey:00 -kdfopt hexsalt:00 HKDF
same works "rand" openssl rand 16
same works "spkac" openssl spkac -key rsa.pem -digest sha256
same exact "storeutl" openssl storeutl -keys -noout rsa.pem
equal "the HSM heard nothing" "$(control stats | jq .requests)" 0
finish
