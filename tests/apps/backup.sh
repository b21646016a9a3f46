#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm backup and restore: two HSMs of one root of trust, and a blob store that
# both use. Whatever goes wrong is told with the next step.
# shellcheck disable=SC2119 # emulator_start takes options of the emulator
. "${0%/*}/../lib.sh"
. "${0%/*}/../storage.sh"

storage_start
container backups
cd "$work"
container_url=$storage/backups
sas backups rcwdl >sas
emulator_start --storage-ca "$storage_ca" --job-time 700
allowed=$MHSM_ALLOWED_HOSTS

backup() {
    mhsm backup "$@"
}
restore() {
    mhsm restore "$@"
}
# tsv FIELD: of the last record.
tsv() {
    cut -f "$1" "$work/out"
}

for name in rsa ec; do
    check "a key $name" mhsm key create --name $name --kty "$(printf %s $name | tr a-z A-Z)" --tags of=primary
done
check "  with another version" mhsm key create --name rsa --kty RSA
check "  its public part" mhsm key download --name rsa --out rsa.pub
check "an empty container has no backups" backup list --container "$container_url" --sas-file sas -o tsv
equal "  at all" "$(cat out)" ""

control reset >/dev/null
check "backup" backup start --container "$container_url" --sas-file sas -o tsv
equal "  has succeeded" "$(tsv 2)" Succeeded
job=$(tsv 1)
folder=$(tsv 6)
equal "  told while it went on, a line a change" "$(grep -c "^mhsm: backing up the HSM: InProgress, job $job\$" err)" 1
equal "  and nothing else" "$(wc -l <err)" 1
equal "  started once" "$(sqlite3 "$state/state.db" "SELECT count(*) FROM jobs")" 1
equal "  by one request beside the one that asks for the challenge" "$(control stats | jq '.routes["POST /backup"]')" 2
check "  its status afterwards" backup status "$job" -o json
equal "    in json" "$(jq -r '[.status, .folder, (.folder as $f | .azureStorageBlobContainerUri | endswith("/" + $f))] | join(" ")' out)" "Succeeded $folder true"
check "  waiting for it ends at once" backup wait "$job"
output_has "    and tells the folder" "^Folder: +$folder\$"

# In the list, newest first.
SECRET_SAS=$(sas backups rl)
export SECRET_SAS
check "another one, by the managed identity" backup start --container "$container_url/" --use-managed-identity -o json
second=$(jq -r .folder out)
check "list with a token from a variable" backup list --container "$container_url" --sas-env SECRET_SAS -o tsv
equal "  newest first" "$(cut -f 1 out | tr '\n' ' ')" "$second $folder "
equal "  with their blobs" "$(cut -f 4 out | tr '\n' ' ')" "3 3 "
equal "  and dates" "$(cut -f 2 out | grep -c "^$(date -u +%Y-%m-%dT)")" 2
check "list as this identity" backup list --container "$container_url" -o json
equal "  the same" "$(jq -r '[.[].folder] | join(" ")' out)" "$second $folder"
equal "  octets" "$(jq '.[0].size > 1000' out)" true
printf '?%s\n\n' "$(cat sas)" >odd
check "a token as a portal gives it" backup list --container "$container_url" --sas-file odd
check "a token by a descriptor" sh -c '"$0" backup list --container "$1" --sas-fd 3 3<sas' "$TEST_COMMAND" "$container_url"
check "a check" backup start --container "$container_url" --sas-file sas --precheck
output_has "  succeeds" '^Status: +Succeeded$'

# One at a time.
check "start without waiting" backup start --container "$container_url" --sas-file sas --no-wait -o json
first=$(jq -r .jobId out)
equal "  it goes on" "$(jq -r .status out)" InProgress
expect_exit 1 "a second one is refused" backup start --container "$container_url" --sas-file sas
errors_have "  which says who is first" 'Another backup operation is in progress'
errors_have "  and what to do" 'this one was first, whoever started it: try again later, or give --wait-busy'
expect_exit 1 "nor is a key restored meanwhile" restore key none --container "$container_url" --sas-file sas --folder "$folder"
check "  with --wait-busy it waits" backup start --container "$container_url" --sas-file sas --wait-busy 30
equal "    which is told once" "$(grep -c '^mhsm: waiting for another job of the HSM: in progress$' err)" 1
check "  the first has succeeded" backup status "$first"

# Interrupted.
stop "$emulator_pid"
emulator_start --storage-ca "$storage_ca" --job-time 6000
"$TEST_COMMAND" backup start --container "$container_url" --sas-file sas >cut.out 2>cut.err &
cut=$!
started $cut
await grep -q InProgress cut.err
kill -INT $cut
code=0
wait $cut || code=$?
equal "Ctrl-C ends the command by the signal" $code 130
job=$(sed -n 's/^mhsm: interrupted: the job \([0-9a-f]*\) goes on in the HSM$/\1/p' cut.err)
equal "  and says how to go on" "$(sed -n 's/^  hint: to take it up again: //p' cut.err)" "mhsm backup wait $job"
expect_exit 5 "waiting for too short a time" backup wait "$job" --wait 1
errors_have "  does as much" "hint: to take it up again: mhsm backup wait $job"
control faults '{"faults":[{"route":"backuppending","action":"status","status":503,"count":6}]}' >/dev/null
check "the job has gone on, and an HSM that cannot be asked for a while is asked again" backup wait "$job" --retries 0
output_has "  to its end" '^Status: +Succeeded$'
equal "  which is told once" "$(grep -c '^mhsm: backing up the HSM: it cannot be looked at now (service)$' err)" 1
check "at a terminal" env TERM=vt100 COLUMNS=100 script -qec "\"$TEST_COMMAND\" backup start --container $container_url --sas-file sas" typed
check "  there is a line that lives" grep -aq 'backing up the HSM: InProgress, job.*0:0[0-9] of about 0:10 \[' typed

# Killed in the midst of it.
check "a backup" backup start --container "$container_url" --sas-file sas --no-wait -o json
job=$(jq -r .jobId out)
kill -9 "$emulator_pid"
stop "$emulator_pid"
emulator_start --storage-ca "$storage_ca" --job-time 300
expect_exit 5 "the HSM has lost it" backup wait "$job"
errors_have "  and tells so" "the job $job failed: The job was interrupted"
output_has "  the record is there all the same" '^Status: +Failed$'
expect_exit 3 "a job that never was" backup status 00000000000000000000000000000000
expect_exit 2 "what is no id" backup status ../keys
errors_have "  is told" 'is no id of a job: 32 hexadecimal digits'

# What is wrong with the storage: before anybody is asked, if it can be seen.
control reset >/dev/null
sas backups rcwdl '-1 hour' >expired
expect_exit 4 "a token that has expired" backup start --container "$container_url" --sas-file expired
errors_have "  is told" 'the SAS token has expired: it ended at 2'
sas backups rcwdl '+1 hour' >short
expect_exit 2 "the token in the URL" backup start --container "$container_url?$(cat sas)" --sas-file sas
errors_have "  is a secret on a command line" 'a secret: give it by a file or a variable'
expect_exit 2 "no right to the container" backup start --container "$container_url"
errors_have "  is asked for" 'give --sas-file, --sas-env or --use-managed-identity'
expect_exit 2 "two of them" backup start --container "$container_url" --sas-file sas --use-managed-identity
expect_exit 2 "no such variable" backup start --container "$container_url" --sas-env NO_SUCH
: >empty
expect_exit 2 "nothing in the file" backup start --container "$container_url" --sas-file empty
errors_have "  is told" '--sas-file gives no SAS token'
expect_exit 2 "a host that is nobody's blob store" env MHSM_ALLOWED_HOSTS= "$TEST_COMMAND" backup start --container https://example.com/backups --sas-file sas
errors_have "  gets no token" 'no blob store of Azure.s: no token goes there'
expect_exit 2 "a folder that is a path" restore start --container "$container_url" --sas-file sas --folder a/b --yes
equal "  and nobody was asked" "$(control stats | jq .requests)" 0
check "a token that ends soon" backup start --container "$container_url" --sas-file short --precheck
errors_have "  is warned of" 'warning: the SAS token ends at 2'

# Or by the job.
sas backups rl >reading
expect_exit 4 "a token that may not write" backup start --container "$container_url" --sas-file reading
errors_have "  is told" 'the job [0-9a-f]* failed: .*AuthorizationPermissionMismatch'
errors_have "  with the rights" 'the rights r, c, w, d and l'
expect_exit 3 "a container that is not there" backup start --container "$storage/none" --use-managed-identity
errors_have "  is told" 'make the container first: the HSM does not'
expect_exit 3 "  and cannot be listed" backup list --container "$storage/none"
errors_have "  with the same words" 'make the container first: the HSM does not'
sas backups cw >blind
expect_exit 4 "a token that may not list" backup list --container "$container_url" --sas-file blind
errors_have "  is told" 'have the rights r and l to list'
storage_stop
expect_exit 5 "a store that is away" backup start --container "$container_url" --sas-file sas
errors_have "  is told" 'the HSM does not reach the storage account'
expect_exit 5 "  and not listed" backup list --container "$container_url" --sas-file sas --retries 0
storage_start
equal "  it is at its place again" "$MHSM_ALLOWED_HOSTS" "$allowed"
check "  with what was in it" backup list --container "$container_url" --sas-file sas -o tsv
equal "    all of it" "$(cut -f 1 out | grep -c "^$folder\$")" 1
stop "$emulator_pid"
emulator_start --storage-ca "$storage_ca" --no-identity
expect_exit 4 "an HSM without an identity" backup start --container "$container_url" --use-managed-identity
errors_have "  is told" 'give the HSM a user-assigned managed identity first'

# Who may not.
control principals '{"name":"other"}' >other.json
as_other() {
    env AZURE_CLIENT_ID="$(jq -r .client_id other.json)" AZURE_CLIENT_SECRET="$(jq -r .client_secret other.json)" "$TEST_COMMAND" "$@"
}
expect_exit 4 "a principal without the role" as_other backup start --container "$container_url" --sas-file sas
errors_have "  is told which one" 'backup/start/action: assign it the role "Managed HSM Backup"'
expect_exit 4 "  nor may it restore" as_other restore start --container "$container_url" --sas-file sas --folder "$folder" --yes
errors_have "  is told which one" 'restore/start/action: assign it the role "Managed HSM Restore"'
storage_request GET 'backups?restype=container&comp=list' | tr '<' '\n' | grep -c '^Name>mhsm-localhost-.*/backup' >count

# Another HSM under the same root of trust, with keys of its own.
stop "$emulator_pid"
cp -R "$state" secondary
state=$work/secondary
# shellcheck disable=SC2046 # words
set -- $(python3 -c 'import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
print(*[s.getsockname()[1] for s in held])')
emulator_start --storage-ca "$storage_ca" --job-time 300 --port "$1" --control-port "$2" --imds-port "$3" --fabric-port "$4"
for name in rsa ec; do
    mhsm key delete --name $name --yes --wait 5 >/dev/null
    mhsm key purge --name $name --yes >/dev/null
done
check "a key of the secondary" mhsm key create --name own --kty EC
control clock '{"advance":1801}' >/dev/null

full="--container $container_url --sas-file sas --folder $folder"
# shellcheck disable=SC2086 # lists of words, here and below
expect_exit 2 "a full restore asks" restore start $full
errors_have "  after it has said what is destroyed" 'this destroys, in https://localhost:.*, the 1 key that it has now'
errors_have "  and wants --yes without a terminal" '--yes is needed'
# shellcheck disable=SC2086
expect_exit 1 "without a backup of the secondary just before" restore start $full --yes
errors_have "  it is refused" 'A recent backup of this HSM is needed'
errors_have "  with the next step" 'backed up itself within the last 30 minutes, even when it is empty: back it up first'
check "  so that is made" backup start --container "$container_url" --sas-file sas
# shellcheck disable=SC2086
check "  a check of the restore" restore start $full --precheck
check "  which has changed nothing" mhsm key show --name own
# shellcheck disable=SC2086
check "restore" restore start $full --yes -o tsv
equal "  has succeeded" "$(tsv 2)" Succeeded
job=$(tsv 1)
check "  status" restore status "$job"
check "  wait" restore wait "$job"
expect_exit 3 "  it is no backup" backup status "$job"
expect_exit 3 "  what the secondary had is gone" mhsm key show --name own
check "  all versions are there" mhsm key list-versions --name rsa -o tsv
equal "    both" "$(wc -l <out)" 2
check "  with their tags" mhsm key show --name ec -o json
equal "    of the primary" "$(jq -r .tags.of out)" primary
printf 'a message' >message
check "  the secondary signs" mhsm sign --name rsa --algorithm RS256 --in message --format raw --out signature
check "  which verifies under the primary's public key" command openssl dgst -sha256 -verify rsa.pub -signature signature message

# One key.
# shellcheck disable=SC2086
expect_exit 1 "a key that is there is not restored" restore key rsa $full
errors_have "  which is told" 'The name of the key is in use'
mhsm key delete --name rsa --yes --wait 5 >/dev/null
# shellcheck disable=SC2086
expect_exit 1 "  nor one that can be recovered" restore key rsa $full
mhsm key purge --name rsa --yes >/dev/null
# shellcheck disable=SC2086
check "  a purged one is" restore key rsa $full
check "    it signs" mhsm sign --name rsa --algorithm RS256 --in message --format raw --out signature
check "    and verifies" command openssl dgst -sha256 -verify rsa.pub -signature signature message
# shellcheck disable=SC2086
expect_exit 3 "a key that the backup lacks" restore key lost $full
errors_have "  is told" 'the folder, or the key in it, is not there'
expect_exit 3 "a folder that is not there" restore start --container "$container_url" --sas-file sas --folder mhsm-none-1 --yes
errors_have "  is told" 'list the backups of the container'

# Under another root of trust nothing of it opens.
stop "$emulator_pid"
state=$work/stranger
emulator_start --storage-ca "$storage_ca" --no-restore-window
# shellcheck disable=SC2086
expect_exit 1 "another security domain" restore start $full --yes
errors_have "  is told" 'only into an HSM of the security domain that it was made under'
grep -rl "$(sed 's/.*sig=//' sas)" "$work"/*.err "$work"/err "$work"/out >leak 2>/dev/null || :
equal "the token is in no output" "$(cat leak)" ""
finish
