#!/bin/sh
# SPDX-License-Identifier: MIT
# A disaster: the security domain of one HSM goes into another. By holders on
# one machine and on several, with keys in files, in an HSM and at a provider;
# and what must not go wrong on the way.
# shellcheck disable=SC2034,SC2119 # read by emulator_start, which takes options
. "${0%/*}/../lib.sh"

cd "$work"

sd() {
    mhsm security-domain "$@"
}

# hsm NAME: the HSM of that name, started when it is not there yet. The first is
# active: it has a holder's key.
hsm() {
    state=$work/$1
    if [ -s "$state/env" ]; then
        # shellcheck disable=SC1091
        . "$state/env"
    else
        activated=
        [ "$1" != first ] || activated=--activated
        emulator_start
    fi
}

requests() {
    control stats | jq .requests
}

# The first HSM, whose holders are in files, and one in an HSM.
hsm first
check "a holder's key in the HSM" mhsm key create --name erin --kty RSA --size 2048 --ops sign,decrypt
printf 'of carol\n' >password
printf 'of carol\nof dave\n' >passwords
check "keygen" sd keygen --holder alice --holder bob --holder erin=mhsm:erin --size 2048 --unencrypted --out keys
equal "  makes no key for who has one" "$(cd keys && echo *)" "alice.cer alice.key bob.cer bob.key erin.cer"
check "  whose certificate is signed there" command openssl verify -check_ss_sig -CAfile keys/erin.cer keys/erin.cer
command openssl x509 -in keys/erin.cer -pubkey -noout >erin.pub
check "  for that key" mhsm key download --name erin --out erin.hsm
check "  the same" cmp erin.pub erin.hsm
expect_exit 3 "keygen with a key that is not there" sd keygen --holder a --holder b --holder c=mhsm:none --unencrypted --out none
errors_have "  is told" 'holder c=mhsm:none: '
expect_exit 2 "keygen with what is no key" sd keygen --holder a --holder b --holder c=file:none --unencrypted --out none
equal "  leaves nothing" "$(ls -d none .mhsm* 2>/dev/null)" ""
check "an EC key" mhsm key create --name ec --kty EC --curve P-256
expect_exit 2 "is none for a holder" sd keygen --holder a --holder b --holder c=mhsm:ec --unencrypted --out none
errors_have "  is told" 'is an RSA key'

check "download" sd download --wrapping-cert keys/alice.cer --wrapping-cert keys/bob.cer --wrapping-cert keys/erin.cer --quorum 2 --out sd.json
check "verify with the key in the HSM" sd verify sd.json --key keys/alice.key --key mhsm:erin --cert keys/bob.cer --cert keys/erin.cer
output_has "  which opens its share" '^3 +opens '
output_has "  and the missing one is known by name" '^2 +missing .*CN=bob'
expect_exit 2 "without its certificate" sd verify sd.json --key keys/alice.key --key mhsm:erin --cert keys/bob.cer
errors_have "  is told" 'none of the certificates of --cert is of mhsm://'
expect_exit 3 "a key that is not there" sd verify sd.json --key mhsm:none --cert keys/erin.cer
errors_have "  is named" 'key mhsm:none: '
expect_exit 2 "a URI that nobody knows" sd verify sd.json --key pkcs11:object=none
errors_have "  is told" 'name the OpenSSL provider that has it with --key-provider'
check "a key that may not decrypt" mhsm key update --name erin --ops sign
expect_exit 4 "  is told" sd verify sd.json --key keys/alice.key --key mhsm:erin --cert keys/erin.cer
check "a key that may unwrap" mhsm key update --name erin --ops sign,unwrapKey
check "  is enough" sd verify sd.json --key keys/alice.key --key mhsm:erin --cert keys/erin.cer
jq -c '.SharedKeys.enc_shares[2].enc_key = .SharedKeys.enc_shares[0].enc_key' sd.json >foreign.json
expect_exit 6 "a share that the HSM does not open" sd verify foreign.json --key mhsm:erin --key keys/alice.key --key keys/bob.key --cert keys/erin.cer
errors_have "  is told" 'holder CN=erin, .*: the private key does not open it'

# The same key by the store of a provider, and keys of its file store.
configure openssl.cnf "default mhsm" </dev/null
at_provider() {
    env OPENSSL_CONF="$work/openssl.cnf" "$TEST_COMMAND" security-domain "$@"
}
check "verify with a provider's store" at_provider verify sd.json --key keys/alice.key --key-provider mhsm --key mhsm:erin --cert keys/erin.cer
expect_exit 2 "  not without the certificate" at_provider verify sd.json --key-provider mhsm --key mhsm:erin --cert keys/bob.cer
errors_have "  is told" 'none of the 1 certificates is of this key'
expect_exit 2 "a key that its store has not" at_provider verify sd.json --key-provider mhsm --key mhsm:none --cert keys/erin.cer
errors_have "  is named" 'key mhsm:none: .*gives no private key|key mhsm:none: .*does not open it'
expect_exit 2 "a provider that is not there" at_provider verify sd.json --key-provider none --key none:1 --cert keys/erin.cer
errors_have "  is told" 'the OpenSSL provider none cannot be loaded'
echo 'openssl_conf = none' >broken.cnf
OPENSSL_CONF=$work/broken.cnf expect_exit 2 "an openssl.cnf that cannot be" sd verify sd.json --key-provider default --key file:none --cert keys/erin.cer
errors_have "  is told" 'openssl.cnf cannot be used'
command openssl pkcs8 -topk8 -in keys/bob.key -passout file:password -out bob.enc
check "a store that asks for a password" sd verify sd.json --key-provider default --key "file:$work/bob.enc" --key keys/alice.key --cert keys/bob.cer --password-file password
expect_exit 2 "  none" setsid "$TEST_COMMAND" security-domain verify sd.json --key-provider default --key "file:$work/bob.enc" --cert keys/bob.cer </dev/null
errors_have "  is told" 'needs a password, and there is no terminal'
expect_exit 2 "  a wrong one" sd verify sd.json --key-provider default --key "file:$work/bob.enc" --cert keys/bob.cer --password-fd 3 3<<'TEXT'
wrong
TEXT
errors_have "  is told" 'gives no private key'
cat keys/alice.key keys/bob.key >two.pem
expect_exit 2 "a URI of two keys" sd verify sd.json --key-provider default --key "file:$work/two.pem" --cert keys/bob.cer
errors_have "  is told" 'more than one private key'

# The second HSM, to be restored.
hsm second
check "status of a new HSM" sd status
output_has "  no download" '^download +None '
output_has "  no upload" '^upload +None '
expect_exit 3 "wait for nothing" sd wait
check "init-recovery" sd init-recovery --out exchange.pem
output_has "  tells the thumbprint" "^Thumbprint: +$(command openssl x509 -in exchange.pem -outform DER | command openssl dgst -sha256 -binary | base64 -w0 | tr '+/' '-_' | tr -d =)"
equal "  PEM as the Azure CLI writes it" "$(awk 'NR > 1 && !/END/ { print length($0) }' exchange.pem | sort -n | uniq | tail -1)" 65
equal "  without an end of line" "$(tail -c 1 exchange.pem)" -
before=$(requests)
expect_exit 1 "a file that is there" sd init-recovery --out exchange.pem
errors_have "  stays" 'exchange.pem exists: nothing is overwritten'
expect_exit 1 "a name that cannot be" sd init-recovery --out no/such.pem
equal "  nobody was asked" "$(requests)" "$before"
check "init-recovery to standard output" sd init-recovery --out -
cp out printed.pem
check "  the same key, and nothing else" cmp printed.pem exchange.pem
check "init-recovery, json" sd init-recovery --out again.pem -o json
equal "  has all of it" "$(jq -r '[.subject, .file, (keys | length)] | join(" ")' out)" "CN=transfer-key again.pem 4"

# On the machine without a network, with a key in the first HSM and one in a
# file. Then on a machine with one.
hsm first
check "restore-blob with the key in the HSM" sd restore-blob sd.json --key mhsm:erin --cert keys/erin.cer --key keys/bob.key --exchange-key exchange.pem --out blob.json
before=$(requests)
check "restore-blob in files" sd restore-blob sd.json --key keys/alice.key --key keys/bob.key --exchange-key exchange.pem --out blob.json
equal "  asks nobody" "$(requests)" "$before"
hsm second
before=$(requests)
expect_exit 2 "a blob that is not looked at" sd upload blob.json --restore-blob
errors_have "  is told" 'either --exchange-key, .* or --unchecked'
expect_exit 2 "a blob and keys" sd upload blob.json --restore-blob --exchange-key exchange.pem --key keys/alice.key
errors_have "  is told" 'takes no holders'
expect_exit 2 "a blob for another key" sd upload blob.json --restore-blob --exchange-key keys/alice.cer
errors_have "  is told" 'blob.json: the restore blob is for another exchange key'
while IFS=@ read -r filter told; do
    jq -c "$filter" blob.json >wrong.json
    expect_exit 6 "not sent: $filter" sd upload wrong.json --restore-blob --exchange-key exchange.pem
    errors_have "  is told" "$told"
done <<'ROWS'
[]@no JSON object
del(.WrappedKey)@no object WrappedKey
.WrappedKey.x5t_256 = 1@no x5t_256
del(.WrappedKey.enc_key)@WrappedKey: it has no enc_key
.WrappedKey.enc_key = "a.b"@WrappedKey: it has 2 parts, not 5
.EncData.data = []@nothing to restore
.EncData.data[1].tag = .EncData.data[0].tag@the same tag
.EncData.data[0].compact_jwe |= .[:-1]@EncData.data\[0\]
ROWS
expect_exit 6 "a security domain is no blob" sd upload sd.json --restore-blob --exchange-key exchange.pem
: >empty
expect_exit 6 "an empty blob" sd upload empty --restore-blob --exchange-key exchange.pem
expect_exit 2 "no exchange key" sd upload sd.json --key keys/alice.key --key keys/bob.key
errors_have "  is told" 'exchange-key is missing'
errors_have "  with what gets one" 'init-recovery'
expect_exit 2 "too few keys" sd upload sd.json --exchange-key exchange.pem --key keys/alice.key
errors_have "  is told" '1 of the holders are there, but the quorum is 2'
expect_exit 2 "no file" sd upload --restore-blob --unchecked
equal "nobody was asked" "$(requests)" "$before"

# What the HSM refuses.
printf '{}' >garbage
expect_exit 1 "an unchecked blob is sent" sd upload garbage --restore-blob --unchecked
errors_have "  and refused by the HSM" 'cannot upload the security domain: '
errors_have "  with what to do" 'hint: .*init-recovery'
check "a blob for another key" sd restore-blob sd.json --key keys/alice.key --key keys/bob.key --exchange-key keys/alice.cer --out other.json
expect_exit 1 "  sent unchecked" sd upload other.json --restore-blob --unchecked
errors_have "  is refused" 'hint: .*init-recovery'
control principals '{"name":"other"}' >other-principal.json
as_other() {
    env AZURE_CLIENT_ID="$(jq -r .client_id other-principal.json)" AZURE_CLIENT_SECRET="$(jq -r .client_secret other-principal.json)" "$TEST_COMMAND" security-domain "$@"
}
for words in "init-recovery --out none.pem" "upload blob.json --restore-blob --unchecked" status wait; do
    # shellcheck disable=SC2086
    expect_exit 4 "without the role: $words" as_other $words
    errors_have "  is told which one" 'Managed HSM Administrator'
done
AZURE_CLIENT_SECRET=wrong expect_exit 4 "without a token" sd upload blob.json --restore-blob --unchecked
equal "nothing of that has begun anything" "$(sd status -o json | jq -c '[.[].status]')" '["None","None"]'

# What fails later, in the HSM.
control faults '{"faults":[{"route":"domainupload","action":"doom"}]}' >/dev/null
expect_exit 5 "an upload that fails in the HSM" sd upload blob.json --restore-blob --exchange-key exchange.pem
output_has "  shows its state" '^State: +Failed'
errors_have "  is told" 'did not restore the security domain: The Security Domain could not be processed'
expect_exit 5 "wait tells the same" sd wait
equal "status too" "$(sd status -o tsv | awk -F'\t' '$1 == "upload" {print $2}')" Failed

# Interrupted, late, and taken up again.
control faults '{"faults":[{"route":"domainpending","action":"slow","ms":2500,"count":1}]}' >/dev/null
# A shell's background process ignores SIGINT unless it is told otherwise.
cat >interrupt.py <<'TEXT'
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
child = subprocess.Popen(sys.argv[2:])
time.sleep(float(sys.argv[1]))
child.send_signal(signal.SIGINT)
sys.exit(-child.wait())
TEXT
expect_exit 2 "Ctrl-C while the HSM works" python3 interrupt.py 2 "$TEST_COMMAND" security-domain upload blob.json --restore-blob --exchange-key exchange.pem
errors_have "  says what it did" 'interrupted: the HSM is not restored yet'
errors_have "  and how to take it up" 'hint: .*mhsm security-domain wait'
check "  which waits for the rest" sd wait
output_has "  that goes well" '^State: +Success'
check "  json" sd wait --operation upload -o json
equal "    has it" "$(jq -r .status out)" Success

# An HSM that is active.
expect_exit 1 "another upload" sd upload blob.json --restore-blob --exchange-key exchange.pem
errors_have "  is refused" 'active and has a security domain'
expect_exit 1 "another exchange key" sd init-recovery --out none.pem
errors_have "  is refused" 'only an HSM that was never activated can be restored'
equal "  and nothing is written" "$(ls none.pem .mhsm* 2>/dev/null)" ""

# It is the same domain now: a download from it opens, and has the same data.
check "download from the second" sd download --wrapping-cert keys/alice.cer --wrapping-cert keys/bob.cer --wrapping-cert keys/erin.cer --quorum 2 --out second.json
equal "  has the same data" "$(sd inspect second.json -o json | jq -c .data)" "$(sd inspect sd.json -o json | jq -c .data)"

# New holders, where the HSM lives.
check "keys of new holders" sd keygen --holder carol --holder dave --holder frank --size 2048 --password-fd 3 --out new 3<<'TEXT'
of carol
of dave
of frank
TEXT
new="--new-wrapping-cert new/carol.cer --new-wrapping-cert new/dave.cer --new-wrapping-cert new/frank.cer --quorum 2"
before=$(requests)
# shellcheck disable=SC2086 # lists of words, here and below
{
    expect_exit 2 "rewrap online with an old key" sd rewrap sd.json --online --key keys/alice.key $new --out rewrapped.json
    expect_exit 2 "rewrap offline with new keys" sd rewrap sd.json --key keys/alice.key --key keys/bob.key --new-key new/carol.key $new --out rewrapped.json
    expect_exit 6 "rewrap of what is none" sd rewrap blob.json --online $new --out rewrapped.json
    equal "  nobody was asked" "$(requests)" "$before"
    check "rewrap online" sd rewrap sd.json --online $new --new-key new/carol.key --new-key new/dave.key --password-file passwords --out rewrapped.json
    check "  opens with the new keys" sd verify rewrapped.json --key new/carol.key --key new/dave.key --password-file passwords
    check "  and the old file with the old ones" sd verify sd.json --key keys/alice.key --key keys/bob.key
    expect_exit 2 "rewrap proved by too few" sd rewrap sd.json --online $new --new-key new/carol.key --password-file password --out kept.json
    errors_have "  tells it" '1 of the holders are there, but the quorum is 2'
    errors_have "  and keeps the file" 'kept.json is written: keep it'
    output_has "  while the HSM goes on" '^State: +Success'
    check "  which is whole" sd verify kept.json --key new/carol.key --key new/dave.key --password-file passwords
}

# The third: straight from the keys, and not waited for.
hsm third
check "init-recovery of the third" sd init-recovery --out third.pem
check "upload with keys" sd upload rewrapped.json --key new/carol.key --key new/dave.key --password-file passwords --exchange-key third.pem --no-wait
output_has "  is not waited for" '^State: +InProgress'
check "  wait" sd wait --wait 60
output_has "  does" '^State: +Success'

# The fourth: no machine sees the keys of two holders.
hsm fourth
check "init-recovery of the fourth" sd init-recovery --out fourth.pem
check "a key pair for who combines" sd share prepare --size 2048 --unencrypted --out combine
mkdir one two
cp keys/alice.* one
cp keys/bob.* two
check "the first holder" sd share open sd.json --key one/alice.key --combiner combine/combiner.cer --out one.share
check "the second" sd share open sd.json --key two/bob.key --combiner combine/combiner.cer --out two.share
check "combine" sd share combine sd.json --share one.share --share two.share --combiner-key combine/combiner.key --exchange-key fourth.pem --out fourth.json
expect_exit 2 "a blob for the third" sd upload fourth.json --restore-blob --exchange-key third.pem
control faults '{"faults":[{"route":"domainpending","action":"slow","ms":1500,"count":1}]}' >/dev/null
expect_exit 5 "upload, not in time" sd upload fourth.json --restore-blob --exchange-key fourth.pem --wait 1
errors_have "  is told" 'the HSM is not restored yet: The Security Domain is being restored'
check "  wait" sd wait
output_has "  does" '^State: +Success'

# The fifth: of shares at once; and what breaks on the way.
hsm fifth
check "init-recovery of the fifth" sd init-recovery --out fifth.pem
control faults '{"faults":[{"route":"domainupload","action":"reset","count":1}]}' >/dev/null
expect_exit 5 "an upload that breaks" sd upload sd.json --share one.share --share two.share --combiner-key combine/combiner.key --exchange-key fifth.pem
errors_have "  is not sent again, and told" 'it may have arrived all the same: mhsm security-domain status'
# Once without a token, to be told whose is wanted, and once with it.
equal "  and was sent once" "$(control stats | jq '.routes["POST /securitydomain/upload"]')" 2
check "the same again" sd upload sd.json --share one.share --share two.share --combiner-key combine/combiner.key --exchange-key fifth.pem
output_has "  is done" '^State: +Success'

finish
