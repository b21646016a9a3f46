#!/bin/bash
# SPDX-License-Identifier: MIT
# Keys made by one client are used by another, and by the provider.
# shellcheck disable=SC2034 # for interop.bash
client=exchange
# shellcheck source-path=SCRIPTDIR source=interop.bash
. "${0%/*}/interop.bash"
interop_start --memory
session administrator
cloud >cloud.log 2>&1
az_principal "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET" >login.log

p="-provider default -provider mhsm"
printf 'an order\n' >message

use() { # python|javascript USE WORD...
    case $1 in
    python) python "$here/python/use.py" "${@:2}" ;;
    javascript) javascript use.mjs "${@:2}" ;;
    esac
}

key() {
    az keyvault key "$1" --hsm-name localhost --name "$2" "${@:3}"
}

# shellcheck disable=SC2086 # flags
{
    # By the Azure CLI.
    check "the CLI makes an RSA key" key create cli --kty RSA-HSM --size 2048
    check "  openssl signs with it" openssl dgst $p -sha256 -sign mhsm:cli \
        -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -out pss message
    check "  the Python SDK verifies" use python verify cli PS256 message pss
    check "  the HSM does, asked by JavaScript" use javascript verify cli PS256 message pss
    check "  mhsm signs" mhsm sign --name cli --algorithm RS256 --in message --out pkcs1
    check "  the Python SDK verifies" use python verify cli RS256 message pkcs1
    check "  the public key of the CLI" key download cli --file cli.pub --encoding PEM
    check "  verifies as well" command openssl dgst -sha256 -verify cli.pub -signature pkcs1 message
    check "  the Python SDK encrypts" use python encrypt cli RSA-OAEP-256 message sealed
    check "  openssl decrypts" openssl pkeyutl $p -decrypt -inkey mhsm:cli -in sealed -out opened \
        -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256
    check "  the same" cmp message opened

    # By the Python SDK.
    check "Python makes an EC key" use python create python
    check "  openssl signs with it" openssl dgst $p -sha256 -sign mhsm:python -out signature message
    check "  the Python SDK verifies" use python verify python ES256 message signature
    check "  the SDK signs" use python sign python ES256 message theirs
    check "  openssl verifies" openssl pkey $p -in mhsm:python -pubout -out python.pub
    check "  with the public key" command openssl dgst -sha256 -verify python.pub -signature theirs message
    check "  mhsm signs" mhsm sign --name python --algorithm ES256 --in message --out raw
    digest=$(command openssl dgst -sha256 -binary message | base64 -w0)
    check "  the CLI verifies" key verify python --algorithm ES256 --digest "$digest" \
        --signature "$(base64 -w0 raw)"
    output_has "  and says so" '"isValid": true'

    # By the JavaScript SDK.
    head -c 32 /dev/urandom >dek
    check "JavaScript makes an AES key" use javascript create javascript
    check "  and wraps" use javascript wrap javascript A256KW dek wrapped
    check "  openssl unwraps" openssl pkeyutl $p -decrypt -inkey mhsm:javascript -in wrapped -out again
    check "  the same" cmp dek again
    check "  openssl wraps" openssl pkeyutl $p -encrypt -inkey mhsm:javascript -in dek -out ours
    check "  JavaScript unwraps" use javascript unwrap javascript A256KW ours again
    check "  the same" cmp dek again

    # By openssl.
    check "openssl makes an EC key" openssl genpkey $p -propquery provider=mhsm -algorithm EC \
        -pkeyopt group:P-384 -pkeyopt mhsm-key:openssl -out openssl.pem
    check "  the SDK signs with it" use python sign openssl ES384 message theirs
    check "  its reference" openssl pkey $p -in openssl.pem -pubout -out openssl.pub
    check "  verifies" command openssl dgst -sha384 -verify openssl.pub -signature theirs message
    check "  the CLI shows it" key show openssl
    output_has "  with its curve" '"crv": "P-384"'

    # A backup by one, restored by another, is the same key.
    check "the CLI backs a key up" key backup cli --file backup
    check "  deletes it" key delete cli
    check "  and purges it" key purge cli
    expect_exit 1 "  openssl finds none" openssl pkey $p -in mhsm:cli -noout
    check "  Python restores it" use python restore backup
    check "  openssl signs" openssl dgst $p -sha256 -sign mhsm:cli -out pkcs1 message
    check "  with the same key" command openssl dgst -sha256 -verify cli.pub -signature pkcs1 message
}
finish
