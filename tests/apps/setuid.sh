#!/bin/sh
# SPDX-License-Identifier: MIT
# A program with more rights than its user, given the module by the system's
# openssl.cnf: nothing that the user puts into the environment counts, neither
# where the HSM is nor whom to trust.
. "${0%/*}/../lib.sh"

[ "$(id -u)" -eq 0 ] || {
    echo "needs root rights, to make a program setuid and to mount" >&2
    exit 1
}
emulator_start
mhsm key create --name k --kty EC >/dev/null
cd "$work"
chmod 755 .
base=$(openssl version -d | sed 's/.*"\(.*\)"/\1/')

cat >reader.c <<'C'
/* SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <openssl/store.h>
#include <stdio.h>

int main(void)
{
    OSSL_STORE_CTX *store = OSSL_STORE_open("mhsm:k", NULL, NULL, NULL, NULL);
    OSSL_STORE_INFO *info = store == NULL ? NULL : OSSL_STORE_load(store);

    puts(info == NULL ? "no key" : "a key");
    ERR_print_errors_fp(stdout);
    OSSL_STORE_INFO_free(info);
    OSSL_STORE_close(store);
    return 0;
}
C
# The run-time of a sanitizer is found where the program says, for the
# environment does not count.
# shellcheck disable=SC2086 # flags
check "the program" "$TEST_CC" $TEST_SANITIZE_FLAGS \
    ${TEST_PRELOAD:+-Wl,-rpath,${TEST_PRELOAD%/*}} -o reader reader.c -lcrypto
cp reader plain
chmod 755 plain
chmod 4755 reader
# The loader of a setuid program takes no directory of the build.
cp "$TEST_MODULE" module.so

cat >system.cnf <<TEXT
openssl_conf = init
[init]
providers = list
[list]
default = default_section
mhsm = mhsm_section
[default_section]
activate = 1
[mhsm_section]
module = $work/module.so
activate = 1
TEXT
chmod 644 system.cnf module.so

# Mounts of a new namespace shall be its own. A root that is no mount point, as
# in a chroot, cannot be made private; then it must be seen that it is.
propagation=private
unshare --mount --propagation private true 2>/dev/null || {
    propagation=unchanged
    echo inner >inner
    echo outer >outer
    unshare --mount --propagation unchanged mount --bind inner outer
    [ "$(cat outer)" = outer ] || {
        umount outer
        echo "cannot mount without being seen outside" >&2
        exit 1
    }
}

# As nobody, with the system's configuration replaced in a mount namespace.
as_nobody() {
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount --propagation "$propagation" sh -c '
        mount --bind "$1" "$2" || exit 9
        exec setpriv --reuid 65534 --regid 65534 --clear-groups "$3"
    ' sh "$work/system.cnf" "$base/openssl.cnf" "$work/$1"
}

chmod 755 "$state"
chmod 644 "$MHSM_CA_FILE"
check "an ordinary program obeys the environment" as_nobody plain
output_has "  and finds the key" '^a key$'
before=$(control stats | jq .requests)
check "the same program, setuid" as_nobody reader
output_has "  finds no key" '^no key$'
output_has "  for it knows no HSM" 'endpoint'
equal "  and asked nobody" "$(control stats | jq .requests)" "$before"

# Its system may say all of it: what it never does is to start a program that
# its user could have put there.
token=$(curl -sS --fail-with-body --cacert "$MHSM_CA_FILE" \
    -d "grant_type=client_credentials&client_id=$AZURE_CLIENT_ID" \
    --data-urlencode "client_secret=$AZURE_CLIENT_SECRET" \
    --data-urlencode "scope=https://managedhsm.azure.net/.default" \
    "$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token" |
    jq -r .access_token)
cat >az <<AZ
#!/bin/sh
echo started >"$work/az.seen"
echo '{"accessToken": "$token"}'
AZ
chmod 755 az
: >az.seen
chmod 666 az.seen
cat >>system.cnf <<TEXT
endpoint = $MHSM_ENDPOINT
ca-file = $MHSM_CA_FILE
verify-challenge-resource = no
credential = azure-cli
azure-cli-path = $work/az
TEXT
check "an ordinary program starts the Azure CLI" as_nobody plain
output_has "  and finds the key" '^a key$'
equal "  by its token" "$(cat az.seen)" started
: >az.seen
check "the same program, setuid" as_nobody reader
output_has "  starts nothing" 'starts no other program'
equal "  indeed" "$(cat az.seen)" ""
finish
