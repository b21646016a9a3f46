#!/bin/bash
# SPDX-License-Identifier: MIT
# Security domains between the Azure CLI, the Python SDK and mhsm: whichever of
# them downloads, makes the restore blob and uploads, a key that was backed up in
# the first HSM signs in the restored one.
# shellcheck disable=SC2034 # for lib.sh and interop.bash
client=domain
# shellcheck source-path=SCRIPTDIR source=interop.bash
. "${0%/*}/interop.bash"
activated=
interop_start --domain-retry-after 1 --work-time 1
session administrator
cloud >cloud.log 2>&1
az_principal "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET" >login.log
first=$MHSM_ENDPOINT
subscription=$MHSM_MANAGEMENT_ENDPOINT/subscriptions/$AZURE_SUBSCRIPTION_ID
group=$subscription/resourceGroups/emulator/providers/Microsoft.KeyVault/managedHSMs
deleted=$subscription/providers/Microsoft.KeyVault/locations/local/deletedManagedHSMs
admin=$(curl -sS --fail-with-body "$MHSM_EMULATOR_CONTROL/principals" | jq -r '.principals[] | select(.name == "administrator").oid')
holders=(holders/a.key holders/b.key holders/c.key)

# row CLIENT NAME COMMAND...: a step of that client.
row() {
    local client=$1
    shift
    step "$@"
}

arm() {
    curl -sS --fail-with-body --cacert "$MHSM_CA_FILE" -H "Authorization: Bearer $arm_token" "$@"
}

# In the place of the one before: a subscription has few. Its URL is in $hsm.
made() {
    arm_token=$(curl -sS --fail-with-body --cacert "$MHSM_CA_FILE" -d "grant_type=client_credentials&client_id=$AZURE_CLIENT_ID" \
        --data-urlencode "client_secret=$AZURE_CLIENT_SECRET" --data-urlencode "scope=https://management.azure.com/.default" \
        "$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token" | jq -r .access_token)
    if arm "$group/target?api-version=2026-02-01"; then
        arm -X DELETE "$group/target?api-version=2026-02-01"
        await arm "$deleted/target?api-version=2026-02-01"
        arm -d '' "$deleted/target/purge?api-version=2026-02-01"
        await vanished
    fi
    arm -X PUT "$group/target?api-version=2026-02-01" -H 'Content-Type: application/json' -d \
        "{\"location\":\"local\",\"sku\":{\"family\":\"B\",\"name\":\"Standard_B1\"},\"properties\":{\"initialAdminObjectIds\":[\"$admin\"]}}"
    await ready
    hsm=$(jq -r .properties.hsmUri target.json)
    hsm=${hsm%/}
}

vanished() {
    ! arm "$deleted/target?api-version=2026-02-01"
}

ready() {
    arm "$group/target?api-version=2026-02-01" >target.json
    [ "$(jq -r .properties.provisioningState target.json)" = Succeeded ]
}

# az_done COMMAND...: az keyvault security-domain, which tells of its end.
az_done() {
    az keyvault security-domain "$@" >status && jq -e '.status == "Success"' status
}

download() { # CLIENT
    rm -f "$1.domain"
    case $1 in
    az) az_done download --id "$first" --sd-wrapping-keys "${holders[@]/%.key/.cer}" \
        --sd-quorum 2 --security-domain-file az.domain ;;
    mhsm) mhsm security-domain download --wrapping-cert holders/a.cer --wrapping-cert holders/b.cer \
        --wrapping-cert holders/c.cer --quorum 2 --out mhsm.domain ;;
    python) python "$here/python/domain.py" download python.domain 2 "${holders[@]/%.key/.cer}" ;;
    esac
    mhsm security-domain verify "$1.domain" --key holders/c.key --key holders/b.key
}

exchange() { # CLIENT FILE
    case $1 in
    az) az keyvault security-domain init-recovery --id "$hsm" --sd-exchange-key "$2" ;;
    mhsm) mhsm security-domain init-recovery --hsm "$hsm" --out "$2" ;;
    python) MHSM_ENDPOINT=$hsm python "$here/python/domain.py" exchange "$2" ;;
    esac
}

blob() { # CLIENT DOMAIN EXCHANGE-KEY FILE
    case $1 in
    az) az keyvault security-domain restore-blob --sd-file "$2" --sd-exchange-key "$3" \
        --sd-wrapping-keys holders/c.key holders/a.key --sd-file-restore-blob "$4" ;;
    mhsm) mhsm security-domain restore-blob "$2" --exchange-key "$3" --key holders/c.key --key holders/a.key --out "$4" ;;
    esac
}

# Unless the exchange key is named, mhsm has to send it unchecked.
upload() { # CLIENT BLOB [EXCHANGE-KEY]
    case $1 in
    az) az_done upload --id "$hsm" --sd-file "$2" --restore-blob ;;
    mhsm)
        if [ $# -gt 2 ]; then set -- "$2" --exchange-key "$3"; else set -- "$2" --unchecked; fi
        mhsm security-domain upload --hsm "$hsm" --restore-blob "$@"
        ;;
    python) MHSM_ENDPOINT=$hsm python "$here/python/domain.py" upload "$2" ;;
    esac
}

# The key of the first HSM in this one.
signs() {
    mhsm role assignment create --hsm "$hsm" --role "Managed HSM Crypto User" --assignee "$admin"
    mhsm key restore --hsm "$hsm" k.backup
    mhsm sign --hsm "$hsm" --name k --algorithm ES256 --format der --out signature results
    command openssl dgst -sha256 -verify k.pem -signature signature results
}

# By whom the domain, by whom the blob, by whom exchange key and upload.
restored() { # CLIENT CLIENT CLIENT
    local name=$1-$2-$3
    made
    exchange "$3" "$name.pem"
    blob "$2" "$1.domain" "$name.pem" "$name.blob"
    upload "$3" "$name.blob" "$name.pem"
    signs
}

from_keys() { # CLIENT
    made
    exchange "$1" "keys-$1.pem"
    case $1 in
    az) az_done upload --id "$hsm" --sd-file mhsm.domain --sd-exchange-key keys-az.pem \
        --sd-wrapping-keys holders/c.key holders/a.key ;;
    mhsm) mhsm security-domain upload --hsm "$hsm" az.domain --exchange-key keys-mhsm.pem \
        --key holders/b.key --key holders/a.key ;;
    esac
    signs
}

# told TEXT COMMAND...: it fails and says so.
told() {
    local text=$1
    shift
    if "$@" >told 2>&1; then
        echo "it did not fail: $*"
        return 1
    fi
    grep -qF "$text" told || {
        cat told
        return 1
    }
}

fault() { # ROUTE
    curl -sS --fail-with-body -d "{\"faults\":[{\"route\":\"$1\",\"action\":\"doom\"}]}" "$MHSM_EMULATOR_CONTROL/faults?hsm=target"
}

# Blobs that do not open, an upload that fails later, then one that is
# done and cannot be repeated.
errors() { # CLIENT
    made
    exchange "$1" "errors-$1.pem"
    blob mhsm mhsm.domain holders/a.cer wrong.blob
    told "x5t_256 is not that of the exchange key" upload "$1" wrong.blob
    blob mhsm mhsm.domain "errors-$1.pem" "errors-$1.blob"
    jq -c '.EncData.kdf = "none"' "errors-$1.blob" >wrong.blob
    told "kdf is not sp108_kdf" upload "$1" wrong.blob
    jq -c '.EncData.data[1].compact_jwe = .EncData.data[0].compact_jwe' "errors-$1.blob" >wrong.blob
    told "base_enclave_backup cannot be opened" upload "$1" wrong.blob
    fault domainupload
    told "The Security Domain could not be processed." upload "$1" "errors-$1.blob"
    upload "$1" "errors-$1.blob"
    told "The HSM is active and has a security domain" upload "$1" "errors-$1.blob"
    rm -f again.pem
    told "The HSM is active and has a security domain" exchange "$1" again.pem
    signs
}

# Before it has a security domain.
not_active() { # CLIENT
    case $1 in
    az) told "The HSM is not activated" az keyvault key list --hsm-name localhost ;;
    mhsm) told "mhsm security-domain download" mhsm key list ;;
    esac
}

mhsm security-domain keygen --holder a --holder b --holder c --size 2048 --unencrypted --out holders >keygen.log
for by in az mhsm; do
    row $by "domain: not active" not_active $by
done
for by in az mhsm python; do
    row $by "domain: download" download $by
done
mhsm key create --name k --kty EC --curve P-256 >create.log
mhsm key download --name k --out k.pem
az keyvault key backup --hsm-name localhost --name k --file k.backup
for by in mhsm az python; do
    row $by "domain: of az, blob of az" restored az az $by
    row $by "domain: of az, blob of mhsm" restored az mhsm $by
    row $by "domain: of mhsm, blob of az" restored mhsm az $by
    row $by "domain: of mhsm, blob of mhsm" restored mhsm mhsm $by
    row $by "domain: of Python, blob of mhsm" restored python mhsm $by
    row $by "domain: errors" errors $by
done
for by in az mhsm; do
    row $by "domain: upload from keys" from_keys $by
done
interop_finish
