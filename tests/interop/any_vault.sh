#!/bin/bash
# SPDX-License-Identifier: MIT
# mhsm and the provider with any Key Vault: the life of an RSA and an EC key with
# nothing but documented options. Without arguments with the emulator as a vault;
# with the endpoint of another one, whose options are in the environment:
#
#   MHSM_RESOURCE=https://vault.azure.net MHSM_CA_FILE=ca.pem AZURE_CLIENT_ID=...
#   tests/interop/any_vault.sh https://localhost:8444
#
# Keys are made under names of this run, and purged in the end.
# shellcheck disable=SC2034 # for interop.bash
client=any_vault
# shellcheck source-path=SCRIPTDIR source=interop.bash
. "${0%/*}/interop.bash"
p="-provider default -provider mhsm"

if [ $# -eq 0 ]; then
    interop_start --memory --vault standard
    # As a user would have it: the emulator's own environment says more.
    unset MHSM_VERIFY_CHALLENGE_RESOURCE
    export MHSM_RESOURCE=https://vault.azure.net
else
    export MHSM_ENDPOINT=$1
    cd "$work"
    : >results
fi
run=walk-$$-$RANDOM
head -c 1000 /dev/urandom >text
head -c 32 /dev/urandom >dek

# code CODE COMMAND...: with just that code. ("!" would not end a step.)
code() {
    local seen=0
    "${@:2}" || seen=$?
    [ "$seen" -eq "$1" ]
}

make() { # NAME OPTION...
    mhsm key create --name "$@" -o json | jq -e --arg name "/keys/$1/" \
        '.key.kid | contains($name)'
}

reads() { # NAME KTY
    mhsm key show --name "$1" -o json | jq -e --arg kty "$2" '.key.kty == $kty'
    mhsm key show --name "$1" -o tsv | grep -q "^$1"
    mhsm key list -o tsv | cut -f 1 | grep -qx "$1"
    mhsm key list-versions --name "$1" -o tsv | wc -l | grep -qx 1
}

changes() { # NAME
    mhsm key update --name "$1" --tags a=b --enabled no
    mhsm key show --name "$1" -o json |
        jq -e '.tags == {"a": "b"} and .attributes.enabled == false'
    code 4 mhsm sign --name "$1" --in text --out refused
    [ ! -e refused ]
    mhsm key update --name "$1" --enabled yes
}

signs() { # NAME ALGORITHM
    mhsm sign --name "$1" -a "$2" --in text --out signature
    mhsm verify --name "$1" -a "$2" -s signature text
    mhsm verify --name "$1" -a "$2" -s signature --remote text
    # Another text is seen, here and there.
    code 6 mhsm verify --name "$1" -a "$2" -s signature dek
    code 6 mhsm verify --name "$1" -a "$2" -s signature --remote dek
}

openssl_signs() { # NAME OPTION...
    local name=$1
    shift
    # shellcheck disable=SC2086 # words
    openssl dgst $p -sha256 "$@" -sign "mhsm:$name" -out signature text
    mhsm key download --name "$name" --out public.pem
    command openssl dgst -sha256 "$@" -verify public.pem -signature signature text
    mhsm key pem --name "$name" --out reference.pem
    # shellcheck disable=SC2086 # words
    openssl dgst $p -sha256 "$@" -sign reference.pem -out signature text
    command openssl dgst -sha256 "$@" -verify public.pem -signature signature text
}

requests() { # NAME
    # shellcheck disable=SC2086 # words
    openssl req $p -x509 -new -key "mhsm:$1" -subj "/CN=$1" -days 1 -out crt.pem
    command openssl verify -CAfile crt.pem crt.pem
}

ciphers() { # NAME ALGORITHM
    local how
    for how in "" --remote; do
        # shellcheck disable=SC2086 # words
        mhsm encrypt --name "$1" -a "$2" --in dek --out secret $how
        mhsm decrypt --name "$1" -a "$2" --in secret --out plain
        cmp dek plain
        # shellcheck disable=SC2086 # words
        mhsm wrap --name "$1" -a "$2" --in dek --out wrapped --format json $how
        # The wrapped key says by itself which key and version it is for.
        mhsm unwrap --in wrapped --out plain
        cmp dek plain
    done
}

openssl_decrypts() { # NAME
    mhsm key download --name "$1" --out public.pem
    command openssl pkeyutl -encrypt -pubin -inkey public.pem -in dek \
        -pkeyopt rsa_padding_mode:oaep -out secret
    # shellcheck disable=SC2086 # words
    openssl pkeyutl $p -decrypt -inkey "mhsm:$1" -in secret \
        -pkeyopt rsa_padding_mode:oaep -out plain
    cmp dek plain
}

# Whoever made the key can verify what the vault signs with it.
imports() { # NAME OPTION...
    command openssl genpkey "${@:2}" -out mine.pem
    mhsm key import --name "$1" mine.pem
    # shellcheck disable=SC2086 # words
    openssl dgst $p -sha256 -sign "mhsm:$1" -out signature text
    command openssl dgst -sha256 -prverify mine.pem -signature signature text
}

rotates() { # NAME
    mhsm sign --name "$1" --in text --out before --format json
    mhsm key rotate --name "$1"
    mhsm key list-versions --name "$1" -o tsv | wc -l | grep -qx 2
    # The signature names its version, which is not the latest any more.
    mhsm verify -s before text
    mhsm key rotation-policy set --name "$1" --after-create P90D --expiry P1Y
    mhsm key rotation-policy show --name "$1" -o json |
        jq -e '.lifetimeActions[] | select(.action.type | ascii_downcase == "rotate").trigger.timeAfterCreate == "P90D"'
}

saves() { # NAME
    mhsm key backup --name "$1" --out "$1.backup"
    mhsm key delete --name "$1" --yes --wait 60
    code 3 mhsm key show --name "$1"
    mhsm key list-deleted -o tsv | cut -f 1 | grep -qx "$1"
    mhsm key show-deleted --name "$1"
    mhsm key recover --name "$1" --wait 60
    mhsm key show --name "$1"
    mhsm key delete --name "$1" --yes --wait 60
    mhsm key purge --name "$1" --yes --wait 60
    code 3 mhsm key show-deleted --name "$1"
    mhsm key restore "$1.backup"
    mhsm sign --name "$1" --in text --out signature
}

ends() { # NAME
    mhsm key delete --name "$1" --yes --wait 60
    mhsm key purge --name "$1" --yes --wait 60
}

many() {
    local i
    for i in $(seq 27); do
        mhsm key create --name "$run-page-$i" --kty EC >many.log
    done
    mhsm key list -o tsv | grep -c "^$run-page-" | grep -qx 27
    for i in $(seq 27); do
        mhsm key delete --name "$run-page-$i" --yes
    done
    for i in $(seq 27); do
        mhsm key purge --name "$run-page-$i" --yes --wait 60
    done
}

step "a missing key" code 3 mhsm key show --name "$run-none"
step "rsa create" make "$run-rsa" --kty RSA --size 2048
step "ec create" make "$run-ec" --kty EC --curve P-256
step "rsa read" reads "$run-rsa" RSA
step "ec read" reads "$run-ec" EC
for alg in RS256 RS384 RS512 PS256 PS384 PS512; do
    step "rsa $alg" signs "$run-rsa" $alg
done
step "ec ES256" signs "$run-ec" ES256
step "rsa openssl, PKCS#1" openssl_signs "$run-rsa"
step "rsa openssl, PSS" openssl_signs "$run-rsa" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
step "ec openssl" openssl_signs "$run-ec"
step "rsa certificate" requests "$run-rsa"
step "ec certificate" requests "$run-ec"
for alg in RSA1_5 RSA-OAEP RSA-OAEP-256; do
    step "rsa $alg" ciphers "$run-rsa" $alg
done
step "rsa openssl decrypts" openssl_decrypts "$run-rsa"
step "rsa update" changes "$run-rsa"
step "rsa import" imports "$run-rsa-mine" -algorithm RSA -pkeyopt rsa_keygen_bits:2048
step "ec import" imports "$run-ec-mine" -algorithm EC -pkeyopt ec_paramgen_curve:P-256
for curve in P-384 P-521; do
    step "ec $curve create" make "$run-$curve" --kty EC --curve $curve
    step "ec $curve" signs "$run-$curve" "ES$((${curve#P-} * 3 / 4 / 128 * 128 + 128))"
    step "ec $curve purge" ends "$run-$curve"
done
step "rsa rotate" rotates "$run-rsa"
step "ec backup, delete, recover, purge, restore" saves "$run-ec"
step "rsa backup, delete, recover, purge, restore" saves "$run-rsa"
step "lists over a page" many
for name in rsa ec rsa-mine ec-mine; do
    step "$name purge" ends "$run-$name"
done
interop_finish
