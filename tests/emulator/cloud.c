/* SPDX-License-Identifier: MIT
 *
 * Opening the state: the first start makes tenant, authority key and the two
 * principals; every later start finds them again.
 */
#include "cloud.h"

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

EVP_PKEY *emu_cloud_key(struct emu_store *s, const char *name)
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

static int token_kid(struct emu_cloud *cloud)
{
    unsigned char raw[16];
    struct emu_bytes b = {NULL, 0};
    int found = emu_store_get(cloud->store, "token_kid", &b), ok = 0;

    if (found == 1 && b.len == 32) {
        memcpy(cloud->token_kid, b.data, 33);
        ok = 1;
    } else if (found == 0 && RAND_bytes(raw, sizeof(raw)) == 1) {
        emu_hex_encode(raw, sizeof(raw), cloud->token_kid);
        ok = emu_store_set(cloud->store, "token_kid", cloud->token_kid, 32);
    }
    emu_bytes_free(&b);
    return ok;
}

/* A principal of the emulator's own, remembered by name. */
static int principal_kept(struct emu_cloud *cloud, const char *name, int secret,
                          const char *const *roles, char *oid)
{
    struct emu_principal p;
    struct emu_bytes b = {NULL, 0};
    int found = emu_store_get(cloud->store, name, &b), ok = 0;
    size_t i;

    if (found == 1 && b.len == EMU_GUID_SIZE - 1) {
        memcpy(oid, b.data, EMU_GUID_SIZE);
        ok = 1;
    } else if (found == 0) {
        ok = emu_principals_add(cloud->store, name, secret, &p) &&
             emu_store_set(cloud->store, name, p.oid, EMU_GUID_SIZE - 1);
        for (i = 0; ok && roles[i] != NULL; i++)
            ok = emu_rbac_assign(cloud->store, p.oid,
                                 emu_role_by_name(roles[i])->guid, "/");
        if (ok)
            memcpy(oid, p.oid, EMU_GUID_SIZE);
    }
    emu_bytes_free(&b);
    return ok;
}

static int identities(struct emu_cloud *cloud)
{
    static const char *const admin_roles[] = {"Managed HSM Administrator",
                                              "Managed HSM Crypto Officer",
                                              "Managed HSM Crypto User", NULL};
    static const char *const identity_roles[] = {"Managed HSM Crypto User",
                                                 NULL};
    int ok;

    /* All or nothing, so that a kill here leaves a folder that still starts. */
    if (!emu_store_begin(cloud->store))
        return 0;
    ok =
        guid_kept(cloud->store, "tenant", cloud->tenant) &&
        guid_kept(cloud->store, "identity_header", cloud->identity_header) &&
        (cloud->token_key = emu_cloud_key(cloud->store, "token_key")) != NULL &&
        token_kid(cloud) &&
        principal_kept(cloud, "administrator", 1, admin_roles,
                       cloud->admin_oid) &&
        principal_kept(cloud, "identity", 0, identity_roles,
                       cloud->identity_oid);
    return emu_store_end(cloud->store, ok);
}

int emu_cloud_open(struct emu_cloud *cloud, const struct emu_options *options)
{
    char path[4096];
    int len;

    memset(cloud, 0, sizeof(*cloud));
    cloud->options = options;
    cloud->work_ms = options->work_ms;
    len = snprintf(path, sizeof(path), "%s/state.db", options->state);
    if (len > 0 && (size_t)len < sizeof(path) &&
        emu_store_open(&cloud->store, options->memory ? NULL : path) &&
        identities(cloud))
        return 1;
    emu_cloud_close(cloud);
    return 0;
}

void emu_cloud_close(struct emu_cloud *cloud)
{
    EVP_PKEY_free(cloud->token_key);
    emu_store_free(cloud->store);
    memset(cloud, 0, sizeof(*cloud));
}
