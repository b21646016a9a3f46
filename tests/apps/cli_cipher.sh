#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm encrypt, decrypt, wrap, unwrap, random: every algorithm there and back,
# openssl as the other side, damaged input, and the files that are written.
# shellcheck disable=SC2016,SC2119 # inner shells expand; emulator options
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
printf 'a small secret\n' >text
head -c 32 /dev/urandom >dek

# there_and_back SEAL OPEN KEY INPUT OPTIONS...: SEAL, OPEN, compare.
there_and_back() {
    seal=$1
    open=$2
    key=$3
    input=$4
    shift 4
    mhsm "$seal" -n "$key" -f sealed "$@" "$input" &&
        mhsm "$open" -n "$key" -f opened "$@" sealed && cmp opened "$input"
}

check "an RSA key" mhsm key create --name rsa --kty RSA
check "its public key" mhsm key download --name rsa --out rsa.pem
for algorithm in RSA-OAEP-256 RSA-OAEP RSA1_5; do
    check "$algorithm encrypts and decrypts" there_and_back encrypt decrypt rsa text -a $algorithm
    check "  wraps and unwraps" there_and_back wrap unwrap rsa dek -a $algorithm
done
check "the HSM encrypts" mhsm encrypt -n rsa --remote -f sealed text
check "  and decrypts" mhsm decrypt -n rsa -f opened sealed
check "  the same" cmp opened text
check "the HSM wraps" mhsm wrap -n rsa --remote -f sealed dek
check "  and unwraps" mhsm unwrap -n rsa -f opened sealed
check "  the same" cmp opened dek
check "openssl encrypts" command openssl pkeyutl -encrypt -pubin -inkey rsa.pem \
    -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -in dek -out sealed
check "  mhsm unwraps" mhsm unwrap -n rsa --in sealed --out opened
check "  the same" cmp opened dek
asked() {
    control stats | jq "[.routes | to_entries[] | select(.key | endswith(\"/$1\")) | .value] | add // 0"
}
control reset >/dev/null
check "RSA encryption" mhsm encrypt -n rsa -f sealed text
equal "  asks the HSM nothing" "$(asked encrypt)" 0
head -c 191 /dev/zero >large
expect_exit 2 "RSA of too much" mhsm encrypt -n rsa large
errors_have "  says how much" '191 octets are too many for RSA-OAEP-256 with this key: at most 190'
head -c 190 large >fits
check "  and of all that fits" there_and_back encrypt decrypt rsa fits

for bits in 128 192 256; do
    check "an AES-$bits key" mhsm key create --name "aes$bits" --kty oct --size $bits
    check "A${bits}GCM" there_and_back encrypt decrypt "aes$bits" text -a "A${bits}GCM"
    check "  with authenticated data" there_and_back encrypt decrypt "aes$bits" text -a "A${bits}GCM" --aad 00ff
    check "A${bits}CBCPAD" there_and_back encrypt decrypt "aes$bits" text -a "A${bits}CBCPAD"
    check "A${bits}CBC" there_and_back encrypt decrypt "aes$bits" dek -a "A${bits}CBC"
    check "A${bits}KW" there_and_back wrap unwrap "aes$bits" dek -a "A${bits}KW"
    check "CKM_AES_KEY_WRAP with $bits bits" there_and_back wrap unwrap "aes$bits" dek -a CKM_AES_KEY_WRAP
    check "CKM_AES_KEY_WRAP_PAD with $bits bits" there_and_back wrap unwrap "aes$bits" text -a CKM_AES_KEY_WRAP_PAD
done

# A JSON result opens by itself, whatever the options were.
check "encrypted without an algorithm" mhsm encrypt -n aes256 --aad 01020304 -f sealed text
equal "  it is A256GCM" "$(jq -r .alg sealed)" A256GCM
equal "  with these members" "$(jq -c keys sealed)" '["aad","alg","iv","kid","tag","value"]'
check "  opens alone" mhsm decrypt sealed
equal "  to the same" "$(cat out)" "$(cat text)"
check "  also after a new version" mhsm key create -n aes256 --kty oct
check "  opens alone" mhsm decrypt sealed
check "  or with its name" mhsm decrypt -n aes256 sealed
expect_exit 2 "  not with another key" mhsm decrypt -n aes128 sealed
expect_exit 2 "  nor the newest version" mhsm decrypt --id "$(mhsm key show -n aes256 -o json | jq -r .key.kid)" sealed
jq '.kid = "https://example.com/keys/aes256/0123456789abcdef0123456789abcdef"' sealed >elsewhere
expect_exit 2 "  nor to a host that is not the HSM" mhsm decrypt elsewhere
check "an iv of ours" mhsm encrypt -n aes128 -a A128CBC --iv 000102030405060708090a0b0c0d0e0f -f sealed dek
equal "  is kept" "$(jq -r .iv sealed)" AAECAwQFBgcICQoLDA0ODw
check "  and raw input takes it" sh -c '
    jq -r .value sealed | "$TEST_COMMAND" decrypt -n aes128 -a A128CBC \
        --in-format base64url --iv 000102030405060708090a0b0c0d0e0f -f opened'
check "  to the same" cmp opened dek
check "two random ivs" mhsm encrypt -n aes128 -a A128CBC -f one dek
check "  are not" mhsm encrypt -n aes128 -a A128CBC -f two dek
if [ "$(jq .iv one)" = "$(jq .iv two)" ]; then fail "  the same" one; else pass "  the same"; fi
check "a wrapped DEK in JSON" mhsm wrap -n aes256 -o json -f sealed dek
check "  opens alone" mhsm unwrap -f opened sealed
check "  to the same" cmp opened dek
for format in hex base64 base64url; do
    check "--format $format" mhsm wrap -n aes256 --format $format -f sealed dek
    check "  comes back" mhsm unwrap -n aes256 --in-format $format --format $format sealed
done
equal "  as text" "$(cat out)" "$(basenc --base64url -w 0 dek | tr -d =)"
check "plain JSON" mhsm unwrap -n aes256 --in-format base64url -o json sealed
equal "  has these members" "$(jq -c keys out)" '["alg","kid","value"]'
: >empty
check "nothing" there_and_back encrypt decrypt aes128 empty -a A128CBCPAD

# Damaged input: exit 6, and no output file.
check "something to damage" mhsm encrypt -n aes256 -f sealed text
rm -f opened
for change in '.tag = "AAAAAAAAAAAAAAAAAAAAAA"' '.value = "AAAA"' '.aad = "AAAA"' '.iv = "AAAAAAAAAAAAAAAA"' \
    '.value = "a=b"' '.iv = "?"' '.tag = "A"' 'del(.value)'; do
    jq "$change" sealed >damaged
    expect_exit 6 "damaged by $change" mhsm decrypt --in-format json -f opened damaged
done
expect_exit 6 "another aad than was meant" mhsm decrypt --aad 00 sealed
errors_have "  hints at the reason" 'hint: the input is damaged, or was not made with A256GCM'
errors_have "  and keeps the request id" 'request id: [0-9a-f-]{36}$'
head -c 40 sealed >half
expect_exit 2 "half a result" mhsm decrypt -n aes256 half
errors_have "  is no JSON, and what there should be" 'or the JSON that .mhsm encrypt. writes'
mhsm wrap -n aes256 -f wrapped dek
printf 'x' | dd of=wrapped bs=1 seek=5 conv=notrunc 2>/dev/null
expect_exit 6 "a damaged wrapped key" mhsm unwrap -n aes256 -f opened wrapped
mhsm encrypt -n rsa -f wrapped text
printf 'x' | dd of=wrapped bs=1 seek=5 conv=notrunc 2>/dev/null
expect_exit 6 "a damaged RSA ciphertext" mhsm decrypt -n rsa -f opened wrapped
head -c 100 wrapped >damaged
expect_exit 6 "a short RSA ciphertext" mhsm decrypt -n rsa -f opened damaged
if [ -e opened ]; then fail "nothing was written" ; else pass "nothing was written"; fi

# What does not go together.
expect_exit 2 "an iv for GCM" mhsm encrypt -n aes256 --iv 000102030405060708090a0b text
expect_exit 2 "aad for RSA" mhsm encrypt -n rsa --aad 00 text
expect_exit 2 "aad for CBC" mhsm encrypt -n aes128 -a A128CBCPAD --aad 00 text
expect_exit 2 "an iv that is no hexadecimal" mhsm encrypt -n aes128 -a A128CBC --iv 0x text
expect_exit 2 "GCM with RSA" mhsm encrypt -n rsa -a A256GCM text
expect_exit 2 "wrapping with GCM" mhsm wrap -n aes256 -a A256GCM text
errors_have "  names what there is" 'A256KW, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PAD'
head -c 524289 /dev/zero >large
expect_exit 2 "more than 512 KiB" mhsm encrypt -n aes256 large
head -c 524288 large >most
check "just 512 KiB" there_and_back encrypt decrypt aes256 most

# Keys that must not be used, also where the HSM is not asked.
check "a disabled key" mhsm key create -n off --kty RSA --disabled
expect_exit 4 "  does not encrypt" mhsm encrypt -n off text
errors_have "  and says why" 'is disabled'
check "an expired key" mhsm key create -n old --kty RSA --expires 2020-01-01
expect_exit 4 "  does not wrap" mhsm wrap -n old text
errors_have "  and says why" 'has expired'
check "a key of tomorrow" mhsm key create -n new --kty RSA --not-before 2999-01-01
expect_exit 4 "  does not encrypt" mhsm encrypt -n new text
check "a key to sign only" mhsm key create -n sig --kty RSA --ops sign,verify
expect_exit 4 "  does not encrypt" mhsm encrypt -n sig text
errors_have "  and says why" 'does not allow encrypt'
expect_exit 4 "  nor decrypt" mhsm decrypt -n sig wrapped

# Files.
umask 022
mode() { stat -c %a "$1"; }
check "a plaintext" mhsm encrypt -n rsa -f sealed text
equal "  is sealed for all to see" "$(mode sealed)" 644
check "  and opened" mhsm decrypt -n rsa -f opened sealed
equal "  for its owner only" "$(mode opened)" 600
echo old >opened
chmod 644 opened
check "  also over an old file" mhsm decrypt -n rsa -f opened sealed
equal "  whose mode was wider" "$(mode opened)" 600
echo old >target
ln -s target link
check "  through a symbolic link" mhsm decrypt -n rsa -f link sealed
check "  which stays" test -L link
check "  and points at it" cmp target text
ln -s nowhere dangling
expect_exit 1 "a dangling link" mhsm decrypt -n rsa -f dangling sealed
mkdir dir
expect_exit 1 "a directory" mhsm decrypt -n rsa -f dir sealed
expect_exit 1 "a missing directory" mhsm decrypt -n rsa -f none/opened sealed
check "a device" mhsm decrypt -n rsa -f /dev/null sealed
check "  is still one" test -c /dev/null
expect_exit 1 "a full device" mhsm decrypt -n rsa -f /dev/full sealed
errors_have "  is told" 'cannot write /dev/full: No space left'
mkfifo pipe
cat pipe >piped &
reader=$!
check "a pipe" mhsm decrypt -n rsa -f pipe sealed
wait "$reader"
check "  got it all" cmp piped text
echo old >limited
expect_exit 1 "a file size limit" sh -c '
    ulimit -f 0
    "$TEST_COMMAND" decrypt -n rsa -f limited sealed 2>/dev/null'
equal "  leaves the old file" "$(cat limited)" old
equal "no temporary file is left" "$(find . -name '*.mhsm-*')" ""

# A signal while the file is written: a slow disk keeps it in the middle.
cat >slow.c <<'TEXT'
#include <unistd.h>
int fsync(int fd)
{
    (void)fd;
    sleep(20);
    return 0;
}
TEXT
"$TEST_CC" -shared -fPIC -o slow.so slow.c
for signal in INT TERM HUP; do
    expect_exit 124 "SIG$signal" timeout --foreground -k 5 -s $signal 2 env \
        LD_PRELOAD="$TEST_PRELOAD $work/slow.so" \
        "$TEST_COMMAND" decrypt -n rsa -f limited sealed
    equal "  leaves no temporary file" "$(find . -name '*.mhsm-*')" ""
    equal "  and the old file" "$(cat limited)" old
done

# Random octets.
check "random octets" mhsm random -f one
equal "  are 32" "$(wc -c <one | tr -d ' ')" 32
equal "  for their owner only" "$(mode one)" 600
check "again" mhsm random -f two
if cmp -s one two; then fail "  others"; else pass "  others"; fi
check "1000 of them" mhsm random --count 1000 --format hex
equal "  as text" "$(tr -d '\n' <out | wc -c | tr -d ' ')" 2000
check "in JSON" mhsm random --count 16 -o json
equal "  with a value" "$(jq -r '.value | length' out)" 22

finish
