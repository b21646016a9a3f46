# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The part of az.sh about backups of the whole HSM. It comes last: a restore
# replaces what the others made.

keyvault() {
    answer=$(az keyvault "$@" --hsm-name localhost)
}

backed_up() {
    create ec az-kept
    jq -r .key.kid <<<"$answer" >az-kept.kid
    keyvault backup start --storage-resource-uri "$storage/backups" --storage-container-SAS-token "$(sas backups rcwdl)"
    has '.status == "Succeeded"'
    has '.folderUrl | contains($value)' "$storage/backups/mhsm-localhost-"
    jq -r '.folderUrl | split("/") | last' <<<"$answer" >folder
}

backed_up_by_identity() {
    keyvault backup start --storage-resource-uri "$storage/backups" --use-managed-identity true
    has '.status == "Succeeded"'
}

one_restored() {
    key delete az-kept
    key purge az-kept
    refused KeyNotFound key show az-kept
    az keyvault restore start --hsm-name localhost --storage-resource-uri "$storage/backups" \
        --storage-container-SAS-token "?$(sas backups rl)" --backup-folder "$(cat folder)" --key-name az-kept
    key show az-kept
    has '.key.kid == $value' "$(cat az-kept.kid)"
}

all_restored() {
    create ec az-later
    az keyvault restore start --hsm-name localhost --storage-resource-uri "$storage/backups" \
        --use-managed-identity true --backup-folder "$(cat folder)"
    refused KeyNotFound key show az-later
    key show az-kept
    has '.key.kid == $value' "$(cat az-kept.kid)"
}

no_container() {
    local out
    out=$(mktemp -p "$work")
    if az keyvault backup start --hsm-name localhost --storage-resource-uri "$storage/none" \
        --use-managed-identity true >"$out" 2>&1; then
        echo "it was not refused"
        return 1
    fi
    # Older ones say no more than this (the body's error is not looked at).
    grep -Eq "ContainerNotFound|invalid status|Failed" "$out" || {
        cat "$out"
        return 1
    }
}

no_end() {
    refused BadRequest az keyvault backup start --hsm-name localhost --storage-resource-uri "$storage/backups" \
        --storage-container-SAS-token "sv=1&sig=a"
}

backups() {
    step "backup" backed_up
    step "backup by identity" backed_up_by_identity
    step "restore: one key" one_restored
    step "restore" all_restored
    step "error: no such container" no_container
    step "error: SAS without its end" no_end
}
