# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the walks of Microsoft's clients share: a local HSM that they trust,
# steps and how they are told, the registered cloud of the Azure CLI, and the
# results that table.sh collects. Sourced, never run.
#
#   client=az
#   . "${0%/*}/interop.bash"
#   interop_start
#   step "rsa create" rsa_create
#   interop_finish

# shellcheck source=SCRIPTDIR/../lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=SCRIPTDIR/../storage.sh
. "${0%/*}/../storage.sh"

here=$(cd "${0%/*}" && pwd)
clients=${TEST_CLIENTS:-$TEST_BUILD/interop}
# Nobody but the emulator is asked, so that no answer is waited for.
export AZURE_CORE_COLLECT_TELEMETRY=0 AZURE_CORE_INSTANCE_DISCOVERY=false
export AZURE_CORE_NO_COLOR=1 AZURE_CORE_ONLY_SHOW_ERRORS=1
export PYTHONDONTWRITEBYTECODE=1

# A local HSM that every client trusts; options go to the emulator.
interop_start() {
    emulator_start "$@"
    cd "$work"
    [ -e results ] || : >results
    # What an earlier run saw must not be taken for this one's.
    rm -f "$TEST_BUILD/interop/results/$client"
    port=${MHSM_ENDPOINT##*:}
    export REQUESTS_CA_BUNDLE=$MHSM_CA_FILE NODE_EXTRA_CA_CERTS=$MHSM_CA_FILE
}

# The same with a blob store, and a container for its backups.
interop_start_with_storage() {
    storage_start
    container backups
    interop_start --storage-ca "$storage_ca" --job-time 500 --job-retry-after 1 "$@"
}

az() {
    "$clients/az/bin/python" -m azure.cli "$@"
}

python() {
    PYTHONPATH=$here/python "$clients/python/bin/python" "$@"
}

# javascript SCRIPT ...: with the node that packages.sh chose. Modules are looked
# for beside the script, and beside it is nothing that is not ours.
javascript() {
    cp "$here"/javascript/*.mjs "$work"
    ln -sfn "$clients/javascript/node_modules" "$work/node_modules"
    "$clients/javascript/node" "$work/$1" "${@:2}"
}

# session NAME: what follows has a configuration of the CLI of its own.
session() {
    export AZURE_CONFIG_DIR=$work/az-$1
    mkdir -p "$AZURE_CONFIG_DIR"
}

# cloud [MEMBERS]: registers the emulator as a cloud. What it consists of is
# discovered, save the HSM's suffix and what the members of "endpoints" say.
cloud() {
    printf '{"endpoints":{"resourceManager":"%s"%s},"suffixes":{"mhsmDns":":%s","keyvaultDns":":%s"}}' \
        "$MHSM_ENDPOINT" "${1:+,$1}" "$port" "$port" >"$AZURE_CONFIG_DIR/cloud.json"
    az cloud register -n emulator --cloud-config "@$AZURE_CONFIG_DIR/cloud.json"
    az cloud set -n emulator
}

# az_principal ID SECRET: signs in as an application.
az_principal() {
    az login --service-principal -u "$1" -p "$2" --tenant "$AZURE_TENANT_ID"
}

# The identity of the host, as App Service has it.
az_identity() {
    IDENTITY_ENDPOINT=$MHSM_EMULATOR_IMDS/msi/token \
        IDENTITY_HEADER=$MHSM_EMULATOR_IDENTITY_HEADER \
        MSI_ENDPOINT=$MHSM_EMULATOR_IMDS/msi/token \
        MSI_SECRET=$MHSM_EMULATOR_IDENTITY_HEADER az "$@"
}

# tell PASS|FAIL STEP [WHY]: a line of the results.
tell() {
    printf '%s\t%s\t%s%s\n' "$1" "$client" "$2" "${3:+$'\t'$3}" | tee -a "$work/results"
}

# step NAME COMMAND...: the command stops at its first failure. What it printed
# is shown when it fails.
step() {
    local name=$1 log code
    shift
    log=$(mktemp -p "$work")
    # Not as a condition: errexit would be off inside.
    set +e
    (
        trap - EXIT
        set -e
        "$@"
    ) >"$log" 2>&1
    code=$?
    set -e
    if [ "$code" -eq 0 ]; then
        tell PASS "$name"
    else
        tell FAIL "$name" "$(tail -n 1 "$log" | cut -c -300)"
        sed 's/^/  | /' "$log"
    fi
}

# walk COMMAND...: a client that tells its steps itself.
walk() {
    "$@" >"$work/walk.out" || :
    cat "$work/walk.out"
    # Without its last line it did not come to its end.
    grep -Eq '^[0-9]+ steps, [0-9]+ failed$' "$work/walk.out" ||
        tell FAIL "came to its end"
    grep -P '^(PASS|FAIL)\t' "$work/walk.out" >>"$work/results" || :
}

# The last line of a script: keeps the results, and fails with them.
interop_finish() {
    mkdir -p "$TEST_BUILD/interop/results"
    cp "$work/results" "$TEST_BUILD/interop/results/.$client"
    mv "$TEST_BUILD/interop/results/.$client" "$TEST_BUILD/interop/results/$client"
    checks=$(wc -l <"$work/results")
    failures=$(grep -c '^FAIL' "$work/results" || :)
    finish
}
