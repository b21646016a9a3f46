#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm security-domain, offline: keys made by openssl and by the command, every
# quorum of 3-of-5, holders on separate machines, new holders, and the restore
# blob opened by the openssl command alone.
. "${0%/*}/../lib.sh"

vectors=$TEST_SOURCE/tests/data/security-domain
cd "$work"

plain() {
    command openssl "$@"
}

sd() {
    mhsm security-domain "$@"
}

# The holders of the vectors, with files named as the command expects them.
for i in 0 1 2; do
    cp "$vectors/sd_3of2/cert_$i.cer" "h$i.cer"
    cp "$vectors/sd_3of2/cert_$i.key.der" "h$i.key"
done
cp "$vectors/sd_3of2/sd.json" sd.json

check "inspect" sd inspect sd.json --cert h1.cer
output_has "  tells the quorum" '^Quorum: +2 of 3 holders$'
output_has "  a holder by his name" '^2 +whole +RiBLAi7hmdj6LInGrC_FDr5tdH6ceE3RoPzR6Ni54GY +CN=sd cert 1'
check "inspect, json" sd inspect sd.json --cert h1.cer -o json
equal "  has all of it" "$(jq -c '[.version, .quorum, (.data | length), (.holders | length), .holders[1].subject]' out)" '[2,2,3,3,"CN=sd cert 1"]'
check "inspect, tsv" sd inspect sd.json -o tsv
equal "  is a line each" "$(wc -l <out | tr -d ' ')" 3
expect_exit 2 "no file" sd inspect
errors_have "  is asked for" 'which security domain'

check "verify by a quorum" sd verify sd.json --key h2.key --key h0.key
output_has "  tells who is there" '^1 +opens '
output_has "  who is missing" '^2 +missing '
output_has "  and that it opens" '^These keys open the security domain'
check "verify by all" sd verify sd.json --key h2.key --key h0.key --key h1.key -o json
equal "  who are there" "$(jq -c '[.holders[].state]' out)" '["opens","opens","opens"]'
expect_exit 2 "verify by one" sd verify sd.json --key h2.key
errors_have "  is too few" '1 of the holders are there, but the quorum is 2'
expect_exit 2 "the same key twice" sd verify sd.json --key h2.key --key h2.key
errors_have "  is told" 'is given twice'
cp h2.key alone.key
expect_exit 2 "a key without a certificate" sd verify sd.json --key alone.key
errors_have "  is told" 'alone.key: its certificate is missing'
cp h1.cer alone.cer
expect_exit 2 "with another's certificate" sd verify sd.json --key alone.key
errors_have "  is told" 'does not belong to the certificate of CN=sd cert 1'

# Each of the files that are not as they should be.
while read -r name code text; do
    expect_exit "$code" "negative: $name" sd verify "$vectors/negative/$name.json" --key h0.key --key h1.key
    [ "$code" -eq 0 ] || errors_have "  says why" "$text"
done <<'TEXT'
data0_changed 6 EncData.data\[0\] \(hsm_backup\): the authentication tag does not fit
data0_changed_and_tag_cut_16 6 EncData.data\[0\] \(hsm_backup\): its authentication tag has 16 octets
data0_tag_renamed 6 EncData.data\[0\] .*: the authentication tag does not fit
data_empty 6 there is nothing to restore
empty_object 6 no object EncData
kdf_missing 0
kdf_other 2 EncData.kdf is not sp108_kdf
key_algorithm_other 2 key_algorithm is not shamir_share
no_encdata 6 no object EncData
no_sharedkeys 6 no object SharedKeys
not_json 6 no JSON object
required_1 6 SharedKeys.required
required_11 6 SharedKeys.required
required_3 2 2 of the holders are there, but the quorum is 3
share0_tag_changed 6 enc_shares\[0\] \(holder CN=sd cert 0, YAzHl.*: the authentication tag does not fit
share0_tag_cut_16 6 enc_shares\[0\] \(holder YAzHl.*: its authentication tag has 16 octets
share_jwe_4_parts 6 enc_shares\[0\] \(holder YAzHl.*: it has 4 parts, not 5
share_x5t_swapped 6 enc_shares\[.\] \(holder CN=sd cert 1, .*: the private key does not open it
share_x5t_unknown 6 enc_shares\[1\]: the holder A+ is there twice
version_3 2 its version is not 2
version_missing 0
zero_bytes 6 is empty
TEXT

# Holders as the guide has people make them, and as others do.
plain req -newkey rsa:2048 -nodes -keyout n1.key -x509 -days 365 -subj /CN=one -out n1.cer 2>/dev/null
plain req -newkey rsa:3072 -nodes -keyout n2.tmp -x509 -days 365 -subj /CN=two -out n2.cer 2>/dev/null
plain rsa -in n2.tmp -traditional -out n2.key 2>/dev/null
printf 'third secret' >third
plain req -newkey rsa:2048 -passout file:third -keyout n3.key -x509 -days 365 -subj /CN=three -out n3.cer 2>/dev/null
plain req -newkey rsa:2048 -nodes -keyout n4.tmp -x509 -days 365 -subj /CN=four -out n4.crt 2>/dev/null
printf 'fourth \303\244' >fourth
plain rsa -in n4.tmp -traditional -aes128 -passout file:fourth -out n4.key 2>/dev/null
plain req -newkey rsa:2048 -nodes -keyout n5.tmp -x509 -days 365 -subj /CN=five -out n5.cer 2>/dev/null
cat n5.tmp n5.cer >n5.key
rm n5.cer
{ cat third; echo; cat fourth; echo; } >both
new_certs="--new-wrapping-cert n1.cer --new-wrapping-cert n2.cer --new-wrapping-cert n3.cer --new-wrapping-cert n4.crt --new-wrapping-cert n5.key"
# shellcheck disable=SC2086 # lists of words, here and below
check "rewrap for five of openssl's making" sd rewrap sd.json --key h0.key --key h1.key $new_certs --quorum 3 --out new.json
equal "  is readable by its owner only" "$(stat -c %a new.json)" 600
equal "  has the same data" "$(jq -c .EncData new.json)" "$(jq -c .EncData sd.json)"
equal "  and nothing else" "$(jq -c '[keys, .SharedKeys.required, (.SharedKeys.enc_shares | length)]' new.json)" '[["EncData","SharedKeys","version"],3,5]'
expect_exit 1 "a file that is there" sd rewrap sd.json --key h0.key --key h1.key $new_certs --quorum 3 --out new.json
errors_have "  stays" 'new.json exists: nothing is overwritten'
expect_exit 2 "a quorum of more than there are" sd rewrap sd.json --key h0.key --key h1.key --new-wrapping-cert n1.cer --new-wrapping-cert n2.cer --new-wrapping-cert n3.cer --quorum 4 --out none.json
errors_have "  is told" 'the quorum is 4; of 3 holders it is 2 to 3'
equal "  and nothing written" "$(ls none.json 2>/dev/null)" ""

passwords_of() {
    for _i in "$@"; do
        case $_i in
        3) cat third && echo ;;
        4) cat fourth && echo ;;
        esac
    done
}
quorums=0
for a in 1 2 3; do
    for b in 2 3 4; do
        for c in 3 4 5; do
            [ $a -lt $b ] && [ $b -lt $c ] || continue
            quorums=$((quorums + 1))
            passwords_of $a $b $c >list
            check "holders $a, $b and $c" sd verify new.json --key n$a.key --key n$b.key --key n$c.key --password-file list
        done
    done
done
equal "every quorum of 3-of-5" "$quorums" 10
expect_exit 2 "two are too few" sd verify new.json --key n1.key --key n2.key
expect_exit 2 "the old holders are none" sd verify new.json --key h0.key --key h1.key
errors_have "  is told" 'no share in the security domain is for the certificate of CN=sd cert 0'

# Passwords.
keys="--key n1.key --key n3.key --key n4.key"
check "passwords by a descriptor" sh -c '"$TEST_COMMAND" security-domain verify new.json --key n1.key --key n3.key --key n4.key --password-fd 3 3<both'
expect_exit 2 "none" setsid "$TEST_COMMAND" security-domain verify new.json $keys </dev/null
errors_have "  and no terminal" 'n3.key needs a password, and there is no terminal'
errors_have "  with the option" 'give --password-file or --password-fd'
expect_exit 2 "one too few" sd verify new.json $keys --password-file third
errors_have "  is told" 'third has no password for n4.key'
expect_exit 2 "in another order" sd verify new.json --key n4.key --key n3.key --key n1.key --password-file both
errors_have "  is told" 'n4.key: the password does not open the private key'
expect_exit 2 "one too many" sd verify new.json --key n1.key --key n2.key --key n3.key --password-file both
errors_have "  is told" 'more passwords than there are keys'
expect_exit 2 "two sources" sd verify new.json $keys --password-file both --password-fd 3
expect_exit 1 "a descriptor that is closed" sd verify new.json $keys --password-fd 77
errors_have "  is told" 'cannot read --password-fd'
cat >terminal.py <<'TEXT'
import os, pty, sys, termios, time
words = [w.encode() for w in sys.argv[1].split("|")]
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
seen = b""
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    seen += data
    if words and seen.endswith(b": "):
        # The prompt comes just before the echo is off.
        while termios.tcgetattr(fd)[3] & termios.ECHO:
            time.sleep(0.01)
        os.write(fd, words.pop(0) + b"\n")
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
TEXT
check "passwords at a terminal" python3 terminal.py 'third secret' "$TEST_COMMAND" security-domain verify new.json --key n1.key --key n2.key --key n3.key
output_has "  are asked for by the file's name" 'Password of n3.key: '
if grep -q 'third secret' out; then fail "  without echo" out; else pass "  without echo"; fi
check "new ones at a terminal" python3 terminal.py 'aaaa|aaaa|bbbb|bbbb|cccc|cccc' "$TEST_COMMAND" security-domain keygen --holder a --holder b --holder c --size 2048 --out asked
output_has "  twice" 'Again: '
printf 'cccc\n' >c.password
printf 'bbbb\ncccc\n' >bc.password
expect_exit 2 "two that differ" python3 terminal.py 'aaaa|bbbb' "$TEST_COMMAND" security-domain keygen --holder a --holder b --holder c --size 2048 --out differ
equal "  make nothing" "$(ls -d differ* 2>/dev/null)" ""

# Keys of the command.
check "keygen" sd keygen --holder a --holder b --holder c --size 2048 --directories --out made --password-fd 0 <<'TEXT'
one
two
three
TEXT
equal "  a directory each" "$(cd made && echo */*)" "a/a.cer a/a.key b/b.cer b/b.key c/c.cer c/c.key"
equal "  for the owner alone" "$(find made -type f -printf '%m\n' | sort -u) $(find made -type d -printf '%m\n' | sort -u)" "600 700"
check "  encrypted PKCS#8" grep -q 'BEGIN ENCRYPTED PRIVATE KEY' made/a/a.key
check "  that openssl reads" plain pkey -in made/b/b.key -passin pass:two -noout -check
check "  certificates as well" plain verify -CAfile made/c/c.cer made/c/c.cer
expect_exit 1 "what is there" sd keygen --holder a --holder b --holder c --size 2048 --unencrypted --out made
errors_have "  stays" 'made exists: nothing is overwritten'
check "without passwords" sd keygen --holder a --holder b --holder c --size 2048 --unencrypted --out open -o json
equal "  as json" "$(jq -r '.[2].key' out)" open/c.key
check "  in the open" plain pkey -in open/a.key -noout
for bad in ../x .hidden 'a b' ''; do
    expect_exit 2 "a holder '$bad'" sd keygen --holder "$bad" --holder b --holder c --unencrypted --out bad
done
expect_exit 2 "two of one name" sd keygen --holder A --holder a --holder c --unencrypted --out bad
expect_exit 2 "too few holders" sd keygen --holder a --holder b --unencrypted --out bad
expect_exit 2 "another size" sd keygen --holder a --holder b --holder c --size 2100 --unencrypted --out bad
expect_exit 1 "a directory that cannot be" sd keygen --holder a --holder b --holder c --size 2048 --unencrypted --out no/such
equal "  nothing is left" "$(ls -d bad* no* .mhsm* 2>/dev/null)" ""
check "rewrap for those" sd rewrap new.json --key n1.key --key n2.key --key n5.key --new-wrapping-cert made/a/a.cer --new-wrapping-cert made/b/b.cer --new-wrapping-cert made/c/c.cer --quorum 2 --out third.json
printf 'three\none\n' >ca
check "  who open it" sd verify third.json --key made/c/c.key --key made/a/a.key --password-file ca

# The restore blob, read by nothing of ours.
plain pkey -inform DER -in "$vectors/sd_3of2/exchange.key.der" -out exchange.tmp
from_base64url() {
    _text=$(tr -- '-_' '+/' | tr -d '\n')
    while [ $((${#_text} % 4)) -ne 0 ]; do _text="$_text="; done
    printf %s "$_text" | base64 -d
}
from_hex() {
    tr a-f A-F | basenc --base16 -d
}
hex() {
    od -An -v -tx1 | tr -d ' \n'
}
# open_jwe JWE CEK_HEX OUT: A256CBC-HS512.
open_jwe() {
    _header=${1%%.*}
    _rest=${1#*.}
    _iv=$(printf %s "$_rest" | cut -d. -f2 | from_base64url | hex)
    printf %s "$_rest" | cut -d. -f3 | from_base64url >ciphertext
    _tag=$(printf %s "$_rest" | cut -d. -f4 | from_base64url | hex)
    {
        printf %s "$_header"
        printf %s "$_iv" | from_hex
        cat ciphertext
        printf '%016x' $((${#_header} * 8)) | from_hex
    } >authenticated
    _mac=$(plain dgst -sha512 -mac HMAC -macopt "hexkey:$(printf %s "$2" | cut -c1-64)" -binary authenticated | hex)
    [ "$(printf %s "$_mac" | cut -c1-64)" = "$_tag" ] || return 1
    plain enc -d -aes-256-cbc -K "$(printf %s "$2" | cut -c65-)" -iv "$_iv" -in ciphertext -out "$3"
}
# check_blob FILE: it opens with the exchange key, to the data of the vectors.
check_blob() {
    _wrapped=$(jq -r .WrappedKey.enc_key "$1")
    printf %s "$_wrapped" | cut -d. -f2 | from_base64url >key.wrapped
    plain pkeyutl -decrypt -inkey exchange.tmp -in key.wrapped -out cek -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256 || return 1
    open_jwe "$_wrapped" "$(hex <cek)" master || return 1
    [ "$(wc -c <master | tr -d ' ')" -eq 32 ] || return 1
    _i=0
    while [ $_i -lt 3 ]; do
        _label=$(jq -r ".EncData.data[$_i].tag" "$1")
        plain kdf -keylen 64 -kdfopt mac:HMAC -kdfopt digest:SHA512 -kdfopt mode:counter -kdfopt "hexkey:$(hex <master)" -kdfopt "salt:$_label" -binary -out derived KBKDF || return 1
        open_jwe "$(jq -r ".EncData.data[$_i].compact_jwe" "$1")" "$(hex <derived)" datum || return 1
        [ "$(hex <datum)" = "$(jq -r ".plaintexts[$_i].hex" "$vectors/sd_3of2/facts.json")" ] || return 1
        _i=$((_i + 1))
    done
}
exchange=$vectors/sd_3of2/exchange.pem
check "restore-blob" sd restore-blob sd.json --key h0.key --key h1.key --exchange-key "$exchange" --out blob.json
equal "  is readable by its owner only" "$(stat -c %a blob.json)" 600
check "  opens with the exchange key" check_blob blob.json
equal "  for that exchange key" "$(jq -r .WrappedKey.x5t_256 blob.json)" "$(jq -r .exchange_x5t_256 "$vectors/sd_3of2/facts.json")"
check "after two changes of holders" sd restore-blob third.json --key made/c/c.key --key made/a/a.key --password-file ca --exchange-key "$exchange" --out blob3.json
check "  opens as well" check_blob blob3.json
expect_exit 6 "an exchange key that is none" sd restore-blob sd.json --key h0.key --key h1.key --exchange-key sd.json --out none.json
errors_have "  is told" 'exchange-key sd.json: there is no certificate'
expect_exit 2 "too few holders" sd restore-blob sd.json --key h0.key --exchange-key "$exchange" --out none.json
equal "  write nothing" "$(ls none.json .mhsm* 2>/dev/null)" ""

# Three machines: two holders', who never meet, and the one that combines.
mkdir machine1 machine2 combining
printf 'combining\n' >combining/password
check "share prepare" sd share prepare --size 2048 --out combining/pair --password-file combining/password
cp n1.key n1.cer new.json machine1/
cp n2.key n2.cer machine2/
jq . new.json >machine2/new.json # in another layout: the same domain
cp n5.key machine2/n5.key
check "share open" sd share open machine1/new.json --key machine1/n1.key --combiner combining/pair/combiner.cer --out combining/1.share
errors_have "  tells for whom" "^sealed for CN=combiner \\([A-Za-z0-9_-]{43}\\)$"
check "another's" sd share open machine2/new.json --key machine2/n2.key --combiner combining/pair/combiner.cer --out combining/2.share
sd share open machine2/new.json --key machine2/n5.key --combiner combining/pair/combiner.cer >combining/5.share 2>/dev/null
equal "a share is a line" "$(wc -l <combining/5.share | tr -d ' ')" 1
cp new.json combining/
combine="--combiner-key combining/pair/combiner.key --password-file combining/password"
check "share combine" sd share combine combining/new.json --share combining/1.share --share combining/2.share --share combining/5.share $combine --exchange-key "$exchange" --out combining/blob.json
check "  opens with the exchange key" check_blob combining/blob.json
expect_exit 2 "two shares of three" sd share combine combining/new.json --share combining/1.share --share combining/2.share $combine --exchange-key "$exchange" --out none.json
errors_have "  are too few" '2 of the holders are there, but the quorum is 3'
expect_exit 2 "shares without the combiner's key" sd share combine combining/new.json --share combining/1.share --exchange-key "$exchange" --out none.json
errors_have "  are told" 'go together'
expect_exit 2 "one share twice" sd share combine combining/new.json --share combining/1.share --share combining/1.share $combine --exchange-key "$exchange" --out none.json
errors_have "  is told with its file" 'combining/1.share: the sealed share: the share of the holder .* is given twice'
expect_exit 2 "shares of another file" sd share combine sd.json --share combining/1.share $combine --exchange-key "$exchange" --out none.json
errors_have "  are told" 'of another security domain file'
check "rewrap by shares" sd rewrap combining/new.json --share combining/1.share --share combining/2.share --share combining/5.share $combine --new-wrapping-cert h0.cer --new-wrapping-cert h1.cer --new-wrapping-cert h2.cer --quorum 2 --out back.json
check "  opens with the first keys" sd verify back.json --key h1.key --key h2.key
tr A B <combining/1.share >changed.share
expect_exit 6 "a share that was changed" sd share combine combining/new.json --share changed.share $combine --exchange-key "$exchange" --out none.json
expect_exit 2 "two keys on one machine" sd share open new.json --key n1.key --key n2.key --combiner combining/pair/combiner.cer
equal "  nothing was written" "$(ls none.json .mhsm* 2>/dev/null)" ""

# A disk that is full.
expect_exit 1 "a full disk" sd restore-blob sd.json --key h0.key --key h1.key --exchange-key "$exchange" --out /dev/full
errors_have "  is told" 'cannot write /dev/full'

finish
