#!/bin/bash
# SPDX-License-Identifier: MIT
# The ways to sign in of the Azure CLI: each gets to the HSM as who it is.
# shellcheck disable=SC2034 # for interop.bash
client=az-login
# shellcheck source-path=SCRIPTDIR source=interop.bash
. "${0%/*}/interop.bash"
interop_start --memory

random() {
    az keyvault key random --hsm-name localhost --count 16
}

# Microsoft Entra's form of the authority, which discovery tells of.
session entra
check "a cloud is discovered" cloud
check "  a secret signs in" az_principal "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET"
output_has "  to the tenant" "\"tenantId\": \"$AZURE_TENANT_ID\""
check "  and the HSM answers" random
check "  a token of its own" az account get-access-token --resource https://managedhsm.azure.net
output_has "  is a bearer's" '"tokenType": "Bearer"'

session wrong
check "a wrong secret" cloud
expect_exit 1 "  does not sign in" az_principal "$AZURE_CLIENT_ID" wrong
errors_have "  and it says why" AADSTS7000215

# AD FS's.
session adfs
adfs="\"activeDirectory\":\"$MHSM_ENDPOINT/adfs\""
check "a cloud with AD FS" cloud "$adfs"
check "  a secret signs in" az_principal "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET"
check "  and the HSM answers" random

# A certificate in place of the secret.
command openssl req -x509 -newkey rsa:2048 -noenc -keyout own.key -out own.crt \
    -subj /CN=az -days 1 2>req.log
cat own.key own.crt >own.pem
who=$(control principals '{"name":"az","roles":[{"role":"Managed HSM Crypto User"}]}' | jq -r .client_id)
control proofs "$(jq -n --arg id "$who" --rawfile pem own.crt '{client_id: $id, certificate: $pem}')" >proofs.log
session certificate
check "a cloud again" cloud
check "  a certificate signs in" az login --service-principal -u "$who" \
    --certificate own.pem --tenant "$AZURE_TENANT_ID"
check "  and the HSM answers" random

# The host's identity, which may less.
session identity
check "a cloud again" cloud
check "  the host's identity signs in" az_identity login --identity
output_has "  as such" '"name": "systemAssignedIdentity"'
check "  and the HSM answers" az_identity keyvault key random --hsm-name localhost --count 16
expect_exit 1 "  it may not purge" az_identity keyvault key purge --hsm-name localhost --name none
errors_have "  for want of the role" AccessDenied

# Signed out, there is nobody.
session entra
check "signing out" az logout
expect_exit 1 "  the HSM is not reached" random
errors_have "  without a sign-in" "az login"
finish
