#!/bin/bash
# SPDX-License-Identifier: MIT
# A walk through the operations of the local Managed HSM: every algorithm, its
# result checked by the openssl command, and every reason for refusing one.
# shellcheck disable=SC2086,SC2119 # plain words; no arguments on purpose
# shellcheck source-path=SCRIPTDIR source=../emulator/walk.bash
. "$(dirname "$0")/../emulator/walk.bash"
start
login

digest() { openssl dgst "-$1" -binary "$work/message" >"$work/digest"; b64 <"$work/digest"; }

# operate KEY OPERATION ALGORITHM VALUE [MORE]: on the latest version.
operate() {
    call POST "/keys/$1//$2" "{\"alg\":\"$3\",\"value\":\"$4\"${5:+,$5}}"
}

head -c 1000 /dev/urandom >"$work/message"
for size in 2048 3072 4096; do
    call POST "/keys/rsa$size/create" "{\"kty\":\"RSA\",\"key_size\":$size}"
    expect 200
    public_key "$work/rsa$size.pem"
done

# RSA signatures.
rsa_signature() {
    local key=$1 alg=$2 md=$3 value
    shift 3
    value=$(digest "$md")
    operate "$key" sign "$alg" "$value"
    expect 200 ".alg == \"$alg\"" '.kid | test("/keys/[^/]+/[0-9a-f]{32}$")'
    signature=$(field .value)
    unb64 "$signature" >"$work/signature"
    check openssl pkeyutl -verify -pubin -inkey "$work/$key.pem" -in "$work/digest" \
        -sigfile "$work/signature" -pkeyopt "digest:$md" "$@"
    operate "$key" verify "$alg" "$signature" "\"digest\":\"$value\""
    expect 200 '.value == true'
    operate "$key" verify "$alg" "$signature" "\"digest\":\"$(head -c "$(stat -c %s "$work/digest")" /dev/zero | b64)\""
    expect 200 '.value == false'
}
for size in 2048 3072 4096; do
    for bits in 256 384 512; do
        rsa_signature rsa$size RS$bits sha$bits
        rsa_signature rsa$size PS$bits sha$bits -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest
    done
done

# RSNULL pads the caller's bytes as they are.
head -c 36 /dev/urandom >"$work/digest"
operate rsa2048 sign RSNULL "$(b64 <"$work/digest")"
expect 200
unb64 "$(field .value)" >"$work/signature"
openssl pkeyutl -verifyrecover -pubin -inkey "$work/rsa2048.pem" -in "$work/signature" -out "$work/recovered"
check cmp "$work/digest" "$work/recovered"
operate rsa2048 sign RSNULL "$(head -c 245 /dev/zero | b64)"
expect 200
operate rsa2048 sign RSNULL "$(head -c 246 /dev/zero | b64)"
refused 400 BadParameter

# EC signatures have a fixed width.
for row in P-256:ES256:sha256:32 P-256K:ES256K:sha256:32 P-384:ES384:sha384:48 P-521:ES512:sha512:66; do
    IFS=: read -r curve alg md width <<<"$row"
    call POST "/keys/$curve/create" "{\"kty\":\"EC\",\"crv\":\"$curve\"}"
    expect 200 ".key.crv == \"$curve\""
    public_key "$work/$curve.pem"
    for _ in 1 2 3 4; do
        value=$(digest "$md")
        operate "$curve" sign "$alg" "$value"
        expect 200
        signature=$(field .value)
        raw_hex=$(hex "$signature")
        [ ${#raw_hex} -eq $((4 * width)) ] || fail "width of $alg"
        der_signature "$raw_hex" "$work/signature"
        check openssl pkeyutl -verify -pubin -inkey "$work/$curve.pem" -in "$work/digest" -sigfile "$work/signature"
        operate "$curve" verify "$alg" "$signature" "\"digest\":\"$value\""
        expect 200 '.value == true'
    done
    operate "$curve" verify "$alg" AAAA "\"digest\":\"$value\""
    expect 200 '.value == false'
    operate "$curve" verify "$alg" "$(head -c $((2 * width)) /dev/zero | b64)" "\"digest\":\"$value\""
    expect 200 '.value == false'
done

# RSA encryption: by openssl and opened here, and the other way round.
printf 'a data encryption key of 32 byte' >"$work/plain"
plain=$(b64 <"$work/plain")
for row in RSA1_5:pkcs1: RSA-OAEP:oaep:sha1 RSA-OAEP-256:oaep:sha256; do
    IFS=: read -r alg padding md <<<"$row"
    options=(-pkeyopt "rsa_padding_mode:$padding")
    [ -z "$md" ] || options+=(-pkeyopt "rsa_oaep_md:$md")
    openssl pkeyutl -encrypt -pubin -inkey "$work/rsa3072.pem" -in "$work/plain" -out "$work/sealed" "${options[@]}"
    for open in decrypt unwrapkey; do
        operate rsa3072 $open "$alg" "$(b64 <"$work/sealed")"
        expect 200 ".value == \"$plain\""
    done
    for seal in encrypt wrapkey; do
        operate rsa3072 $seal "$alg" "$plain"
        expect 200 '.value | length == 512' 'has("iv") or has("tag") | not'
        operate rsa3072 decrypt "$alg" "$(field .value)"
        expect 200 ".value == \"$plain\""
    done
    operate rsa3072 encrypt "$alg" "$(head -c 374 /dev/zero | b64)"
    refused 400 BadParameter
done
operate rsa3072 decrypt RSA-OAEP "$(head -c 384 /dev/zero | b64)"
refused 400 BadParameter
operate rsa3072 decrypt RSA-OAEP AAAA
refused 400 BadParameter

# Symmetric keys, with a known key to compare with.
for size in 128 192 256; do
    head -c $((size / 8)) /dev/urandom >"$work/key$size"
    call PUT "/keys/aes$size" "{\"key\":{\"kty\":\"oct\",\"k\":\"$(b64 <"$work/key$size")\",\"key_ops\":[\"encrypt\",\"decrypt\",\"wrapKey\",\"unwrapKey\",\"sign\",\"verify\"]},\"Hsm\":true}"
    expect 200 '.key.kty == "oct-HSM"' '.key | has("k") | not'
    key_hex=$(to_hex <"$work/key$size")
    iv_hex=000102030405060708090a0b0c0d0e0f
    iv=$(printf %s $iv_hex | from_hex | b64)
    for alg in A${size}CBC A${size}CBCPAD; do
        padding=-nopad
        [ $alg = A${size}CBC ] || padding=
        operate aes$size encrypt $alg "$plain" "\"iv\":\"$iv\""
        expect 200 ".iv == \"$iv\""
        openssl enc -aes-$size-cbc $padding -K "$key_hex" -iv $iv_hex -in "$work/plain" -out "$work/sealed"
        [ "$(field .value)" = "$(b64 <"$work/sealed")" ] || fail "$alg"
        operate aes$size decrypt $alg "$(field .value)" "\"iv\":\"$iv\""
        expect 200 ".value == \"$plain\"" 'has("iv") | not'
        operate aes$size encrypt $alg "$plain"
        expect 200 '.iv | length == 22'
        operate aes$size decrypt $alg "$(field .value)" "\"iv\":\"$(field .iv)\""
        expect 200 ".value == \"$plain\""
    done
    operate aes$size encrypt A${size}CBC AAAA "\"iv\":\"$iv\""
    refused 400 BadParameter
    operate aes$size decrypt A${size}CBCPAD "$plain" "\"iv\":\"AAAA\""
    refused 400 BadParameter

    # The nonce of GCM is made by the service.
    operate aes$size encrypt A${size}GCM "$plain" '"aad":"YWFk"'
    expect 200 '.aad == "YWFk"' '.iv | length == 16' '.tag | length == 22' ".value | length == ${#plain}"
    value=$(field .value) nonce=$(field .iv) tag=$(field .tag)
    operate aes$size decrypt A${size}GCM "$value" "\"iv\":\"$nonce\",\"tag\":\"$tag\",\"aad\":\"YWFk\""
    expect 200 ".value == \"$plain\"" 'keys == ["alg","kid","value"]'
    operate aes$size decrypt A${size}GCM "$value" "\"iv\":\"$nonce\",\"tag\":\"$tag\""
    refused 400 BadParameter
    operate aes$size decrypt A${size}GCM "$value" "\"iv\":\"$nonce\""
    refused 400 BadParameter
    operate aes$size encrypt A${size}GCM "$plain" "\"iv\":\"$nonce\""
    refused 400 BadParameter

    for alg in A${size}KW CKM_AES_KEY_WRAP; do
        operate aes$size wrapkey $alg "$plain"
        expect 200
        operate aes$size unwrapkey $alg "$(field .value)"
        expect 200 ".value == \"$plain\""
        operate aes$size wrapkey $alg "$(head -c 20 /dev/zero | b64)"
        refused 400 BadParameter
        operate aes$size unwrapkey $alg "$plain"
        refused 400 BadParameter
    done
    for length in 1 7 8 20 33; do
        operate aes$size wrapkey CKM_AES_KEY_WRAP_PAD "$(head -c $length /dev/zero | b64)"
        expect 200
        operate aes$size unwrapkey CKM_AES_KEY_WRAP_PAD "$(field .value)"
        expect 200 ".value == \"$(head -c $length /dev/zero | b64)\""
    done
    for md in 256 384 512; do
        operate aes$size sign HS$md "$plain"
        expect 200
        [ "$(hex "$(field .value)")" = "$(openssl dgst -sha$md -mac HMAC -macopt hexkey:"$key_hex" -binary "$work/plain" | to_hex)" ] || fail HS$md
        operate aes$size verify HS$md "$(field .value)" "\"digest\":\"$plain\""
        expect 200 '.value == true'
        operate aes$size verify HS$md AAAA "\"digest\":\"$plain\""
        expect 200 '.value == false'
    done
done
# Vectors of RFC 3394 (4.1, 4.3, 4.6) and RFC 5649 (6).
long_key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
while read -r kek alg plain_hex wrapped; do
    call PUT /keys/known "{\"key\":{\"kty\":\"oct\",\"k\":\"$(printf %s "$kek" | from_hex | b64)\"}}"
    expect 200
    operate known wrapkey "$alg" "$(printf %s "$plain_hex" | from_hex | b64)"
    expect 200
    [ "$(hex "$(field .value)")" = "$wrapped" ] || fail "vector of $alg"
done <<EOF
${long_key:0:32} A128KW 00112233445566778899aabbccddeeff 1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5
${long_key:0:48} A192KW 00112233445566778899aabbccddeeff 96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d
$long_key A256KW 00112233445566778899aabbccddeeff 64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7
5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8 CKM_AES_KEY_WRAP_PAD c37b7e6492584340bed12207808941155068f738 138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a
5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8 CKM_AES_KEY_WRAP_PAD 466f7250617369 afbeb0f07dfbf5419200f2ccb50bb24f
EOF

# What does not go together.
operate aes256 wrapkey A128KW "$plain"
refused 400 BadParameter
operate rsa2048 sign ES256 "$(digest sha256)"
refused 400 BadParameter
operate P-384 sign ES256 "$(digest sha256)"
refused 400 BadParameter
operate rsa2048 sign RS256 "$(digest sha384)"
refused 400 BadParameter
operate rsa2048 sign RSA-OAEP "$(digest sha256)"
refused 400 BadParameter
for body in '' '{}' '{"alg":"RS256"}' '{"alg":"RS256","value":"a+b/"}' '{"alg":"RS256","value":"AAA="}' \
    '{"alg":"RS256","value":7}' '{"alg":["RS256"],"value":"AAAA"}' '{"alg":"none","value":"AAAA"}'; do
    call POST /keys/rsa2048//sign "$body"
    refused 400 BadParameter
done
operate aes256 wrapkey A256GCM "$plain"
refused 400 BadParameter
api=7.5 operate aes256 sign HS256 "$plain"
refused 400 BadParameter
api=7.6-preview.2 operate aes256 wrapkey CKM_AES_KEY_WRAP "$plain"
refused 400 BadParameter
operate none sign RS256 "$(digest sha256)"
refused 404 KeyNotFound

# When a key may be used: made-new operations only in its time.
call POST /keys/few/create '{"kty":"RSA","key_ops":["sign","verify"]}'
operate few encrypt RSA-OAEP "$plain"
refused 403 Forbidden KeyOperationForbidden
call POST /keys/late/create '{"kty":"RSA","attributes":{"exp":1500000000}}'
operate late sign RS256 "$(digest sha256)"
refused 403 Forbidden KeyExpired
operate late wrapkey RSA-OAEP "$plain"
refused 403 Forbidden KeyExpired
call GET /keys/late
public_key "$work/late.pem"
openssl pkeyutl -encrypt -pubin -inkey "$work/late.pem" -in "$work/plain" -out "$work/sealed" -pkeyopt rsa_padding_mode:oaep
operate late unwrapkey RSA-OAEP "$(b64 <"$work/sealed")"
expect 200 ".value == \"$plain\""
call POST /keys/early/create '{"kty":"EC","attributes":{"nbf":4000000000}}'
operate early sign ES256 "$(digest sha256)"
refused 403 Forbidden KeyNotYetValid
operate early verify ES256 AAAA "\"digest\":\"$(digest sha256)\""
expect 200 '.value == false'
call PATCH /keys/early '{"attributes":{"enabled":false}}'
operate early verify ES256 AAAA "\"digest\":\"$(digest sha256)\""
refused 403 Forbidden KeyDisabled

# Import: private members of every type, made by openssl.
member() { openssl pkey -in "$work/own.pem" -noout -text 2>/dev/null | awk -v start="$1" '
    found && /^[^ ]/ { exit } index($0, start) == 1 { found = 1; next } found { gsub(/[ :]/, ""); printf "%s", $0 }' |
    sed 's/^00//' | from_hex | b64; }
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/own.pem" 2>/dev/null
rsa_jwk="\"kty\":\"RSA-HSM\",\"e\":\"AQAB\",\"n\":\"$(member modulus)\",\"d\":\"$(member privateExponent)\",\"p\":\"$(member prime1)\",\"q\":\"$(member prime2)\",\"dp\":\"$(member exponent1)\",\"dq\":\"$(member exponent2)\",\"qi\":\"$(member coefficient)\""
call PUT /keys/own "{\"Hsm\":true,\"key\":{$rsa_jwk},\"tags\":{\"t\":\"v\"}}"
expect 200 '.key.kty == "RSA-HSM"' '.tags.t == "v"' '.key | has("d") or has("p") | not'
operate own sign RS256 "$(digest sha256)"
unb64 "$(field .value)" >"$work/signature"
check openssl pkeyutl -verify -inkey "$work/own.pem" -in "$work/digest" -sigfile "$work/signature" -pkeyopt digest:sha256
call PUT /keys/own "{\"key\":{${rsa_jwk/AQAB/Aw}}}"
refused 400 BadParameter
for curve in prime256v1:P-256:65 secp256k1:P-256K:65 secp384r1:P-384:97 secp521r1:P-521:133; do
    IFS=: read -r group name size <<<"$curve"
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$group -out "$work/own.pem"
    point=$(openssl pkey -in "$work/own.pem" -pubout -outform DER | tail -c $((size - 1)) | to_hex)
    half=$((size - 1))
    x=$(printf %s "${point:0:half}" | from_hex | b64) y=$(printf %s "${point:half}" | from_hex | b64)
    call PUT /keys/ec-own "{\"key\":{\"kty\":\"EC\",\"crv\":\"$name\",\"x\":\"$x\",\"y\":\"$y\",\"d\":\"$(member priv:)\"}}"
    expect 200 ".key.crv == \"$name\" and .key.x == \"$x\" and .key.y == \"$y\"" '.key | has("d") | not'
    call PUT /keys/ec-own "{\"key\":{\"kty\":\"EC\",\"crv\":\"$name\",\"x\":\"$x\",\"y\":\"$y\",\"d\":\"AQ\"}}"
    refused 400 BadParameter
done
call PUT /keys/hmac "{\"key\":{\"kty\":\"oct\",\"k\":\"$(head -c 65 /dev/zero | b64)\"}}"
refused 400 BadParameter
expect 400 '.error.message | startswith("JSON Web Key: k property of oct key is too large, maximum size is 64")'
call PUT /keys/bad '{"key":{"kty":"RSA"}}'
refused 400 BadParameter

# A transfer blob under a key-exchange key.
call POST /keys/kek/create '{"kty":"RSA-HSM","key_size":4096,"key_ops":["import"]}'
expect 200 '.key.key_ops == ["import"]'
kek=$(field .key.kid)
public_key "$work/kek.pem"
operate kek encrypt RSA-OAEP "$plain"
refused 403 Forbidden KeyOperationForbidden
head -c 32 /dev/urandom >"$work/ephemeral"
openssl pkeyutl -encrypt -pubin -inkey "$work/kek.pem" -in "$work/ephemeral" -out "$work/head" -pkeyopt rsa_padding_mode:oaep
call PUT /keys/ephemeral "{\"key\":{\"kty\":\"oct\",\"k\":\"$(b64 <"$work/ephemeral")\"}}"
operate ephemeral wrapkey CKM_AES_KEY_WRAP_PAD "$(openssl pkcs8 -topk8 -nocrypt -in "$work/own.pem" -outform DER | b64)"
unb64 "$(field .value)" | cat "$work/head" - >"$work/sealed"
blob() { printf '{"schema_version":"1.0.0","header":{"kid":"%s","alg":"dir","enc":"CKM_RSA_AES_KEY_WRAP"},"ciphertext":"%s","generator":"test"}' "$1" "$2" | b64; }
call PUT /keys/brought "{\"key\":{\"kty\":\"EC-HSM\",\"key_hsm\":\"$(blob "$kek" "$(b64 <"$work/sealed")")\"}}"
expect 200 ".key.x == \"$x\" and .key.y == \"$y\""
call PUT /keys/brought "{\"key\":{\"kty\":\"RSA-HSM\",\"key_hsm\":\"$(blob "$kek" "$(b64 <"$work/sealed")")\"}}"
refused 400 BadParameter
call PUT /keys/brought "{\"key\":{\"kty\":\"EC-HSM\",\"key_hsm\":\"$(blob "$kek" "$(head -c 600 /dev/zero | b64)")\"}}"
refused 400 BadParameter
call PUT /keys/brought "{\"key\":{\"kty\":\"EC-HSM\",\"key_hsm\":\"$(blob "$MHSM_ENDPOINT/keys/rsa2048/x" AAAA)\"}}"
refused 400 BadParameter

# Random bytes.
for count in 1 128; do
    call POST /rng "{\"count\":$count}"
    expect 200
    [ "$(unb64 "$(field .value)" | wc -c)" = $count ] || fail "random bytes"
done
for body in '{"count":0}' '{"count":129}' '{"count":-1}' '{"count":"8"}' '{"count":1.5}' '{}' ''; do
    call POST /rng "$body"
    refused 400 BadParameter
    expect 400 '.error.message | startswith("GetRandomBytesRequest: count cannot be greater than 128 or less than 1")'
done
done_walk
