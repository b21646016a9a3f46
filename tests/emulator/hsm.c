/* SPDX-License-Identifier: MIT
 *
 * Opening the state: the first start makes tenant, authority key and the two
 * principals; every later start finds them again.
 */
#include "hsm.h"

#include "material.h"
#include "principals.h"
#include "rbac.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

static int guid_kept(struct emu_store *s, const char *name, char *out)
{
    struct emu_bytes b = {NULL, 0};
    int found = emu_store_get(s, name, &b);
    int ok = 0;

    if (found == 1 && b.len == EMU_GUID_SIZE - 1) {
        memcpy(out, b.data, EMU_GUID_SIZE);
        ok = 1;
    } else if (found == 0) {
        ok =
            emu_guid_new(out) && emu_store_set(s, name, out, EMU_GUID_SIZE - 1);
    }
    emu_bytes_free(&b);
    return ok;
}

EVP_PKEY *emu_hsm_key(struct emu_store *s, const char *name)
{
    struct emu_bytes der = {NULL, 0};
    EVP_PKEY *key = NULL;
    int found;

    emu_store_lock(s);
    found = emu_store_get(s, name, &der);
    if (found == 1) {
        key = emu_material_decode(&der);
    } else if (found == 0) {
        key = EVP_RSA_gen(2048);
        if (key == NULL || !emu_material_encode(key, &der) ||
            !emu_store_set(s, name, der.data, der.len)) {
            EVP_PKEY_free(key);
            key = NULL;
        }
    }
    emu_store_unlock(s);
    emu_bytes_free(&der);
    return key;
}

static int token_kid(struct emu_hsm *hsm)
{
    unsigned char raw[16];
    struct emu_bytes b = {NULL, 0};
    int found = emu_store_get(hsm->store, "token_kid", &b), ok = 0;

    if (found == 1 && b.len == 32) {
        memcpy(hsm->token_kid, b.data, 33);
        ok = 1;
    } else if (found == 0 && RAND_bytes(raw, sizeof(raw)) == 1) {
        emu_hex_encode(raw, sizeof(raw), hsm->token_kid);
        ok = emu_store_set(hsm->store, "token_kid", hsm->token_kid, 32);
    }
    emu_bytes_free(&b);
    return ok;
}

/* A principal of the emulator's own, remembered by name. */
static int principal_kept(struct emu_hsm *hsm, const char *name, int secret,
                          const char *const *roles, char *oid)
{
    struct emu_principal p;
    struct emu_bytes b = {NULL, 0};
    int found = emu_store_get(hsm->store, name, &b), ok = 0;
    size_t i;

    if (found == 1 && b.len == EMU_GUID_SIZE - 1) {
        memcpy(oid, b.data, EMU_GUID_SIZE);
        ok = 1;
    } else if (found == 0) {
        ok = emu_principals_add(hsm->store, name, secret, &p) &&
             emu_store_set(hsm->store, name, p.oid, EMU_GUID_SIZE - 1);
        for (i = 0; ok && roles[i] != NULL; i++)
            ok = emu_rbac_assign(hsm->store, p.oid,
                                 emu_role_by_name(roles[i])->guid, "/");
        if (ok)
            memcpy(oid, p.oid, EMU_GUID_SIZE);
    }
    emu_bytes_free(&b);
    return ok;
}

static int identities(struct emu_hsm *hsm)
{
    static const char *const admin_roles[] = {"Managed HSM Administrator",
                                              "Managed HSM Crypto Officer",
                                              "Managed HSM Crypto User", NULL};
    static const char *const identity_roles[] = {"Managed HSM Crypto User",
                                                 NULL};
    int ok;

    /* All or nothing, so that a kill here leaves a folder that still starts. */
    if (!emu_store_begin(hsm->store))
        return 0;
    ok = guid_kept(hsm->store, "tenant", hsm->tenant) &&
         guid_kept(hsm->store, "identity_header", hsm->identity_header) &&
         (hsm->token_key = emu_hsm_key(hsm->store, "token_key")) != NULL &&
         token_kid(hsm) &&
         principal_kept(hsm, "administrator", 1, admin_roles, hsm->admin_oid) &&
         principal_kept(hsm, "identity", 0, identity_roles, hsm->identity_oid);
    return emu_store_end(hsm->store, ok);
}

int emu_hsm_open(struct emu_hsm *hsm, const struct emu_options *options)
{
    char path[4096];
    int len;

    memset(hsm, 0, sizeof(*hsm));
    hsm->options = options;
    hsm->stats = emu_stats_new();
    hsm->faults = emu_faults_new(options->latency);
    len = snprintf(path, sizeof(path), "%s/state.db", options->state);
    if (hsm->stats != NULL && hsm->faults != NULL && len > 0 &&
        (size_t)len < sizeof(path) &&
        emu_store_open(&hsm->store, options->memory ? NULL : path) &&
        identities(hsm))
        return 1;
    emu_hsm_close(hsm);
    return 0;
}

int64_t emu_hsm_recoverable_days(const struct emu_hsm *hsm)
{
    return hsm->options->vault == NULL ? 7 : 90;
}

void emu_hsm_close(struct emu_hsm *hsm)
{
    EVP_PKEY_free(hsm->token_key);
    emu_store_free(hsm->store);
    emu_faults_free(hsm->faults);
    emu_stats_free(hsm->stats);
    memset(hsm, 0, sizeof(*hsm));
}
