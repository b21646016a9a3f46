#!/bin/sh
# SPDX-License-Identifier: MIT
# The authority of the emulator verifies client assertions in earnest: each is
# made by openssl here, right but for one thing.
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
url=$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token
client=$(control principals '{"name":"app"}' | jq -r .client_id)

make_pair() {
    command openssl req -x509 -newkey rsa:2048 -noenc -keyout "$1.key" \
        -out "$1.crt" -subj "/CN=$1" -days 1 2>/dev/null
    command openssl x509 -in "$1.crt" -outform DER -out "$1.der"
}

base64url() {
    base64 -w0 | tr '+/' '-_' | tr -d =
}

# thumbprint DIGEST NAME
thumbprint() {
    command openssl dgst "-$1" -binary "$2.der" | base64url
}

# header ALG [MEMBER=VALUE]
header() {
    jq -nc --arg a "$1" '{alg: $a, typ: "JWT"}' |
        jq -c --arg n "${2%%=*}" --arg v "${2#*=}" '.[$n] = $v'
}

# claims [FILTER]: right ones, changed by a filter of jq.
claims() {
    jq -nc --argjson now "$(date +%s)" --arg aud "$url" --arg id "$client" \
        --arg jti "$(cat /proc/sys/kernel/random/uuid)" '{
            aud: $aud, iss: $id, sub: $id, jti: $jti,
            nbf: $now, exp: ($now + 600)} | '"${1-.}"
}

# jwt HEADER CLAIMS KEY
jwt() {
    printf '%s.%s' "$(printf '%s' "$1" | base64url)" \
        "$(printf '%s' "$2" | base64url)" >signed
    case $1 in
    *PS256*)
        command openssl dgst -sha256 -sigopt rsa_padding_mode:pss \
            -sigopt "rsa_pss_saltlen:${salt-digest}" -sign "$3" \
            -out signature signed
        ;;
    *none*) : >signature ;;
    *) command openssl dgst -sha256 -sign "$3" -out signature signed ;;
    esac
    printf '%s.%s' "$(cat signed)" "$(base64url <signature)"
}

post() {
    curl -sS --cacert "$MHSM_CA_FILE" -o answer -w '%{http_code}' \
        -d grant_type=client_credentials -d "client_id=$client" \
        --data-urlencode "scope=https://managedhsm.azure.net/.default" \
        --data-urlencode "client_assertion_type=${type-urn:ietf:params:oauth:client-assertion-type:jwt-bearer}" \
        --data-urlencode "client_assertion=$1" "${2-$url}"
}

# taken NAME ASSERTION [URL] / refused NAME CODE ASSERTION [URL]
taken() {
    equal "$1" "$(post "$2" "${3-$url}") $(jq -r .token_type answer)" \
        "200 Bearer"
}

refused() {
    _status=$(post "$3" "${4-$url}")
    equal "$1" "$(jq -c .error_codes answer)" "[$2]"
    equal "  with a status that says so" "${_status%??}" 4
}

make_pair own
make_pair other
new="x5t#S256=$(thumbprint sha256 own)"
old="x5t=$(thumbprint sha1 own)"
good=$(header PS256 "$new")

refused "nothing is registered yet" 700027 "$(jwt "$good" "$(claims)" own.key)"
control proofs "$(jq -n --arg id "$client" --rawfile c own.crt \
    '{client_id: $id, certificate: $c}')" >/dev/null
taken "PS256" "$(jwt "$good" "$(claims)" own.key)"
taken "RS256 with the old thumbprint" \
    "$(jwt "$(header RS256 "$old")" "$(claims)" own.key)"
refused "PS256 with the old thumbprint" 50027 \
    "$(jwt "$(header PS256 "$old")" "$(claims)" own.key)"
refused "another key" 700027 "$(jwt "$good" "$(claims)" other.key)"
refused "another thumbprint" 700027 \
    "$(jwt "$(header PS256 "x5t#S256=$(thumbprint sha256 other)")" \
        "$(claims)" own.key)"
refused "a header that says another algorithm" 700027 "$(
    jwt "$(header RS256 "$new")" "$(claims)" own.key >/dev/null
    jwt "$good" "$(claims)" own.key >/dev/null
    printf '%s.%s.%s' "$(header RS256 "$new" | tr -d '\n' | base64url)" \
        "$(cut -d. -f2 signed)" "$(base64url <signature)"
)"
refused "a shorter salt" 700027 "$(salt=8 && jwt "$good" "$(claims)" own.key)"
refused "no signature" 700027 \
    "$(jwt "$(header none "$new")" "$(claims)" own.key)"
refused "claims changed after signing" 700027 "$(
    jwt "$good" "$(claims)" own.key >/dev/null
    printf '%s.%s.%s' "$(cut -d. -f1 signed)" \
        "$(claims '.exp -= 1' | tr -d '\n' | base64url)" \
        "$(base64url <signature)"
)"
refused "another audience" 700023 \
    "$(jwt "$good" "$(claims '.aud = "https://elsewhere.example"')" own.key)"
refused "the audience of another path" 700023 \
    "$(jwt "$good" "$(claims '.aud |= sub("v2.0/"; "")')" own.key)"
refused "another issuer" 700021 \
    "$(jwt "$good" "$(claims '.iss = "someone"')" own.key)"
refused "another subject" 700021 \
    "$(jwt "$good" "$(claims '.sub = "someone"')" own.key)"
refused "expired" 700024 "$(jwt "$good" "$(claims '.exp -= 700')" own.key)"
refused "longer than ten minutes" 700024 \
    "$(jwt "$good" "$(claims '.exp += 60')" own.key)"
refused "not yet valid" 700024 \
    "$(jwt "$good" "$(claims '.nbf += 60')" own.key)"
refused "no time at all" 700024 "$(jwt "$good" "$(claims 'del(.exp)')" own.key)"
refused "a time that is none" 700024 \
    "$(jwt "$good" "$(claims '.exp = "soon"')" own.key)"
taken "as MSAL for Python writes times" \
    "$(jwt "$good" "$(claims 'del(.nbf) | .exp += 0.5')" own.key)"
taken "  and thumbprints" \
    "$(jwt "$(jq -c '."x5t#S256" += "="' <<TEXT
$good
TEXT
    )" "$(claims)" own.key)"
refused "no jti" 50027 "$(jwt "$good" "$(claims 'del(.jti)')" own.key)"
once=$(jwt "$good" "$(claims '.jti = "once"')" own.key)
taken "a jti" "$once"
taken "  again, when the request is repeated" "$once"
refused "  but not in another assertion" 50027 \
    "$(jwt "$good" "$(claims '.jti = "once"')" own.key)"
refused "no token at all" 50027 "one.two"
refused "no JSON in it" 50027 "b25l.dHdv.dGhyZWU"
type=saml
refused "another type of assertion" 900144 "$(jwt "$good" "$(claims)" own.key)"
unset type

# AD FS: its own endpoint, and nothing new.
adfs=$AZURE_AUTHORITY_HOST/adfs/oauth2/token
taken "AD FS, RS256" "$(jwt "$(header RS256 "$old")" \
    "$(claims ".aud = \"$adfs\"")" own.key)" "$adfs"
refused "AD FS, PS256" 50027 \
    "$(jwt "$good" "$(claims ".aud = \"$adfs\"")" own.key)" "$adfs"

# What cannot prove anybody is not registered.
for proof in '{"client_id":"nobody","certificate":"x"}' \
    "{\"client_id\":\"$client\",\"certificate\":\"x\"}" \
    "{\"client_id\":\"$client\",\"issuer\":\"x\",\"subject\":\"y\"}"; do
    expect_exit 22 "not registered: ${proof#*,}" control proofs "$proof"
done

finish
