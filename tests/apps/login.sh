#!/bin/sh
# SPDX-License-Identifier: MIT
# Signing in as an application, by each proof, and signing a file by openssl
# dgst: with the options in the environment, and in openssl.cnf, in any place
# of the provider list.
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
check "create a key" mhsm key create --name k --kty EC --curve P-256
check "its public key" openssl pkey -provider default -provider mhsm \
    -in mhsm:k -pubout -out k.pem
printf 'an order\n' >msg
admin_secret=$AZURE_CLIENT_SECRET
unset AZURE_CLIENT_SECRET

# A principal that may use the key, and no more.
client=$(control principals '{"name":"app","roles":[{"role":
    "Managed HSM Crypto User","scope":"/keys/k"}]}' | jq -r .client_id)
export AZURE_CLIENT_ID="$client"

# prove NAME=FILE... [NAME=:TEXT...]: register what proves it.
prove() {
    _json=$(jq -n --arg id "$client" '{client_id: $id}')
    for _pair in "$@"; do
        case $_pair in
        *=:*) _text=${_pair#*=:} ;;
        *) _text=$(cat "${_pair#*=}") ;;
        esac
        _json=$(printf '%s' "$_json" |
            jq --arg n "${_pair%%=*}" --arg v "$_text" '.[$n] = $v')
    done
    control proofs "$_json" >/dev/null
}

certificate() {
    command openssl req -x509 -newkey rsa:2048 -noenc -keyout "$1.key" \
        -out "$1.crt" -subj "/CN=$1" -days 1 2>/dev/null
}

# sign WHAT: by the environment as it is.
sign() {
    rm -f sig
    check "$1" openssl dgst -provider default -provider mhsm -sha256 \
        -sign mhsm:k -out sig msg
    check "  and the signature is good" command openssl dgst -sha256 \
        -verify k.pem -signature sig msg
}

# sign_by_file WHAT [PROPERTIES]: the same with nothing in the environment; the
# section's options come in.
sign_by_file() {
    cat >options
    for order in "default mhsm" "mhsm default"; do
        configure conf "$order" "${2-}" <<TEXT
endpoint = $MHSM_ENDPOINT
ca-file = $MHSM_CA_FILE
authority-host = $AZURE_AUTHORITY_HOST
authority-ca-file = $MHSM_CA_FILE
tenant-id = $AZURE_TENANT_ID
client-id = $client
verify-challenge-resource = no
$(cat options)
TEXT
        rm -f sig
        check "$1, order: $order ${2-}" bare openssl dgst -sha256 \
            -sign mhsm:k -out sig msg
        check "  and the signature is good" command openssl dgst -sha256 \
            -verify k.pem -signature sig msg
    done
}

# Without any variable of ours or of Azure's.
bare() {
    (
        for _name in $(env | sed -n 's/^\(AZURE_[A-Z_]*\)=.*/\1/p;s/^\(MHSM_[A-Z_]*\)=.*/\1/p'); do
            unset "$_name"
        done
        export OPENSSL_CONF="$work/conf"
        "$@"
    )
}

# A certificate, in each form.
certificate app
prove certificate=app.crt
cat app.crt app.key >app.pem
export AZURE_CLIENT_CERTIFICATE_PATH="$work/app.pem"
sign "a certificate, PEM"
MHSM_ASSERTION_ALGORITHM=RS256 sign "a certificate, RS256"
command openssl pkcs12 -export -in app.crt -inkey app.key -out app.p12 \
    -passout pass:sesame
export AZURE_CLIENT_CERTIFICATE_PATH="$work/app.p12"
AZURE_CLIENT_CERTIFICATE_PASSWORD=sesame sign "a certificate, PKCS#12"
export AZURE_CLIENT_CERTIFICATE_PASSWORD=simsalabim
expect_exit 1 "  but not with another password" openssl dgst -provider default \
    -provider mhsm -sha256 -sign mhsm:k -out none msg
errors_have "  which is said" 'cannot be decrypted with the password'
if grep -q simsalabim err; then
    fail "  without telling it" err
else
    pass "  without telling it"
fi
command openssl pkcs12 -export -legacy -in app.crt -inkey app.key -out old.p12 \
    -passout pass:sesame
export AZURE_CLIENT_CERTIFICATE_PATH="$work/old.p12"
AZURE_CLIENT_CERTIFICATE_PASSWORD=sesame expect_exit 1 "RC2 is refused" openssl \
    dgst -provider default -provider mhsm -sha256 -sign mhsm:k -out none msg
errors_have "  with what to do" 'written anew'
unset AZURE_CLIENT_CERTIFICATE_PASSWORD AZURE_CLIENT_CERTIFICATE_PATH
echo sesame >password
chmod 600 password
sign_by_file "a certificate by openssl.cnf" <<TEXT
client-certificate = $work/app.p12
client-certificate-password = file:$work/password
TEXT
# Not even where the module is asked for every key may it get this one.
sign_by_file "a certificate by openssl.cnf" '?provider=mhsm' <<TEXT
client-certificate = $work/app.pem
TEXT

# A certificate that the application knows by its issuer and its name alone.
certificate authority
command openssl req -newkey rsa:2048 -noenc -keyout named.key -out named.csr \
    -subj /CN=named.example 2>/dev/null
command openssl x509 -req -in named.csr -CA authority.crt -CAkey authority.key \
    -CAcreateserial -out named.crt -days 1 2>/dev/null
prove authority=authority.crt subject=:named.example
cat authority.crt named.key named.crt >named.pem
export AZURE_CLIENT_CERTIFICATE_PATH="$work/named.pem"
AZURE_CLIENT_SEND_CERTIFICATE_CHAIN=true sign "a certificate with its chain"
expect_exit 1 "  but not without" openssl dgst -provider default \
    -provider mhsm -sha256 -sign mhsm:k -out none msg
errors_have "  and the authority's code is told" 'AADSTS700027'

# The key of the HSM cannot be what signs in to the HSM.
(
    unset AZURE_CLIENT_CERTIFICATE_PATH
    AZURE_CLIENT_ID=$(sed -n 's/^export AZURE_CLIENT_ID=//p' "$state/env") \
        AZURE_CLIENT_SECRET=$admin_secret mhsm key pem --name k --out ref.pem
)
cat app.crt >>ref.pem
export AZURE_CLIENT_CERTIFICATE_PATH="$work/ref.pem"
expect_exit 1 "a key reference is refused" openssl dgst -provider default \
    -provider mhsm -sha256 -sign mhsm:k -out none msg
errors_have "  and why" 'refers to a key in the HSM'
unset AZURE_CLIENT_CERTIFICATE_PATH

# A workload identity: a token of another issuer, in a file behind a link.
base64url() {
    base64 -w0 | tr '+/' '-_' | tr -d =
}
token() {
    _now=$(date +%s)
    _text=$(printf '{"alg":"RS256","kid":"1"}' | base64url).$(
        jq -nc --argjson now "$_now" --arg sub "$1" '{
            iss: "https://issuer.example", sub: $sub,
            aud: "api://AzureADTokenExchange",
            nbf: ($now - 9), exp: ($now + 600)}' | base64url
    )
    printf '%s.%s\n' "$_text" "$(printf '%s' "$_text" |
        command openssl dgst -sha256 -sign issuer.key | base64url)"
}
command openssl genpkey -algorithm RSA -out issuer.key 2>/dev/null
command openssl pkey -in issuer.key -pubout -out issuer.pem
prove key=issuer.pem issuer=:https://issuer.example subject=:pod \
    audience=:api://AzureADTokenExchange
mkdir token
token pod >token/first
ln -s first token/token
export AZURE_FEDERATED_TOKEN_FILE="$work/token/token"
sign "a workload identity"
tenant=$AZURE_TENANT_ID
unset AZURE_TENANT_ID
sign "  whose tenant the HSM tells"
export AZURE_TENANT_ID="$tenant"
token another >token/second
ln -sfn second token/token
expect_exit 1 "  but not another subject" openssl dgst -provider default \
    -provider mhsm -sha256 -sign mhsm:k -out none msg
errors_have "  and the authority's code is told" 'AADSTS700213'
ln -sfn first token/token
unset AZURE_FEDERATED_TOKEN_FILE
sign_by_file "a workload identity by openssl.cnf" <<TEXT
federated-token-file = $work/token/token
TEXT

# The token proxy of a cluster, under another name than its own.
export AZURE_FEDERATED_TOKEN_FILE="$work/token/token"
export AZURE_KUBERNETES_TOKEN_PROXY="https://127.0.0.1:${MHSM_ENDPOINT##*:}/token-proxy"
export AZURE_KUBERNETES_SNI_NAME=localhost
authority=$AZURE_AUTHORITY_HOST
export AZURE_AUTHORITY_HOST=https://localhost:1
AZURE_KUBERNETES_CA_FILE=$MHSM_CA_FILE sign "a token proxy, its roots in a file"
AZURE_KUBERNETES_CA_DATA=$(cat "$MHSM_CA_FILE") \
    sign "a token proxy, its roots in a variable"
AZURE_KUBERNETES_CA_DATA=$(cat app.crt)
export AZURE_KUBERNETES_CA_DATA
expect_exit 1 "  and with other roots not at all" openssl dgst \
    -provider default -provider mhsm -sha256 -sign mhsm:k -out none msg
errors_have "  for want of trust" 'cannot trust the certificate'
unset AZURE_KUBERNETES_TOKEN_PROXY AZURE_KUBERNETES_SNI_NAME
expect_exit 1 "roots of no proxy" openssl dgst -provider default \
    -provider mhsm -sha256 -sign mhsm:k -out none msg
errors_have "  are a mistake, which is named" 'AZURE_KUBERNETES_CA_DATA'
unset AZURE_KUBERNETES_CA_DATA AZURE_FEDERATED_TOKEN_FILE
export AZURE_AUTHORITY_HOST="$authority"

# Secret, then certificate, then workload identity.
export AZURE_CLIENT_CERTIFICATE_PATH="$work/app.pem"
export AZURE_FEDERATED_TOKEN_FILE=/nowhere
sign "a certificate before a workload identity"
AZURE_CLIENT_SECRET=wrong expect_exit 1 "a secret before both" openssl dgst \
    -provider default -provider mhsm -sha256 -sign mhsm:k -out none msg
errors_have "  even a wrong one" 'AADSTS7000215'
export AZURE_CLIENT_CERTIFICATE_PATH=/nowhere
export AZURE_FEDERATED_TOKEN_FILE="$work/token/token"
export MHSM_CREDENTIAL=workload-identity
sign "unless one is named"

finish
