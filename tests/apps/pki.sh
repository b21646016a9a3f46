#!/bin/sh
# SPDX-License-Identifier: MIT
# Two levels of certificate authority by openssl ca, once with RSA and once with
# EC keys in the HSM throughout: certificates, revocation lists, OCSP answers,
# time stamps and signed and encrypted mail, all verified without the provider.
. "${0%/*}/../lib.sh"

emulator_start
p="-provider default -provider mhsm"
cd "$work"

cat >ca.cnf <<'TEXT'
[ca]
default_ca = CA
[CA]
dir = $ENV::CA_DIR
database = $dir/index.txt
new_certs_dir = $dir/certs
serial = $dir/serial
crlnumber = $dir/crlnumber
certificate = $dir.pem
default_md = sha384
default_days = 30
default_crl_days = 30
policy = any
unique_subject = no
crl_extensions = list
[any]
commonName = supplied
[list]
authorityKeyIdentifier = keyid:always
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[sub]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth,emailProtection
subjectAltName = DNS:localhost
authorityKeyIdentifier = keyid:always
[ocsp]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,OCSPSigning
authorityKeyIdentifier = keyid:always
[stamp]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
authorityKeyIdentifier = keyid:always
[tsa]
default_tsa = one
[one]
serial = ./tsa.serial
signer_digest = sha384
default_policy = 1.2.3.4
digests = sha256,sha384
ess_cert_id_alg = sha256
TEXT

# ca DIR OPTION...: as the authority in that folder, with its key in the HSM.
ca() {
    export CA_DIR=$1
    shift
    # shellcheck disable=SC2086 # flags
    openssl ca $p -config ca.cnf -batch -notext -keyfile "mhsm:$CA_DIR" "$@"
}

# request NAME KEY OPTIONS: a key in the HSM, a reference to it, and a request.
request() {
    # shellcheck disable=SC2086 # words and flags
    {
        check "a key for $1" mhsm key create --name "$1" $2
        check "  a reference to it" mhsm key pem --name "$1" --out "$1.key"
        check "  a request" openssl req $p -new -key "$1.key" -subj "/CN=$1" \
            -out "$1.csr"
    }
}

# authority NAME: what openssl ca keeps.
authority() {
    mkdir -p "$1/certs"
    : >"$1/index.txt"
    echo 1000 >"$1/serial"
    echo 01 >"$1/crlnumber"
}

# status NAME EXPECTED: ask the responder of $sub about a certificate.
status() {
    check "OCSP: a question about $1" command openssl ocsp -issuer "$sub.pem" \
        -cert "$1.pem" -reqout question.der -no_nonce
    # shellcheck disable=SC2086 # flags
    check "  an answer" openssl ocsp $p -index "$sub/index.txt" \
        -CA "$sub.pem" -rsigner "$sub-ocsp.pem" -rkey "$sub-ocsp.key" \
        -reqin question.der -respout answer.der -ndays 1
    check "  verifies" command openssl ocsp -issuer "$sub.pem" \
        -cert "$1.pem" -respin answer.der -CAfile "$root.pem" \
        -verify_other "$sub.pem"
    output_has "  and says $2" "^$1.pem: $2"
    errors_have "  with a good signature" '^Response verify OK'
}

echo data >data.txt
for kind in "rsa --kty RSA --size 3072" "ec --kty EC --curve P-384"; do
    options=${kind#* }
    kind=${kind%% *}
    root=$kind-root
    sub=$kind-sub
    leaf=$kind-leaf

    authority "$root"
    authority "$sub"
    request "$root" "$options"
    check "$root signs itself" ca "$root" -selfsign -extensions root \
        -in "$root.csr" -out "$root.pem"
    request "$sub" "$options"
    check "$root signs $sub" ca "$root" -extensions sub -in "$sub.csr" \
        -out "$sub.pem"
    for name in "$leaf" "$kind-gone" "$sub-ocsp" "$kind-stamp"; do
        case $name in
        *-ocsp) section=ocsp ;;
        *-stamp) section=stamp ;;
        *) section=leaf ;;
        esac
        request "$name" "$options"
        check "$sub signs $name" ca "$sub" -extensions $section \
            -in "$name.csr" -out "$name.pem"
        check "  which verifies" command openssl verify -x509_strict \
            -CAfile "$root.pem" -untrusted "$sub.pem" "$name.pem"
    done

    # Revocation.
    check "$sub revokes $kind-gone" ca "$sub" -revoke "$kind-gone.pem" \
        -crl_reason keyCompromise
    for issuer in "$root" "$sub"; do
        check "$issuer lists what is revoked" ca "$issuer" -gencrl \
            -out "$issuer.crl"
        check "  which verifies" command openssl crl -in "$issuer.crl" \
            -CAfile "$issuer.pem" -noout
        errors_have "  by its signature" 'verify OK'
    done
    cat "$root.crl" "$sub.crl" >all.crl
    check "$leaf is valid" command openssl verify -crl_check_all \
        -CRLfile all.crl -CAfile "$root.pem" -untrusted "$sub.pem" "$leaf.pem"
    expect_exit 2 "$kind-gone is not" command openssl verify -crl_check_all \
        -CRLfile all.crl -CAfile "$root.pem" -untrusted "$sub.pem" \
        "$kind-gone.pem"
    errors_have "  for it is revoked" 'certificate revoked'
    status "$leaf" good
    status "$kind-gone" revoked

    # Time stamps, with the chain in them.
    check "a question for the time" command openssl ts -query -data data.txt \
        -sha384 -cert -out data.tsq
    # shellcheck disable=SC2086 # flags
    check "  an answer" openssl ts $p -reply -config ca.cnf -section one \
        -queryfile data.tsq -inkey "$kind-stamp.key" -chain "$sub.pem" \
        -signer "$kind-stamp.pem" -out data.tsr
    check "  verifies" command openssl ts -verify -data data.txt -in data.tsr \
        -CAfile "$root.pem"

    # Mail, signed and, where the key can decrypt, encrypted.
    # shellcheck disable=SC2086 # flags
    check "cms -sign with $leaf" openssl cms $p -sign -nodetach -md sha384 \
        -in data.txt -signer "$leaf.pem" -inkey "$leaf.key" \
        -certfile "$sub.pem" -outform PEM -out data.cms
    check "  verifies" command openssl cms -verify -in data.cms -inform PEM \
        -CAfile "$root.pem" -out /dev/null
done

# A responder that stays, and answers by a key of the HSM each time.
sub=rsa-sub
root=rsa-root
# Not by the function openssl: what is started must be the responder itself.
# shellcheck disable=SC2086 # flags
env LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
    openssl ocsp $p -index $sub/index.txt -CA $sub.pem \
    -rsigner $sub-ocsp.pem -rkey $sub-ocsp.key -port 0 -ndays 1 \
    >responder.log 2>&1 &
started "$!"
await grep -q '^ACCEPT .*:[0-9]* PID' responder.log
port=$(sed -n 's/^ACCEPT .*:\([0-9]*\) PID.*$/\1/p' responder.log)
for question in "rsa-leaf good" "rsa-gone revoked" "rsa-stamp good"; do
    name=${question% *}
    check "a responder asked about $name" command openssl ocsp \
        -issuer $sub.pem -cert "$name.pem" -url "http://127.0.0.1:$port" \
        -CAfile $root.pem -verify_other $sub.pem
    output_has "  says ${question#* }" "^$name.pem: ${question#* }"
    errors_have "  with a good signature" '^Response verify OK'
done

# Requests by keys that are not the HSM's, and of other kinds.
for kind in ED25519 X25519 "EC -pkeyopt group:brainpoolP256r1" RSA-PSS; do
    # shellcheck disable=SC2086 # flags
    check "a key of kind $kind" command openssl genpkey -algorithm $kind \
        -out own.key
    case $kind in
    X25519) # it cannot sign a request: its public key alone is certified
        check "  its public key" command openssl pkey -in own.key -pubout \
            -out own.pub
        # shellcheck disable=SC2086 # flags
        check "  x509 -force_pubkey" openssl x509 $p -new -subj /CN=own \
            -force_pubkey own.pub -CA $sub.pem -CAkey $sub.key -days 2 \
            -out own.pem
        ;;
    *)
        check "  its request" command openssl req -new -key own.key \
            -subj /CN=own -out own.csr
        check "  ca signs it" ca $sub -extensions leaf -in own.csr -out own.pem
        ;;
    esac
    check "  which verifies" command openssl verify -CAfile $root.pem \
        -untrusted $sub.pem own.pem
done

leaf=rsa-leaf
for option in "-aes256" "-aes-256-gcm"; do
    check "cms -encrypt $option, offline" command openssl cms -encrypt \
        "$option" -in data.txt -recip $leaf.pem -outform PEM -out secret.cms \
        -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256
    for key in mhsm:$leaf $leaf.key; do
        # shellcheck disable=SC2086 # flags
        check "  cms -decrypt with $key" openssl cms $p -decrypt -inform PEM \
            -in secret.cms -recip $leaf.pem -inkey $key -out again.txt
        check "  the same text" command diff --strip-trailing-cr data.txt \
            again.txt
    done
done

finish
