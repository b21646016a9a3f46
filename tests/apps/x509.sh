#!/bin/sh
# SPDX-License-Identifier: MIT
# Certificates: self-signed, requests, a CA by x509 and by ca with its CRL,
# PSS and CMS, all with keys in the HSM and all verified by the
# default provider alone.
. "${0%/*}/../lib.sh"

emulator_start
p="-provider default -provider mhsm"
check "create the CA's key" mhsm key create --name ca --kty RSA --size 3072
check "create an EC key" mhsm key create --name ec --kty EC --curve P-384
cd "$work"

# shellcheck disable=SC2086 # flags
{
    check "req -x509 with RSA" openssl req $p -x509 -new -key mhsm:ca -sha256 \
        -subj /CN=CA -days 30 -out ca.pem
    check "req -x509 with ECDSA" openssl req $p -x509 -new -key mhsm:ec \
        -sha384 -subj /CN=EC -days 30 -out ec.pem
    check "req -x509 with PSS" openssl req $p -x509 -new -key mhsm:ca -sha256 \
        -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1 \
        -subj /CN=PSS -days 30 -out pss.pem
}
for cert in ca ec pss; do
    check "  $cert.pem verifies by itself" command openssl verify \
        -check_ss_sig -CAfile "$cert.pem" "$cert.pem"
done
command openssl x509 -in ec.pem -noout -text >ec.txt
equal "ecdsa-with-SHA384 is named" \
    "$(grep -c 'Signature Algorithm: ecdsa-with-SHA384' ec.txt)" 2
command openssl x509 -in pss.pem -noout -text >pss.txt
check "the PSS parameters are complete" grep -q 'Salt Length: 0x20' pss.txt
# AlgorithmIdentifier of ECDSA has no parameters: the OID closes the sequence.
command openssl asn1parse -in ec.pem >ec.asn1
equal "ECDSA has no NULL parameters" \
    "$(grep -A1 'ecdsa-with-SHA384' ec.asn1 | grep -c NULL)" 0

# shellcheck disable=SC2086 # flags
{
    check "req with the EC key" openssl req $p -new -key mhsm:ec -sha384 \
        -subj /CN=server -out server.csr
    check "  its own signature holds" command openssl req -in server.csr \
        -noout -verify
    check "x509 -req by the CA" openssl x509 $p -req -in server.csr \
        -CA ca.pem -CAkey mhsm:ca -days 7 -out server.pem
    check "  verifies" command openssl verify -CAfile ca.pem server.pem
    check "x509 -req with PSS" openssl x509 $p -req -in server.csr \
        -CA ca.pem -CAkey mhsm:ca -days 7 -sigopt rsa_padding_mode:pss \
        -sigopt rsa_pss_saltlen:digest -out server-pss.pem
    check "  verifies" command openssl verify -CAfile ca.pem server-pss.pem
}

ca_files
# shellcheck disable=SC2086 # flags
{
    check "openssl ca issues" openssl ca $p -config ca.cnf -batch -notext \
        -in server.csr -cert ca.pem -keyfile mhsm:ca -out issued.pem
    check "  verifies" command openssl verify -CAfile ca.pem issued.pem
    check "openssl ca revokes" openssl ca $p -config ca.cnf -cert ca.pem \
        -keyfile mhsm:ca -revoke issued.pem
    check "openssl ca -gencrl" openssl ca $p -config ca.cnf -gencrl \
        -cert ca.pem -keyfile mhsm:ca -out ca.crl
    check "  the CRL verifies" command openssl crl -in ca.crl -CAfile ca.pem \
        -noout
    expect_exit 2 "  and the certificate is revoked" command openssl verify \
        -crl_check -CRLfile ca.crl -CAfile ca.pem issued.pem
}
echo data >data.txt

# CMS.
# shellcheck disable=SC2086 # flags
{
    check "cms -sign with RSA" openssl cms $p -sign -nodetach -in data.txt -signer ca.pem \
        -inkey mhsm:ca -outform PEM -out rsa.cms
    check "  verifies" command openssl cms -verify -in rsa.cms -inform PEM \
        -CAfile ca.pem -purpose any -out /dev/null
    check "cms -sign with PSS" openssl cms $p -sign -nodetach -in data.txt \
        -signer ca.pem -inkey mhsm:ca -keyopt rsa_padding_mode:pss \
        -keyopt rsa_pss_saltlen:-1 -outform PEM -out pss.cms
    check "  verifies" command openssl cms -verify -in pss.cms -inform PEM \
        -CAfile ca.pem -purpose any -out /dev/null
    check "cms -sign with ECDSA" openssl cms $p -sign -nodetach -md sha384 -in data.txt \
        -signer server.pem -inkey mhsm:ec -outform PEM -out ec.cms
    check "  verifies" command openssl cms -verify -in ec.cms -inform PEM \
        -CAfile ca.pem -purpose any -out /dev/null
    check "cms -encrypt (OAEP SHA-256) offline" command openssl cms -encrypt \
        -aes256 -in data.txt -recip ca.pem -keyopt rsa_padding_mode:oaep \
        -keyopt rsa_oaep_md:sha256 -outform PEM -out oaep.cms
    check "cms -decrypt in the HSM" openssl cms $p -decrypt -in oaep.cms \
        -inform PEM -recip ca.pem -inkey mhsm:ca -out data.again
}
check "  the same text" command diff --strip-trailing-cr data.txt data.again

finish
