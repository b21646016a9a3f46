#!/bin/sh
# SPDX-License-Identifier: MIT
# openssl signs with the managed identity of every kind of host, and with what
# the Azure CLI is signed in to.  What kind of host it is tells the environment
# alone, as in the real ones.  Azure Arc's folder is a fixed one: this lives in
# a mount namespace where it may make that folder.
# shellcheck disable=SC2086 # flags
if [ -z "${IDENTITY_NAMESPACE-}" ]; then
    export IDENTITY_NAMESPACE=1
    [ "$(id -u)" -eq 0 ] || exec unshare --mount --map-root-user "$0"
    # A root that is no mount point, as in a chroot, cannot be made private:
    # then it is seen below whether others see the mount.
    unshare --mount true 2>/dev/null && exec unshare --mount "$0"
    exec unshare --mount --propagation unchanged "$0"
fi
. "${0%/*}/../lib.sh"

mount -t tmpfs -o mode=755 none /var/opt
[ "$(stat -c %d /var/opt)" != "$(stat -c %d "/proc/$PPID/root/var/opt")" ] || {
    umount /var/opt
    echo "cannot mount without being seen outside" >&2
    exit 1
}
mkdir -p /var/opt/azcmagent/tokens
emulator_start
check "a key is created" mhsm key create --name k --kty EC
p="-provider default -provider mhsm"
printf 'an order\n' >"$work/msg"
check "its public part" openssl pkey $p -in mhsm:k -pubout -out "$work/k.pem"
# The administrator, by whom the Azure CLI will be played.
admin_token=$(curl -sS --fail-with-body --cacert "$MHSM_CA_FILE" \
    -d "grant_type=client_credentials&client_id=$AZURE_CLIENT_ID" \
    --data-urlencode "client_secret=$AZURE_CLIENT_SECRET" \
    --data-urlencode "scope=https://managedhsm.azure.net/.default" \
    "$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token" |
    jq -r .access_token)
unset AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_AUTHORITY_HOST

# signs NAME ROUTE REQUESTS VARIABLE=VALUE...: in that environment openssl signs,
# and the token comes from there.
signs() {
    name=$1
    route=$2
    requests=$3
    shift 3
    rm -f "$work/sig"
    control reset >/dev/null
    check "in $name openssl signs" sign_in "$@"
    check "  and the signature is good" command openssl dgst -sha256 \
        -verify "$work/k.pem" -signature "$work/sig" "$work/msg"
    equal "  by a token from there" \
        "$(control stats | jq -r --arg r "$route" '.routes[$r] // 0')" "$requests"
}

sign_in() (
    for assignment in "$@"; do
        # shellcheck disable=SC2163 # NAME=VALUE
        export "$assignment"
    done
    openssl dgst $p -sha256 -sign mhsm:k -out "$work/sig" "$work/msg"
)

near=$MHSM_EMULATOR_IMDS
secret=$MHSM_EMULATOR_IDENTITY_HEADER
client=$MHSM_EMULATOR_IDENTITY_CLIENT

for credential in managed-identity automatic; do
    export MHSM_CREDENTIAL=$credential
    echo "# $credential"
    signs "a virtual machine" "GET /metadata/identity/oauth2/token" 1 \
        "AZURE_POD_IDENTITY_AUTHORITY_HOST=$near"
    signs "App Service" "GET /msi/token" 1 \
        "IDENTITY_ENDPOINT=$near/msi/token" "IDENTITY_HEADER=$secret"
    signs "App Service of 2017" "GET /msi/token" 1 \
        "MSI_ENDPOINT=$near/msi/token" "MSI_SECRET=$secret"
    signs "Machine Learning" "GET /msi/token" 1 \
        "MSI_ENDPOINT=$near/msi/token" "MSI_SECRET=$secret" \
        "DEFAULT_IDENTITY_CLIENT_ID=$client"
    signs "Cloud Shell" "POST /oauth2/token" 1 "MSI_ENDPOINT=$near/oauth2/token"
    signs "Azure Arc" "GET /arc/token" 2 \
        "IDENTITY_ENDPOINT=$near/arc/token" "IMDS_ENDPOINT=$near"
    signs "Service Fabric" "GET /service-fabric" 1 \
        "IDENTITY_ENDPOINT=$MHSM_EMULATOR_FABRIC/metadata/identity/oauth2/token" \
        "IDENTITY_HEADER=$secret" \
        "IDENTITY_SERVER_THUMBPRINT=$MHSM_EMULATOR_FABRIC_THUMBPRINT"
done
unset MHSM_CREDENTIAL

# Each of several identities by each of its names.
signs "a machine with several identities" \
    "GET /metadata/identity/oauth2/token" 1 \
    "AZURE_POD_IDENTITY_AUTHORITY_HOST=$near" \
    "MHSM_IDENTITY_OBJECT_ID=$MHSM_EMULATOR_IDENTITY_OID"
signs "one that has the application's id" \
    "GET /metadata/identity/oauth2/token" 1 \
    "AZURE_POD_IDENTITY_AUTHORITY_HOST=$near" "AZURE_CLIENT_ID=$client"
expect_exit 1 "an identity that is not there" sign_in \
    "AZURE_POD_IDENTITY_AUTHORITY_HOST=$near" AZURE_CLIENT_ID=nobody
errors_have "  is told" 'Identity not found'

# The Azure CLI: a person's, so a provider takes it only when it is told to.
mkdir "$work/bin"
cat >"$work/bin/az" <<AZ
#!/bin/sh
echo "\$*" >>"$work/az.seen"
printf '{"accessToken": "%s", "expires_on": %s, "tokenType": "Bearer"}\n' \
    "$admin_token" $(($(date +%s) + 3000))
AZ
chmod 755 "$work/bin/az"
export PATH="$work/bin:$PATH" MHSM_IMDS_ENDPOINT=http://127.0.0.1:1
signs "a shell of somebody signed in" "GET /metadata/identity/oauth2/token" 0 \
    MHSM_CREDENTIAL=azure-cli
equal "  by az" "$(cat "$work/az.seen")" \
    "account get-access-token --output json --scope https://managedhsm.azure.net/.default --tenant $AZURE_TENANT_ID"
rm "$work/az.seen"
expect_exit 1 "otherwise the provider starts no program" sign_in MHSM_RETRIES=0
check "  whatever" test ! -e "$work/az.seen"
expect_exit 1 "  not even with AZURE_TOKEN_CREDENTIALS=dev" sign_in \
    AZURE_TOKEN_CREDENTIALS=dev
errors_have "  which says what to set" 'developer-credentials'
check "  either" test ! -e "$work/az.seen"
export AZURE_TOKEN_CREDENTIALS=dev
check "the command comes to it by itself" mhsm key show --name k
check "  and starts it" test -s "$work/az.seen"
finish
