#!/bin/bash
# SPDX-License-Identifier: MIT
# The Azure CLI walks the whole life of RSA, EC and oct keys, of roles and of
# settings, and backs up the HSM. Its commands are run as a user runs them; what has no command of
# its own goes through `az rest`.
# shellcheck disable=SC2034 # for interop.bash
client=az
# shellcheck source-path=SCRIPTDIR source=interop.bash
. "${0%/*}/interop.bash"
interop_start_with_storage --memory

every="encrypt decrypt wrapKey unwrapKey sign verify"

# key COMMAND NAME ...: az keyvault key, at our HSM; the answer is in $answer.
key() {
    local command=$1 name=$2
    shift 2
    # shellcheck disable=SC2086 # words
    answer=$(az keyvault key $command --hsm-name localhost --name "$name" "$@")
}

# has FILTER [VALUE]: of the last answer.
has() {
    jq -e --arg value "${2-}" "$1" <<<"$answer" >/dev/null || {
        echo "not so: $1 (${2-})"
        echo "$answer"
        return 1
    }
}

# refused CODE COMMAND...: it fails, and says that code of the service.
refused() {
    local code=$1 out
    shift
    out=$(mktemp -p "$work")
    if "$@" >"$out" 2>&1; then
        echo "it was not refused: $*"
        return 1
    fi
    grep -q "($code)" "$out" || {
        cat "$out"
        echo "not refused with $code"
        return 1
    }
}

digest() { # BITS TEXT
    printf %s "$2" | command openssl dgst "-sha$1" -binary | base64 -w0
}

create() { # KIND NAME [OPTION...]
    local kind=$1 name=$2
    shift 2
    # shellcheck disable=SC2086 # words
    case $kind in
    rsa) set -- --kty RSA-HSM --size 2048 "$@" ;;
    ec) set -- --kty EC-HSM --curve P-256 "$@" ;;
    oct) set -- --kty oct-HSM --size 256 --ops $every "$@" ;;
    esac
    key create "$name" "$@"
}

created() { # KIND NAME
    create "$1" "$2" --tags made=here
    has '.key.kty | ascii_downcase == $value' "$1-hsm"
    has '.tags == {"made":"here"}'
    has '.attributes.recoveryLevel == "CustomizedRecoverable+Purgeable"'
    jq -r .key.kid <<<"$answer" >"$2.kid"
}

got() { # NAME
    local kid
    kid=$(cat "$1.kid")
    key show "$1"
    has '.key.kid == $value' "$kid"
    key show "$1" --version "${kid##*/}"
    has '.key.kid == $value' "$kid"
    answer=$(az keyvault key show --id "$kid")
    has '.key.kid == $value' "$kid"
}

updated() { # NAME OPERATIONS
    key set-attributes "$1" --tags team=a --expires 2037-01-01T00:00:00Z --ops sign verify
    has '.tags == {"team":"a"}'
    has '.attributes.expires == "2037-01-01T00:00:00+00:00"'
    has '.key.keyOps | sort == ["sign", "verify"]'
    # shellcheck disable=SC2086 # words
    key set-attributes "$1" --ops $2
    has '.key.keyOps | sort == ($value | split(" ") | sort)' "$2"
}

# signed NAME ALGORITHM: by the HSM, then verified by the CLI.
signed() {
    local value other signature
    case $2 in
    HS*) value=$(printf 'a message' | base64) other=$(printf 'another' | base64) ;;
    *)
        value=$(digest "$(tr -dc 0-9 <<<"$2")" "a message")
        other=$(digest "$(tr -dc 0-9 <<<"$2")" "another")
        ;;
    esac
    key sign "$1" --algorithm "$2" --digest "$value"
    signature=$(jq -r .signature <<<"$answer")
    key verify "$1" --algorithm "$2" --digest "$value" --signature "$signature"
    has '.isValid == true'
    key verify "$1" --algorithm "$2" --digest "$other" --signature "$signature"
    has '.isValid == false'
}

rsa_signatures() { # NAME
    local alg
    for alg in RS256 PS512; do signed "$1" $alg; done
}

ec_signatures() { # NAME
    local pair
    signed "$1" ES256
    for pair in P-384:ES384 P-521:ES512 P-256K:ES256K; do
        key create "$1-${pair%:*}" --kty EC-HSM --curve "${pair%:*}"
        signed "$1-${pair%:*}" "${pair#*:}"
    done
}

oct_signatures() { # NAME
    signed "$1" HS256
}

rsa_ciphers() { # NAME
    local alg
    for alg in RSA1_5 RSA-OAEP RSA-OAEP-256; do
        key encrypt "$1" --algorithm $alg --value "plain text" --data-type plaintext
        key decrypt "$1" --algorithm $alg --value "$(jq -r .result <<<"$answer")" --data-type plaintext
        has '.result == "plain text"'
    done
}

oct_ciphers() { # NAME
    local iv tag
    key encrypt "$1" --algorithm A256GCM --value "plain text" --data-type plaintext --aad 616164
    iv=$(jq -r .iv <<<"$answer")
    tag=$(jq -r .tag <<<"$answer")
    key decrypt "$1" --algorithm A256GCM --value "$(jq -r .result <<<"$answer")" \
        --data-type plaintext --aad 616164 --iv "$iv" --tag "$tag"
    has '.result == "plain text"'
    iv=00112233445566778899aabbccddeeff
    key encrypt "$1" --algorithm A256CBC --value "$(printf '%016d' 0 | base64)" --iv $iv
    key decrypt "$1" --algorithm A256CBC --value "$(jq -r .result <<<"$answer")" --iv $iv
    has '.result == $value' "$(printf '%016d' 0 | base64)"
}

# wrapped NAME ALGORITHM: there is no such command.
wrapped() {
    local dek
    dek=$(head -c 32 /dev/urandom | basenc --base64url -w0 | tr -d =)
    rest "$1" wrapkey "{\"alg\":\"$2\",\"value\":\"$dek\"}"
    rest "$1" unwrapkey "{\"alg\":\"$2\",\"value\":\"$(jq -r .value <<<"$answer")\"}"
    has '.value == $value' "$dek"
}

rest() { # NAME OPERATION BODY
    answer=$(az rest --method post --resource https://managedhsm.azure.net \
        --url "$(cat "$1.kid")/$2?api-version=7.6" --body "$3")
}

renewed() { # KIND NAME
    create "$1" "$2"
    has '.key.kid != $value' "$(cat "$2.kid")"
}

versions() { # NAME COUNT
    key list-versions "$1"
    has 'map(.kid) | unique | length == ($value | tonumber)' "$2"
    key list-versions "$1" --maxresults 1
    has 'length == 1'
}

policy() { # NAME
    key "rotation-policy show" "$1"
    has '.lifetimeActions == [] or .lifetimeActions == null'
    key "rotation-policy update" "$1" --value '{"lifetimeActions":[{"trigger":{"timeBeforeExpiry":"P30D"},"action":{"type":"Rotate"}}],"attributes":{"expiryTime":"P90D"}}'
    key "rotation-policy show" "$1"
    has '.expiresIn == "P90D"'
    has '.lifetimeActions[0].timeBeforeExpiry == "P30D"'
}

rotated() { # NAME
    local before
    key show "$1"
    before=$(jq -r .key.kid <<<"$answer")
    key rotate "$1"
    has '.key.kid != $value' "$before"
    has '.attributes.expires != null'
    has '.key.kid != null'
}

deleted() { # NAME
    key delete "$1"
    has '.recoveryId | endswith($value)' "/deletedkeys/$1"
    answer=$(az keyvault key list-deleted --hsm-name localhost)
    has 'any(.[]; .kid | endswith($value))' "/keys/$1"
    key show-deleted "$1"
    has '.scheduledPurgeDate != null'
    refused KeyNotFound key show "$1"
}

recovered() { # NAME
    key recover "$1"
    versions "$1" 3
}

purged() { # NAME
    key delete "$1"
    key purge "$1"
    refused KeyNotFound key show-deleted "$1"
}

restored() { # NAME
    answer=$(az keyvault key restore --hsm-name localhost --file "$1.backup")
    has '.key.kid | contains($value)' "/keys/$1/"
    versions "$1" 3
    az keyvault key show --id "$(cat "$1.kid")"
}

imported_pem() { # KIND NAME
    case $1 in
    rsa) command openssl genpkey -algorithm RSA -out "$2.pem" ;;
    ec) command openssl ecparam -genkey -name prime256v1 -noout -out "$2.pem" ;;
    esac
    key import "$2" --pem-file "$2.pem" --protection hsm --tags from=outside
    has '.tags == {"from":"outside"}'
    key download "$2" --file "$2.pub" --encoding PEM
    command openssl pkey -in "$2.pem" -pubout | command openssl pkey -pubin -outform DER >own.der
    command openssl pkey -pubin -in "$2.pub" -outform DER | cmp own.der -
}

# An AES key can only be brought in under a key-exchange key.
imported_oct() { # NAME
    local kek
    key create kek --kty RSA-HSM --size 3072 --ops import
    kek=$(jq -r .key.kid <<<"$answer")
    key download kek --file kek.pub --encoding PEM
    head -c 32 /dev/urandom >oct.own
    head -c 32 /dev/urandom >oct.aes
    command openssl pkeyutl -encrypt -pubin -inkey kek.pub -in oct.aes -out oct.head \
        -pkeyopt rsa_padding_mode:oaep
    command openssl enc -e -id-aes256-wrap-pad -iv a65959a6 -in oct.own -out oct.tail \
        -K "$(basenc --base16 -w0 oct.aes)"
    jq -n --arg kid "$kek" --arg text "$(cat oct.head oct.tail | basenc --base64url -w0 | tr -d =)" \
        '{schema_version: "1.0.0", header: {kid: $kid, alg: "dir", enc: "CKM_RSA_AES_KEY_WRAP"}, ciphertext: $text, generator: "test"}' >oct.byok
    key import "$1" --byok-file oct.byok --kty oct --ops sign verify
    key sign "$1" --algorithm HS256 --digest "$(printf x | base64)"
    has '.signature == $value' "$(printf x | command openssl dgst -sha256 -mac HMAC \
        -macopt "hexkey:$(basenc --base16 -w0 oct.own)" -binary | base64 -w0)"
}

life() { # KIND
    local kind=$1 name=az-$1 operations=$every
    [ "$kind" != ec ] || operations="sign verify"
    step "$kind create" created "$kind" "$name"
    step "$kind get" got "$name"
    step "$kind update" updated "$name" "$operations"
    step "$kind sign, verify" "${kind}_signatures" "$name"
    [ "$kind" = ec ] || step "$kind encrypt, decrypt" "${kind}_ciphers" "$name"
    case $kind in
    rsa) step "$kind wrap, unwrap" wrapped "$name" RSA-OAEP-256 ;;
    oct) step "$kind wrap, unwrap" wrapped "$name" A256KW ;;
    esac
    step "$kind new version" renewed "$kind" "$name"
    step "$kind list versions" versions "$name" 2
    step "$kind rotation policy" policy "$name"
    step "$kind rotate" rotated "$name"
    step "$kind backup" key backup "$name" --file "$name.backup"
    step "$kind delete" deleted "$name"
    step "$kind recover" recovered "$name"
    step "$kind purge" purged "$name"
    step "$kind restore" restored "$name"
    case $kind in
    oct) step "$kind import" imported_oct "$name-imported" ;;
    *) step "$kind import" imported_pem "$kind" "$name-imported" ;;
    esac
}

# More keys than the largest page has; curl makes them, the CLI lists them.
lists() {
    local i token
    token=$(token)
    for i in $(seq 27); do
        printf 'url = "%s/keys/az-many-%s/create?api-version=7.6"\noutput = /dev/null\n' "$MHSM_ENDPOINT" "$i"
    done >urls
    curl -sS --fail-with-body --cacert "$MHSM_CA_FILE" -K urls -d '{"kty":"EC"}' \
        -H "Authorization: Bearer $token" -H 'Content-Type: application/json'
    answer=$(az keyvault key list --hsm-name localhost)
    has '[.[].kid | select(contains("/az-many-"))] | length == 27'
    answer=$(az keyvault key list --hsm-name localhost --maxresults 5)
    has 'length == 5'
}

random() {
    answer=$(az keyvault key random --hsm-name localhost --count 128)
    has '.value | length == 172'
}

attested() {
    key create az-attested --kty EC-HSM --curve P-256
    key get-attestation az-attested --file attestation.json
    answer=$(cat attestation.json)
    has 'tostring | test("BEGIN CERTIFICATE|LS0tLS1CRUdJTi")'
}

missing() {
    refused KeyNotFound key show az-none
}

disabled() {
    create rsa az-disabled
    key set-attributes az-disabled --enabled false
    has '.attributes.enabled == false'
    refused Forbidden key sign az-disabled --algorithm RS256 --digest "$(digest 256 x)"
}

bad() {
    refused BadParameter key create az-odd --kty RSA-HSM --size 1234
    refused BadParameter az keyvault key random --hsm-name localhost --count 129
    refused BadParameter key "rotation-policy update" az-attested --value \
        '{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P1D"},"action":{"type":"Rotate"}}]}'
}

taken() {
    create ec az-taken
    key delete az-taken
    refused Conflict create ec az-taken
}

# shellcheck source=SCRIPTDIR/az_access.bash
. "$here/az_access.bash"
# shellcheck source=SCRIPTDIR/az_management.bash
. "$here/az_management.bash"
# shellcheck source=SCRIPTDIR/az_backup.bash
. "$here/az_backup.bash"

session administrator
step "sign in" eval 'cloud && az_principal "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET"'
lives=
for kind in rsa ec oct; do
    life $kind >"life.$kind" &
    lives="$lives $!"
done
step "random bytes" random
step "attestation" attested
step "error: missing key" missing
step "error: disabled key" disabled
step "error: bad parameter" bad
step "error: deleted name" taken
access
management
# shellcheck disable=SC2086 # words
wait $lives
cat life.*
step "list keys" lists
backups
interop_finish
