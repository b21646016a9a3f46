#!/bin/sh
# SPDX-License-Identifier: MIT
# openssl cmp: a client and a certificate authority, whose keys are all in the
# HSM, speak the Certificate Management Protocol; requests are signed by the old
# key, prove possession of the new one, and the answers are signed too.
. "${0%/*}/../lib.sh"

emulator_start
p="-provider default -provider mhsm"
cd "$work"

# certificate NAME KEY SIGNER OPTION...: by the authority's key, or its own.
certificate() {
    _of=$1
    _by=$2
    shift 2
    # shellcheck disable=SC2086 # flags
    {
        check "a request by $_of" openssl req $p -new -key "mhsm:$_of" "$@" \
            -subj "/CN=$_of" -out "$_of.csr"
        if [ "$_of" = "$_by" ]; then
            check "  its certificate" openssl req $p -x509 -key "mhsm:$_of" \
                "$@" -in "$_of.csr" -days 9 -out "$_of.crt"
        else
            check "  its certificate" openssl x509 $p -req -in "$_of.csr" \
                -CA "$_by.crt" -CAkey "mhsm:$_by" "$@" -days 9 -out "$_of.crt"
        fi
    }
}

for kind in "rsa --kty RSA --size 2048" "ec --kty EC --curve P-256"; do
    options=${kind#* }
    kind=${kind%% *}
    for name in ca old new; do
        # shellcheck disable=SC2086 # flags
        check "create $kind-$name" mhsm key create --name $kind-$name $options
        certificate "$kind-$name" "$kind-ca" -sha256
    done
    check "a reference to $kind-new" mhsm key pem --name "$kind-new" \
        --out "$kind-new.key"
    for key in "mhsm:$kind-new" $kind-new.key; do
        for command in ir cr kur; do
            rm -f got.crt
            # The old certificate of an update is that of the answer to it.
            old=
            [ $command != kur ] || old="-oldcert $kind-new.crt"
            control reset >/dev/null
            # shellcheck disable=SC2086 # flags
            check "cmp -cmd $command for $key" openssl cmp $p -use_mock_srv \
                -srv_cert $kind-ca.crt -srv_key mhsm:$kind-ca \
                -srv_trusted $kind-ca.crt -rsp_cert $kind-new.crt \
                -cmd $command -cert $kind-old.crt -key mhsm:$kind-old \
                -newkey "$key" -subject /CN=$kind-new -digest sha256 $old \
                -trusted $kind-ca.crt -certout got.crt
            check "  the certificate that was due" cmp got.crt "$kind-new.crt"
            equal "  signed by old key, new key and authority" \
                "$(control stats | jq '[.routes | to_entries[] |
                    select(.key | endswith("/sign")) | .value] | add > 2')" true
        done
    done
    # shellcheck disable=SC2086 # flags
    check "cmp -cmd p10cr" openssl cmp $p -use_mock_srv \
        -srv_cert $kind-ca.crt -srv_key mhsm:$kind-ca \
        -srv_trusted $kind-ca.crt -rsp_cert $kind-new.crt -cmd p10cr \
        -cert $kind-old.crt -key mhsm:$kind-old -csr $kind-new.csr \
        -digest sha256 -trusted $kind-ca.crt -certout got.crt
    # shellcheck disable=SC2086 # flags
    check "cmp -cmd rr" openssl cmp $p -use_mock_srv \
        -srv_cert $kind-ca.crt -srv_key mhsm:$kind-ca \
        -srv_trusted $kind-ca.crt -rsp_cert $kind-new.crt -cmd rr \
        -cert $kind-old.crt -key mhsm:$kind-old -oldcert $kind-new.crt \
        -digest sha256 -trusted $kind-ca.crt
done

# A client whose key has no right to be used.
# shellcheck disable=SC2086 # flags
{
    check "a key that only verifies" mhsm key create --name mute --kty RSA \
        --ops verify
    expect_exit 1 "cmp with a key that may not sign" openssl cmp $p \
        -use_mock_srv -srv_cert rsa-ca.crt -srv_key mhsm:rsa-ca \
        -srv_trusted rsa-ca.crt -rsp_cert rsa-new.crt -cmd ir \
        -cert rsa-old.crt -key mhsm:rsa-old -newkey mhsm:mute \
        -subject /CN=mute -digest sha256 -trusted rsa-ca.crt -certout none.crt
    output_has "  says so" 'key_ops'
    expect_exit 1 "  and gets nothing" test -s none.crt
}
finish
