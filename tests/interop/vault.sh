#!/bin/bash
# SPDX-License-Identifier: MIT
# The clients of keys against the emulator as a Key Vault: software keys of a
# standard one, keys in an HSM of a premium one; and the provider with both.
# shellcheck disable=SC2034 # for interop.bash
client=vault
# shellcheck source-path=SCRIPTDIR source=interop.bash
. "${0%/*}/interop.bash"
p="-provider default -provider mhsm"

# The provider with a key that is there.
signs() { # NAME
    # shellcheck disable=SC2086 # words
    {
        openssl dgst $p -sha256 -sign "mhsm:$1" -out signature results
        openssl pkey $p -in "mhsm:$1" -pubout -out public
    }
    command openssl dgst -sha256 -verify public -signature signature results
}

uses() { # KTY NAME
    step "$1 signs by openssl" signs "$2"
    step "$1 signs by mhsm" mhsm sign --name "$2" --in results --out signature
}

key() {
    az keyvault key "$1" --vault-name localhost --name "$2" "${@:3}"
}

# The Azure CLI with a key of that type.
az_life() { # KTY NAME ALGORITHM OPTION...
    local kty=$1 name=$2 alg=$3 digest signature
    shift 3
    digest=$(command openssl dgst -sha256 -binary results | base64 -w0)
    key create "$name" --kty "$kty" "$@" | jq -e --arg kty "$kty" '.key.kty == $kty'
    signature=$(key sign "$name" --algorithm "$alg" --digest "$digest" | jq -r .signature)
    key verify "$name" --algorithm "$alg" --digest "$digest" --signature "$signature" | jq -e .isValid
    key rotate "$name" | jq -e .key.kid
    key list-versions "$name" | jq -e 'length == 2'
    key backup "$name" --file "$name.backup"
    key delete "$name" | jq -e '.recoveryId != null'
    key recover "$name"
    key delete "$name"
    key purge "$name"
    az keyvault key restore --vault-name localhost --file "$name.backup"
    key list-versions "$name" | jq -e 'length == 2'
}

for tier in standard premium; do
    export TEST_VAULT=$tier
    state=$work/$tier
    interop_start --memory --vault "$tier"
    echo "Key Vault, $tier"
    walk python "$here/python/keys.py"
    walk javascript keys.mjs
    session $tier
    cloud >cloud.log 2>&1
    az_principal "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET" >login.log
    hsm=
    [ $tier = standard ] || hsm=-HSM
    step "RSA$hsm by the Azure CLI" az_life RSA$hsm az-rsa RS256 --size 2048
    step "EC$hsm by the Azure CLI" az_life EC$hsm az-ec ES256 --curve P-256
    uses RSA$hsm az-rsa
    uses EC$hsm az-ec
    stop "$emulator_pid"
done
interop_finish
