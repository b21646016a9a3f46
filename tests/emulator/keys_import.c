/* SPDX-License-Identifier: MIT
 *
 * Importing a key, as a JWK with private members or as a transfer blob. What
 * came in is never shown again, in no answer and no error.
 */
#include "byok.h"
#include "handlers.h"
#include "keybundle.h"
#include "vault.h"

#include <stdio.h>
#include <string.h>

static const char *take_blob(struct emu_hsm *hsm, struct json_object *jwk,
                             const char *blob, struct emu_version *v)
{
    const char *name = emu_json_string(jwk, "kty");
    int kty = name == NULL ? -1 : emu_kty_parse(name);
    struct emu_bytes plain = {NULL, 0};
    const char *wrong;

    if (kty < 0)
        return "The key type is missing or not supported";
    wrong = emu_byok_open(hsm, blob, &plain);
    if (wrong == NULL)
        wrong = emu_material_take((enum emu_kty)kty, &plain, &v->bits, v->crv,
                                  &v->material);
    if (wrong == NULL)
        v->kty = (enum emu_kty)kty;
    emu_bytes_free(&plain);
    return wrong;
}

static int take_body(struct emu_request *rq, struct emu_reply *r,
                     struct json_object *body, struct emu_version *v)
{
    struct json_object *jwk = emu_json_member(body, "key");
    const char *blob = emu_json_string(jwk, "key_hsm");
    const char *wrong;
    int hsm = 0;

    if (!json_object_is_type(jwk, json_type_object) ||
        emu_json_bool(body, "Hsm", &hsm) < 0) {
        emu_reply_bad(r, "The request body needs a key");
        return 0;
    }
    wrong = blob == NULL
                ? emu_material_jwk(jwk, &v->kty, &v->bits, v->crv, &v->material)
                : take_blob(rq->hsm, jwk, blob, v);
    if (wrong != NULL) {
        emu_reply_bad(r, "%s", wrong);
        return 0;
    }
    if (!emu_vault_kty(rq, r, emu_json_string(jwk, "kty"), hsm || blob != NULL,
                       v))
        return 0;
    v->ops = emu_ops_default(v->kty);
    return emu_attributes_take(r, body, emu_json_member(jwk, "key_ops"), v) &&
           emu_exportable_ok(r, v);
}

void emu_key_import(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *body = NULL;
    struct emu_version v;

    emu_version_init(&v);
    if (!emu_key_name_ok(rq, r))
        return;
    body = emu_json_parse(rq->body.data, rq->body.len);
    if (body == NULL) {
        emu_reply_bad(r, "The request body is no JSON object");
        return;
    }
    snprintf(v.name, sizeof(v.name), "%s", rq->name);
    if (take_body(rq, r, body, &v) && emu_key_store_new(rq, r, &v))
        emu_keybundle_reply(rq, r, &v);
    json_object_put(body);
    emu_version_free(&v);
}
