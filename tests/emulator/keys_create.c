/* SPDX-License-Identifier: MIT
 *
 * Making a key, or a new version of one. The material is made before the store
 * is locked; what is answered 200 has been committed.
 */
#include "handlers.h"
#include "keybundle.h"
#include "vault.h"
#include "version.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int size_valid(enum emu_kty kty, int64_t bits)
{
    static const int64_t sizes[EMU_KTY_COUNT][3] = {
        [EMU_RSA] = {2048, 3072, 4096},
        [EMU_OCT] = {128, 192, 256},
    };
    int i;

    for (i = 0; i < 3; i++) {
        if (sizes[kty][i] == bits)
            return 1;
    }
    return 0;
}

static int take_curve(struct emu_reply *r, struct json_object *body,
                      struct emu_version *v)
{
    const char *crv = emu_json_string(body, "crv");
    const struct emu_curve *curve;

    if (emu_json_member(body, "crv") == NULL)
        crv = "P-256";
    curve = crv == NULL ? NULL : emu_curve_by_name(crv);
    if (curve == NULL) {
        emu_reply_bad(r, "The curve is not supported");
        return 0;
    }
    snprintf(v->crv, sizeof(v->crv), "%s", curve->name);
    v->bits = curve->bits;
    return 1;
}

static int take_size(struct emu_reply *r, struct json_object *body,
                     struct emu_version *v)
{
    int64_t exponent = 65537;

    v->bits = v->kty == EMU_RSA ? 2048 : 256;
    if (emu_json_int(body, "key_size", &v->bits) < 0 ||
        !size_valid(v->kty, v->bits)) {
        emu_reply_bad(r, "The key size is not supported");
        return 0;
    }
    if (emu_json_int(body, "public_exponent", &exponent) < 0 ||
        exponent != 65537) {
        emu_reply_bad(r, "The public exponent is not supported");
        return 0;
    }
    return 1;
}

static int take_parameters(struct emu_reply *r, struct json_object *body,
                           struct emu_version *v)
{
    const char *alg = emu_json_string(body, "alg");

    if (alg == NULL || !emu_akp_known(alg)) {
        emu_reply_bad(r, "The algorithm is missing or not supported");
        return 0;
    }
    if (!emu_akp_supported(alg)) {
        emu_reply_bad(r, "This emulator runs on OpenSSL %s, which has no %s",
                      OpenSSL_version(OPENSSL_VERSION_STRING), alg);
        return 0;
    }
    snprintf(v->crv, sizeof(v->crv), "%s", alg);
    v->bits = 0;
    return 1;
}

static int take_kind(struct emu_reply *r, struct json_object *body,
                     struct emu_version *v)
{
    if (v->kty == EMU_EC)
        return take_curve(r, body, v);
    return v->kty == EMU_AKP ? take_parameters(r, body, v)
                             : take_size(r, body, v);
}

static int take_body(struct emu_request *rq, struct emu_reply *r,
                     struct emu_version *v)
{
    struct json_object *body = emu_json_parse(rq->body.data, rq->body.len);
    const char *kty = emu_json_string(body, "kty");
    int ok = 0;

    if (body == NULL) {
        emu_reply_bad(r, "The request body is no JSON object");
        goto out;
    }
    if (kty != NULL && emu_kty_parse(kty) == EMU_AKP &&
        rq->api < emu_version_rank(EMU_AKP_SINCE))
        kty = NULL;
    if (!emu_vault_kty(rq, r, kty, 0, v))
        goto out;
    v->ops = emu_ops_default(v->kty);
    ok = take_kind(r, body, v) &&
         emu_attributes_take(r, body, emu_json_member(body, "key_ops"), v) &&
         emu_exportable_ok(r, v);
out:
    json_object_put(body);
    return ok;
}

int emu_key_store_new(struct emu_request *rq, struct emu_reply *r,
                      struct emu_version *v)
{
    int ok;

    v->created = v->updated = emu_now();
    if (!emu_store_begin(rq->hsm->store)) {
        emu_reply_failed(r);
        return 0;
    }
    ok = emu_key_name_free(rq, r);
    if (ok && emu_keystore_count(rq->hsm->store, v->name) >= EMU_VERSIONS_MAX) {
        emu_reply_error(r, 403, "Forbidden", "The key has %d versions already",
                        EMU_VERSIONS_MAX);
        ok = 0;
    } else if (ok && !emu_keystore_add(rq->hsm->store, v)) {
        emu_reply_failed(r);
        ok = 0;
    }
    if (!emu_store_end(rq->hsm->store, ok) && ok) {
        emu_reply_failed(r);
        ok = 0;
    }
    return ok;
}

void emu_key_create(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_version v;

    emu_version_init(&v);
    if (!emu_key_name_ok(rq, r) || !take_body(rq, r, &v) ||
        !emu_key_name_free(rq, r))
        goto out;
    snprintf(v.name, sizeof(v.name), "%s", rq->name);
    if (!emu_material_generate(v.kty, v.bits, v.crv, &v.material)) {
        emu_reply_failed(r);
        goto out;
    }
    if (emu_key_store_new(rq, r, &v))
        emu_keybundle_reply(rq, r, &v);
out:
    emu_version_free(&v);
}
