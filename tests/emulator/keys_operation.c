/* SPDX-License-Identifier: MIT
 *
 * encrypt, decrypt, wrapkey, unwrapkey, sign and verify: whether the key may
 * do it now, what the request says, and the answer. The value is never shown
 * in an error.
 */
#include "crypto.h"
#include "handlers.h"
#include "keybundle.h"
#include "router.h"
#include "version.h"

#include <string.h>

#define VALUE_MAX ((size_t)1024 * 1024)

static unsigned operation(const struct emu_request *rq)
{
    static const struct {
        const char *name;
        unsigned op;
    } table[] = {
        {"sign", EMU_OP_SIGN},       {"verify", EMU_OP_VERIFY},
        {"encrypt", EMU_OP_ENCRYPT}, {"decrypt", EMU_OP_DECRYPT},
        {"wrapkey", EMU_OP_WRAP},    {"unwrapkey", EMU_OP_UNWRAP},
    };
    size_t i;

    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].name, rq->route->name) == 0)
            return table[i].op;
    }
    return 0;
}

/* Outside its time a key makes nothing new; what was made is still opened. */
static int usable(struct emu_reply *r, const struct emu_version *v, unsigned op)
{
    const unsigned timed = EMU_OP_SIGN | EMU_OP_ENCRYPT | EMU_OP_WRAP;
    int64_t now = emu_now();
    const char *inner = NULL, *text = NULL;

    if (!v->enabled) {
        inner = "KeyDisabled";
        text = "is not allowed on a disabled key";
    } else if ((v->ops & op) == 0) {
        inner = "KeyOperationForbidden";
        text = "is not permitted on this key";
    } else if ((op & timed) != 0 && v->nbf >= 0 && now < v->nbf) {
        inner = "KeyNotYetValid";
        text = "is not allowed on a key that is not yet valid";
    } else if ((op & timed) != 0 && v->exp >= 0 && now >= v->exp) {
        inner = "KeyExpired";
        text = "is not allowed on an expired key";
    } else {
        return 1;
    }
    emu_reply_refuse(r, 403, "Forbidden", inner, "Operation \"%s\" %s",
                     emu_op_name(op), text);
    return 0;
}

static int take_bytes(struct emu_reply *r, struct json_object *body,
                      const char *name, int needed, struct emu_bytes *out)
{
    const char *text = emu_json_string(body, name);

    if (emu_json_member(body, name) == NULL && !needed)
        return emu_bytes_set(out, "", 0);
    if (text != NULL && emu_base64url_decode(text, VALUE_MAX, out))
        return 1;
    emu_reply_bad(r, "%s must be text in base64url", name);
    return 0;
}

static int take_algorithm(struct emu_request *rq, struct emu_reply *r,
                          struct json_object *body, struct emu_crypto *c)
{
    const char *name = emu_json_string(body, "alg");
    const struct emu_alg *alg;

    /* A key that has one algorithm need not be told which. */
    if (c->key->kty == EMU_AKP && emu_json_member(body, "alg") == NULL)
        name = c->key->crv;
    alg = name == NULL ? NULL : emu_alg_find(name);
    if (alg == NULL || (alg->ops & c->op) == 0 ||
        rq->api < emu_version_rank(alg->since)) {
        emu_reply_bad(r, "The algorithm is missing or not supported");
        return 0;
    }
    if (alg->kty != c->key->kty ||
        ((alg->kty == EMU_EC || alg->kty == EMU_AKP) &&
         strcmp(alg->detail, c->key->crv) != 0)) {
        emu_reply_bad(r, "Algorithm %s does not fit the type of the key",
                      alg->name);
        return 0;
    }
    if (alg->bits != 0 && alg->bits != c->key->bits) {
        emu_reply_bad(r, "Algorithm %s does not fit the size of the key",
                      alg->name);
        return 0;
    }
    c->alg = alg;
    return 1;
}

/* What ML-DSA signs: a message, or what stands for it. */
static int take_message(struct emu_reply *r, struct json_object *body,
                        struct emu_crypto *c)
{
    const char *name = c->op == EMU_OP_VERIFY ? "digest" : "value";
    int needed;

    if (!take_bytes(r, body, "external_mu", 0, &c->mu) ||
        !take_bytes(r, body, "context", 0, &c->context))
        return 0;
    needed = emu_json_member(body, "external_mu") == NULL;
    if (c->mu.len == 0 && !needed) {
        emu_reply_bad(r, "external_mu must have 64 bytes");
        return 0;
    }
    return take_bytes(r, body, name, needed,
                      c->op == EMU_OP_VERIFY ? &c->digest : &c->value) &&
           (c->op == EMU_OP_SIGN || take_bytes(r, body, "value", 1, &c->value));
}

static int take_body(struct emu_request *rq, struct emu_reply *r,
                     struct emu_crypto *c)
{
    struct json_object *body = emu_json_parse(rq->body.data, rq->body.len);
    int ok = 0;

    if (body == NULL)
        emu_reply_bad(r, "The request body is no JSON object");
    else if (c->key->kty == EMU_AKP)
        ok = take_algorithm(rq, r, body, c) && take_message(r, body, c);
    else
        ok =
            take_algorithm(rq, r, body, c) &&
            take_bytes(r, body, "value", 1, &c->value) &&
            take_bytes(r, body, "digest", c->op == EMU_OP_VERIFY, &c->digest) &&
            take_bytes(r, body, "iv", 0, &c->iv) &&
            take_bytes(r, body, "aad", 0, &c->aad) &&
            take_bytes(r, body, "tag", 0, &c->tag);
    json_object_put(body);
    return ok;
}

static int add_bytes(struct json_object *o, const char *name,
                     const struct emu_bytes *b)
{
    return b->len == 0 || emu_json_add_bytes(o, name, b->data, b->len);
}

static void answer(struct emu_request *rq, struct emu_reply *r,
                   struct emu_crypto *c)
{
    struct json_object *o = json_object_new_object();
    char url[512];
    int ok;

    if (c->op == EMU_OP_VERIFY) {
        ok = emu_json_add(o, "value", json_object_new_boolean(c->verified));
    } else {
        ok = emu_key_url(rq, c->key, 1, url, sizeof(url)) &&
             emu_json_add_string(o, "alg", c->alg->name) &&
             emu_json_add_string(o, "kid", url) &&
             emu_json_add_bytes(o, "value", c->result.data, c->result.len);
        /* What a caller must keep to decrypt comes with the ciphertext. */
        if (ok && c->op == EMU_OP_ENCRYPT)
            ok = add_bytes(o, "iv", &c->iv) && add_bytes(o, "tag", &c->tag) &&
                 add_bytes(o, "aad", &c->aad);
    }
    if (!ok) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}

void emu_key_operation(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_crypto c;
    struct emu_version v;
    const char *wrong;

    if (!emu_key_find(rq, r, &v))
        return;
    memset(&c, 0, sizeof(c));
    c.key = &v;
    c.op = operation(rq);
    if (!usable(r, &v, c.op) || !take_body(rq, r, &c))
        goto out;
    wrong = c.alg->run(&c);
    if (wrong == NULL)
        answer(rq, r, &c);
    else if (wrong == emu_crypto_failed)
        emu_reply_failed(r);
    else
        emu_reply_bad(r, "%s", wrong);
out:
    emu_bytes_free(&c.value);
    emu_bytes_free(&c.digest);
    emu_bytes_free(&c.iv);
    emu_bytes_free(&c.aad);
    emu_bytes_free(&c.tag);
    emu_bytes_free(&c.context);
    emu_bytes_free(&c.mu);
    emu_bytes_free(&c.result);
    emu_version_free(&v);
}
