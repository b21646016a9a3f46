#!/bin/sh
# SPDX-License-Identifier: MIT
# A zone signed by BIND's own programs with keys of the HSM, which they name by
# its URI: dnssec-keyfromlabel and dnssec-signzone, from BIND 9.20 on. Older
# ones take such names for an engine's alone, and say that there is none.
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
configure openssl.cnf "default mhsm" </dev/null

# bind COMMAND...: with the module, as the configuration gives it.
bind() {
    LD_PRELOAD="$TEST_PRELOAD" OPENSSL_CONF="$work/openssl.cnf" "$@"
}

cat >zone <<'TEXT'
$TTL 300
@ IN SOA ns.example.test. root.example.test. 1 3600 900 86400 300
@ IN NS ns.example.test.
ns IN A 192.0.2.1
TEXT

for kind in "ECDSAP256SHA256 --kty EC --curve P-256" \
    "ECDSAP384SHA384 --kty EC --curve P-384" \
    "RSASHA256 --kty RSA --size 2048" "RSASHA512 --kty RSA --size 3072"; do
    options=${kind#* }
    kind=${kind%% *}
    for role in ZSK KSK; do
        # shellcheck disable=SC2086 # words
        check "create $kind-$role" mhsm key create --name "$kind-$role" $options
    done
done

version=$(dnssec-signzone -V 2>&1)
case $version in
*" 9.18."*)
    control reset >/dev/null
    expect_exit 1 "$version" bind dnssec-keyfromlabel \
        -a ECDSAP256SHA256 -l mhsm:ECDSAP256SHA256-ZSK example.test
    errors_have "  knows engines alone" 'no engine'
    equal "  and asks for nothing" "$(control stats | jq .requests)" 0
    finish
    exit
    ;;
esac

for kind in ECDSAP256SHA256 ECDSAP384SHA384 RSASHA256 RSASHA512; do
    mkdir "$kind"
    check "dnssec-keyfromlabel, $kind" bind dnssec-keyfromlabel -K "$kind" \
        -a "$kind" -l "mhsm:$kind-ZSK" example.test
    check "  and the key that signs keys" bind dnssec-keyfromlabel -K "$kind" \
        -a "$kind" -l "mhsm:$kind-KSK" -f KSK example.test
    control reset >/dev/null
    check "dnssec-signzone, $kind" bind dnssec-signzone -S -K "$kind" \
        -o example.test -f "$kind/signed" zone
    equal "  by the HSM" "$(control stats | jq '[.routes | to_entries[] |
        select(.key | endswith("/sign")) | .value] | add >= 5')" true
    check "  and it verifies without" command dnssec-verify -o example.test \
        "$kind/signed"
done

stop "$emulator_pid"
rm -f signed
expect_exit 1 "dnssec-signzone without an HSM" env MHSM_TIMEOUT=1s \
    LD_PRELOAD="$TEST_PRELOAD" OPENSSL_CONF="$work/openssl.cnf" \
    dnssec-signzone -S -K RSASHA256 -o example.test -f signed zone
expect_exit 1 "  and nothing is written" test -s signed
finish
