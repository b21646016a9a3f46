#!/bin/sh
# SPDX-License-Identifier: MIT
# Backup and restore of the whole emulator, as requests: what is refused at once,
# what the job tells, what is in the container.
# shellcheck disable=SC2119 # emulator_start takes options of the emulator
. "${0%/*}/../lib.sh"
. "${0%/*}/../storage.sh"

storage_start
container backups
cd "$work"
emulator_start --storage-ca "$storage_ca" --job-time 300 --job-retry-after 3
service=$(token)

# ask METHOD PATH [BODY]: the status; the answer is in answer, headers in headers.
ask() {
    curl -sS -o answer -D headers -w '%{http_code}' --cacert "$MHSM_CA_FILE" -X "$1" \
        -H "Authorization: Bearer $service" -H 'Content-Type: application/json' \
        ${3+-d "$3"} "$MHSM_ENDPOINT$2"
}
at=api-version=7.6

said() {
    equal "$1" "$(jq -r "$2" answer)" "$3"
}

# job STATUS [CODE]: how the one that the last answer told of ends.
job() {
    url=$(tr -d '\r' <headers | sed -n 's/^Azure-AsyncOperation: //p')
    until [ "$(ask GET "${url#"$MHSM_ENDPOINT"}")" = 200 ] && [ "$(jq -r .status answer)" != InProgress ]; do
        sleep 0.1
    done
    said "  $1${2+ with $2}" '[.status, .error.code // empty, (.endTime >= .startTime)] | join(" ")' "$1 ${2+$2 }true"
}

by_sas() {
    jq -cn --arg uri "$storage/$1" --arg token "$2" '{storageResourceUri: $uri, token: $token}'
}
by_identity() {
    jq -cn --arg uri "$storage/$1" '{storageResourceUri: $uri, useManagedIdentity: true}'
}
restoring() { # MEMBER FOLDER PARAMETERS
    jq -cn --arg folder "$2" --argjson parameters "$3" "{sasTokenParameters: \$parameters, $1: \$folder}"
}

good=$(by_sas backups "$(sas backups rcwdl)")
equal "a key" "$(ask POST "/keys/k/create?$at" '{"kty":"EC"}')" 200
kid=$(jq -r .key.kid answer)
ask PUT "/keys/k/rotationpolicy?$at" '{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P40D"},"action":{"type":"Rotate"}}],"attributes":{}}' >/dev/null

equal "a backup is accepted" "$(ask POST "/backup?api-version=7.2" "$good")" 202
said "  its body" '[.status, .error, .endTime, .azureStorageBlobContainerUri, (.jobId | length)] | tojson' '["InProgress",null,null,null,32]'
equal "  when to ask again" "$(tr -d '\r' <headers | sed -n 's/^Retry-After: //p')" 3
cp headers first
for again in "POST /backup" "POST /prebackup"; do
    equal "another one is not: $again" "$(ask "${again% *}" "${again#* }?$at" "$good")" 409
    said "  which is told" .error.message "Another backup operation is in progress"
done
cp first headers
job Succeeded
uri=$(jq -r .azureStorageBlobContainerUri answer)
folder=${uri##*/}
equal "  into a folder of the container" "$(expr "$uri" : "$storage/backups/mhsm-localhost-[0-9]\{16\}\$")" "${#uri}"
storage_request GET 'backups?restype=container&comp=list' >list
equal "  which holds the key" "$(grep -c "<Name>$folder/keys/k</Name>" list)" 1
storage_request GET "backups/$folder/keys/k" >blob
equal "  sealed" "$(cut -d. -f1 blob | base64 -d 2>/dev/null | jq -r .enc)" A256CBC-HS512
equal "nothing is told without a version of the interface, save a status" "$(ask GET /keys)" 400
equal "no such job" "$(ask GET "/backup/00000000000000000000000000000000/pending")" 404
equal "a backup is no restore" "$(ask GET "/restore/$(jq -r .jobId answer)/pending")" 404

# Told at once.
refused() { # NAME MESSAGE BODY
    equal "refused: $1" "$(ask POST "/backup?$at" "$3")" 400
    said "  with the words" '[.error.code, .error.message, (.error | has("innererror"))] | join(": ")' "BadRequest: $2: true"
}
refused "a token without its end" "The customer provided SAS token is malformed. The SAS token does not contain the expiry field" "$(by_sas backups sv=1)"
refused "a token of two lines" "The customer provided SAS token is malformed" "$(by_sas backups "se=1
x")"
refused "plain HTTP" "The storageResourceUri is malformed" "$(by_sas backups se=1 | sed s/https/http/)"
refused "no container" "The storageResourceUri names no container" '{"storageResourceUri":"https://a.blob.core.windows.net","token":"se=1"}'
refused "nothing" "The storageResourceUri is missing" '{}'
refused "neither token nor identity" "Either a SAS token or the managed identity is needed" "{\"storageResourceUri\":\"$storage/backups\"}"
equal "no identity before 7.5" "$(ask POST "/backup?api-version=7.4" "$(by_identity backups)")" 400
equal "no check before 7.6" "$(ask POST "/prebackup?api-version=7.5" "$good")" 400

# Told by the job.
fails() { # NAME CODE BODY
    equal "accepted: $1" "$(ask POST "/backup?$at" "$3")" 202
    job Failed "$2"
}
fails "a token that has expired" AuthorizationFailure "$(by_sas backups "$(sas backups rcwdl '-1 hour')")"
fails "a token that may not write" AuthorizationPermissionMismatch "$(by_sas backups "$(sas backups rl)")"
fails "a container that is not there" ContainerNotFound "$(by_identity none)"
fails "a host that is not there" StorageUnreachable "$(by_sas backups se=1 | sed 's/localhost:[0-9]*/localhost:1/')"
equal "a check of the same" "$(ask POST "/prebackup?$at" "$(by_identity none)")" 202
job Failed ContainerNotFound
equal "a check of a good one" "$(ask POST "/prebackup?$at" "$(by_identity backups)")" 202
job Succeeded
said "  leaves nothing" .azureStorageBlobContainerUri null
equal "a backup with the managed identity" "$(ask POST "/backup?api-version=7.5" "$(by_identity backups/)")" 202
job Succeeded

# One key.
full=$(restoring folderToRestore "$folder" "$good")
one=$(restoring folder "$folder" "$good")
equal "a key that is there is not restored" "$(ask PUT "/keys/k/restore?$at" "$one")" 409
ask DELETE "/keys/k?$at" >/dev/null
equal "  nor one that was deleted" "$(ask PUT "/keys/k/restore?$at" "$one")" 409
ask DELETE "/deletedkeys/k?$at" >/dev/null
equal "  a purged one is" "$(ask PUT "/keys/k/restore?$at" "$one")" 202
job Succeeded
ask GET "/keys/k?$at" >/dev/null
said "  it is the same" .key.kid "$kid"
ask GET "/keys/k/rotationpolicy?$at" >/dev/null
said "  with its policy" '.lifetimeActions[0].trigger.timeAfterCreate' P40D
equal "one that is not in the backup" "$(ask PUT "/keys/none/restore?$at" "$one")" 202
job Failed BlobNotFound

# All of it.
ask POST "/keys/later/create?$at" '{"kty":"EC"}' >/dev/null
equal "a check of a restore" "$(ask PUT "/prerestore?$at" "$full")" 202
job Succeeded
for name in ../x a/b '' .; do
    equal "no folder: '$name'" "$(ask PUT "/restore?$at" "$(restoring folderToRestore "$name" "$good")")" 400
done
equal "a folder that is not there" "$(ask PUT "/restore?$at" "$(restoring folderToRestore mhsm-x-1 "$good")")" 202
job Failed BlobNotFound
equal "restore" "$(ask PUT "/restore?$at" "$full")" 202
cp headers first
equal "  nothing else is served meanwhile" "$(ask GET "/keys?$at")" 503
cp first headers
job Succeeded
equal "  what came later is gone" "$(ask GET "/keys/later?$at")" 404
equal "  what was there is there" "$(ask GET "/keys/k?$at")" 200
control clock '{"advance":1801}' >/dev/null
service=$(token)
equal "half an hour later it needs a backup" "$(ask PUT "/restore?$at" "$full")" 400
said "  which is told" .error.message "A recent backup of this HSM is needed before it can be restored"

# A blob that was changed is not taken, and nothing is changed by it.
storage_request GET "backups/$folder/backup" >blob
tr 'A-Za-z' 'B-ZAb-za' <blob | cut -c-2000 >changed
storage_request PUT "backups/$folder/keys/k" -H 'x-ms-blob-type: BlockBlob' --data-binary @changed
equal "a backup" "$(ask POST "/backup?$at" "$good")" 202
job Succeeded
equal "a restore of what was changed" "$(ask PUT "/restore?$at" "$full")" 202
job Failed BadRequest
equal "  leaves all as it was" "$(ask GET "/keys/k?$at")" 200

# Whose role it takes.
control principals '{"name":"user","roles":[{"role":"Managed HSM Crypto User"}]}' >user
service=$(AZURE_CLIENT_ID=$(jq -r .client_id user) AZURE_CLIENT_SECRET=$(jq -r .client_secret user) token)
equal "a user of keys may not" "$(ask POST "/backup?$at" "$good")" 403
equal "  nor look" "$(ask GET "/backup/00000000000000000000000000000000/pending?$at")" 403
service=$(token)

# Killed in the midst of it: the job has failed, and the next one runs.
equal "a backup" "$(ask POST "/backup?$at" "$good")" 202
cp headers first
kill -9 "$emulator_pid"
stop "$emulator_pid"
emulator_start --storage-ca "$storage_ca" --no-identity --no-restore-window
service=$(token)
cp first headers
job Failed InternalServerError
equal "an HSM without an identity" "$(ask POST "/backup?$at" "$(by_identity backups)")" 202
job Failed BadRequest
storage_stop
fails "a store that went away" StorageUnreachable "$good"
storage_start
equal "  and came back" "$(ask POST "/backup?$at" "$good")" 202
job Succeeded
[ ! -s hsm.err ] || fail "the emulator complained" hsm.err
finish
