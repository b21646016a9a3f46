#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm key import and byok-package: keys of OpenSSL's making go into the HSM,
# and the HSM signs and decrypts with just them.
# shellcheck disable=SC2119 # emulator_start takes options of the emulator
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
printf 'a message' >message
printf 'correct horse' >password
chmod 600 password

plain() {
    command openssl "$@"
}

# signs NAME PUBLIC ALGORITHM DIGEST [OPTION...]: the HSM's signature is by that
# key.
signs() {
    _name=$1
    _public=$2
    _algorithm=$3
    shift 3
    case $_algorithm in
    ES*) _form=der ;;
    *) _form=raw ;;
    esac
    check "  it signs" mhsm sign -n "$_name" -a "$_algorithm" --format $_form -f sig message
    check "  as the key that it is" plain dgst "$@" -verify "$_public" -signature sig message
}

plain genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
plain pkey -in rsa.pem -pubout -out rsa.pub
check "RSA, PKCS#8 in PEM" mhsm key import -n rsa rsa.pem -o json
equal "  is of its type" "$(jq -r '.key.kty' out)" RSA-HSM
signs rsa rsa.pub RS256 -sha256
plain pkey -in rsa.pem -outform DER -out rsa.der
check "in DER, and an operation" mhsm key import -n rsa-der --in rsa.der --ops sign --tags a=b -o json
equal "  are kept" "$(jq -cS '[.key.key_ops, .tags]' out)" '[["sign"],{"a":"b"}]'
signs rsa-der rsa.pub RS512 -sha512
plain rsa -in rsa.pem -traditional -out rsa1.pem 2>/dev/null
check "traditional PEM" mhsm key import -n rsa-old rsa1.pem
signs rsa-old rsa.pub RS256 -sha256
check "a second version" mhsm key import -n rsa rsa.pem
equal "  is one" "$(mhsm key list-versions -n rsa -o tsv | wc -l | tr -d ' ')" 2
check "standard input" sh -c '"$TEST_COMMAND" key import -n rsa-pipe <rsa.pem'
signs rsa-pipe rsa.pub RS256 -sha256

for pair in P-256:ES256:sha256 P-384:ES384:sha384 P-521:ES512:sha512 secp256k1:ES256K:sha256; do
    curve=${pair%%:*}
    rest=${pair#*:}
    plain genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$curve" -out "$curve.pem"
    plain pkey -in "$curve.pem" -pubout -out "$curve.pub"
    check "EC $curve" mhsm key import -n "ec-$curve" "$curve.pem"
    signs "ec-$curve" "$curve.pub" "${rest%:*}" "-${rest#*:}"
done
plain ec -in P-256.pem -out sec1.pem 2>/dev/null
check "EC, traditional" mhsm key import -n ec-old sec1.pem
signs ec-old P-256.pub ES256 -sha256

# Encrypted.
plain pkcs8 -topk8 -in rsa.pem -v2 aes-256-cbc -passout file:password -out enc.pem
plain pkcs8 -topk8 -in rsa.pem -v2 aes-256-cbc -passout file:password -outform DER -out enc.der
check "encrypted PEM, by a file" mhsm key import -n enc enc.pem --password file:password
signs enc rsa.pub RS256 -sha256
check "encrypted DER, by a variable" env SECRET='correct horse' "$TEST_COMMAND" key import -n enc enc.der --password env:SECRET
expect_exit 2 "no password" mhsm key import -n no enc.pem </dev/null
errors_have "  is told" 'enc.pem: the private key is encrypted'
errors_have "  with the option" 'hint: give --password file:PATH or env:NAME'
expect_exit 2 "another password" env SECRET=wrong "$TEST_COMMAND" key import -n no enc.pem --password env:SECRET
errors_have "  is told" 'does not open the private key'
expect_exit 2 "a password as a value" mhsm key import -n no enc.pem --password hunter2
errors_have "  is refused" 'never the secret itself'
if grep -q hunter2 err; then fail "  and not repeated" err; else pass "  and not repeated"; fi
expect_exit 2 "a password that is not set" mhsm key import -n no enc.pem --password env:NO_SUCH_VARIABLE
expect_exit 2 "a password file that is not there" mhsm key import -n no enc.pem --password file:missing

# JWK, made by other code than ours.
jwk() {
    python3 - "$1" "$2" <<'TEXT'
import base64, json, subprocess, sys
def number(text):
    return base64.urlsafe_b64encode(bytes.fromhex(text)).rstrip(b"=").decode()
def fields(text):
    out, name = {}, None
    for line in text.splitlines():
        if line.startswith("    ") and name:
            out[name] += line.strip().replace(":", "")
        else:
            name, _, rest = line.partition(":")
            out[name] = ""
    return out
text = subprocess.run(["openssl", "pkey", "-in", sys.argv[1], "-noout", "-text"],
                      capture_output=True, text=True, check=True).stdout
f = fields(text)
strip = lambda h: h[2:] if len(h) % 2 == 0 and h.startswith("00") else h
if sys.argv[2] == "RSA":
    names = {"n": "modulus", "d": "privateExponent", "p": "prime1", "q": "prime2",
             "dp": "exponent1", "dq": "exponent2", "qi": "coefficient"}
    key = {k: number(strip(f[v])) for k, v in names.items()}
    key.update(kty="RSA", e="AQAB", key_ops=["sign", "verify"])
else:
    point, d = f["pub"], f["priv"]
    size = (len(point) - 2) // 2
    d = strip(d).rjust(size, "0")[-size:]
    key = dict(kty="EC", crv=sys.argv[2], x=number(point[2:2 + size]),
               y=number(point[2 + size:]), d=number(d))
print(json.dumps(key))
TEXT
}
jwk rsa.pem RSA >rsa.jwk
check "an RSA JWK" mhsm key import -n jwk-rsa rsa.jwk -o json
equal "  brings its operations" "$(jq -c '.key.key_ops | sort' out)" '["sign","verify"]'
signs jwk-rsa rsa.pub RS256 -sha256
jwk P-521.pem P-521 >ec.jwk
check "an EC JWK" mhsm key import -n jwk-ec ec.jwk
signs jwk-ec P-521.pub ES512 -sha512
head -c 32 /dev/urandom >aes
printf '{"kty":"oct","k":"%s"}' "$(base64 -w0 <aes | tr '+/' '-_' | tr -d =)" >oct.jwk
check "an oct JWK" mhsm key import -n jwk-oct oct.jwk
check "raw octets" mhsm key import -n raw aes --in-format raw
head -c 24 /dev/urandom >dek
check "  wrap" mhsm wrap -n raw -a A256KW -f wrapped dek
check "  and the other opens it" mhsm unwrap -n jwk-oct -a A256KW -f opened wrapped
check "  to the same" cmp dek opened
check "  as does OpenSSL" plain enc -d -id-aes256-wrap -K "$(od -An -tx1 aes | tr -d ' \n')" \
    -iv A6A6A6A6A6A6A6A6 -in wrapped -out opened

# What cannot be imported.
: >empty
echo "no key at all" >text
plain genpkey -algorithm ED25519 -out ed.pem
plain genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small.pem 2>/dev/null
plain genpkey -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1 -out brain.pem
head -c 100 rsa.der >cut.der
jq '.d = .dp' rsa.jwk >wrong.jwk
jq 'del(.d)' ec.jwk >public.jwk
jq '.d = "!"' ec.jwk >bad.jwk
jq '.y = .x' ec.jwk >off.jwk
head -c 70000 /dev/zero >large
control stats >before
refused() {
    expect_exit "$1" "$2" mhsm key import -n no "$3"
    errors_have "  says why" "$4"
}
refused 2 "an empty file" empty 'no private key'
refused 6 "a text" text 'text: there is no private key'
refused 6 "a public key" rsa.pub 'no private key'
refused 6 "half a key" cut.der 'no private key'
refused 2 "Ed25519" ed.pem 'not ED25519'
refused 2 "1024 bits" small.pem 'another size'
refused 2 "Brainpool" brain.pem 'not brainpoolP256r1'
refused 6 "halves that do not match" wrong.jwk 'does not hold together'
refused 6 "a public JWK" public.jwk 'lacks a private member'
refused 6 "no base64url" bad.jwk 'lacks a private member'
refused 6 "a point off its curve" off.jwk '(malformed|hold together)'
refused 2 "too large a file" large 'at most 65536 octets'
refused 1 "no file" missing 'missing'
expect_exit 2 "15 octets" sh -c 'head -c 15 aes | "$TEST_COMMAND" key import -n no --in-format raw'
errors_have "  are too few" '16 to 64 octets'
expect_exit 2 "a type for a private key" mhsm key import -n no rsa.pem --kty EC
expect_exit 2 "a version" mhsm key import --id mhsm:no/0123456789abcdef0123456789abcdef rsa.pem
control stats >after
equal "none of which cost a request" "$(jq .requests after)" "$(jq .requests before)"
expect_exit 3 "and nothing was made" mhsm key show -n no

# Sealed for the HSM's key-exchange key.
for size in 2048 3072 4096; do
    mhsm key create -n "kek$size" --kty RSA --size $size --ops import -o json >"kek$size.json"
done
mhsm key download -n kek2048 -f kek.pub
kek=$(jq -r .key.kid kek2048.json)
offline() {
    env http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 \
        AZURE_CLIENT_SECRET=wrong "$TEST_COMMAND" "$@"
}
control stats >before
check "a package, by a public key in PEM" offline key byok-package --kek kek.pub --kek-id "$kek" -f rsa.byok rsa.pem
equal "  is its owner's" "$(stat -c %a rsa.byok)" 600
equal "  has the form that is specified" \
    "$(jq -cS '[.schema_version, .header, (.ciphertext | test("^[A-Za-z0-9_-]+$")), has("generator")]' rsa.byok)" \
    "[\"1.0.0\",{\"alg\":\"dir\",\"enc\":\"CKM_RSA_AES_KEY_WRAP\",\"kid\":\"$kek\"},true,true]"
expect_exit 2 "P-256K" offline key byok-package --kek kek.pub --kek-id "$kek" secp256k1.pem
errors_have "  cannot be sealed" 'P-256K cannot be sealed'
check "by a KeyBundle, to a pipe" sh -c '"$TEST_COMMAND" key byok-package --kek kek3072.json P-384.pem >ec.byok'
jq .key kek4096.json >kek.jwk
check "by a JWK, of raw octets" offline key byok-package --kek kek.jwk -f aes.byok --in-format raw aes
check "of an encrypted key" offline key byok-package --kek kek.jwk -f enc.byok --password file:password enc.pem
check "the URI form of its name" offline key byok-package --kek kek2048.json --kek-id "mhsm${kek#https}" rsa.pem
control stats >after
equal "none of which asked anybody" "$(jq .requests after)" "$(jq .requests before)"
check "the RSA package" mhsm key import -n byok-rsa --byok rsa.byok -o json
equal "  is the key" "$(jq -r .key.n out)" "$(jq -r .n rsa.jwk)"
signs byok-rsa rsa.pub RS256 -sha256
check "the EC package" mhsm key import -n byok-ec --byok ec.byok --kty EC
signs byok-ec P-384.pub ES384 -sha384
check "the AES package" mhsm key import -n byok-aes --byok aes.byok --kty oct --ops unwrapKey
check "  unwraps what the other wrapped" mhsm unwrap -n byok-aes -a A256KW -f opened wrapped
check "  to the same" cmp dek opened
check "the one that was encrypted" mhsm key import -n byok-enc --byok enc.byok
signs byok-enc rsa.pub RS256 -sha256

expect_exit 1 "another type than it holds" mhsm key import -n no --byok rsa.byok --kty EC
jq --arg kid "$(mhsm key show -n rsa -o json | jq -r .key.kid)" '.header.kid = $kid' rsa.byok >other.byok
expect_exit 1 "for a key that is none for exchange" mhsm key import -n no --byok other.byok
errors_have "  is told" 'one operation import'
jq '.ciphertext |= (.[0:40] + "AAAA" + .[44:])' rsa.byok >damaged.byok
expect_exit 1 "a damaged package" mhsm key import -n no --byok damaged.byok
expect_exit 6 "no package" mhsm key import -n no --byok rsa.pem
errors_have "  is told" 'schema_version'
expect_exit 2 "an empty package" mhsm key import -n no --byok empty
expect_exit 2 "a package and a key" mhsm key import -n no --byok rsa.byok rsa.pem
expect_exit 2 "a package of a strange type" mhsm key import -n no --byok rsa.byok --kty ML-DSA-65
expect_exit 3 "nothing was made of them" mhsm key show -n no
expect_exit 2 "no key-exchange key" mhsm key byok-package rsa.pem
expect_exit 2 "one without a name" mhsm key byok-package --kek kek.pub rsa.pem
errors_have "  is told" 'does not say'
expect_exit 2 "a name without a version" mhsm key byok-package --kek kek.pub --kek-id mhsm:kek2048 rsa.pem
errors_have "  is told" 'version of the key-exchange key'
expect_exit 2 "another name than its own" mhsm key byok-package --kek kek3072.json --kek-id "$kek" rsa.pem
mhsm key show -n rsa -o json >rsa.json
expect_exit 2 "a key that signs" mhsm key byok-package --kek rsa.json rsa.pem
errors_have "  is none for exchange" 'import as its one operation'
jq '.key.kty = "RSA"' kek2048.json >soft.json
expect_exit 2 "a key outside an HSM" mhsm key byok-package --kek soft.json rsa.pem
expect_exit 2 "an EC key" mhsm key byok-package --kek P-256.pub --kek-id "$kek" rsa.pem
expect_exit 6 "a text for a key-exchange key" mhsm key byok-package --kek text --kek-id "$kek" rsa.pem
expect_exit 1 "one that is not there" mhsm key byok-package --kek missing --kek-id "$kek" rsa.pem
expect_exit 2 "17 octets" sh -c 'head -c 17 large | "$TEST_COMMAND" key byok-package --kek kek2048.json --in-format raw'
errors_have "  are no AES key" 'only AES keys can be sealed'

finish
