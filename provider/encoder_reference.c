/* SPDX-License-Identifier: MIT
 *
 * What a key of the HSM is written as.  Where a private key goes to a file, a
 * key reference; as text, what there is to know.  Where PKCS#8 in DER is asked
 * for, nothing: whoever asks will take it apart, as PKCS#12 does.  Must never
 * write anything before all of it is there.
 *
 * A cipher is not applied and no pass phrase is asked for: a reference holds
 * no secret.  To refuse would lose the reference of a key that was just made,
 * since `openssl req -newkey` encrypts unless told otherwise.
 */
#include <string.h>

#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "encoder.h"
#include "err.h"
#include "local.h"

/* i2d_PrivateKey asks for its own form of a key and then for PKCS#8: what is
 * the last of the queue has been said of this key, and the first is the
 * reason. */
static void refuse(const struct mp_encoder *ctx, const struct mp_key *key,
                   const char *why)
{
    const char *last = NULL;
    char start[512];

    BIO_snprintf(start, sizeof(start), "key %s is in the HSM and ",
                 mhsm_key_id(key->hsm));
    (void)ERR_peek_last_error_all(NULL, NULL, NULL, &last, NULL);
    if (last == NULL || strncmp(last, start, strlen(start)) != 0)
        mp_raise(ctx->prov, MP_R_NOT_ENCODED, "%s%s", start, why);
}

static int may_encode(struct mp_encoder *ctx, const struct mp_key *key)
{
    const mhsm_config *config = mhsm_client_config(ctx->prov->client);

    if (mhsm_config_get_boolean(config, "encode-reference"))
        return 1;
    refuse(ctx, key,
           "is not written to files: the option encode-reference says no");
    return 0;
}

static int make_reference(struct mp_encoder *ctx, const struct mp_key *key,
                          unsigned char **der, size_t *size)
{
    mhsm_error *err = NULL;

    if (!may_encode(ctx, key))
        return 0;
    if (mhsm_reference_encode(key->hsm, der, size, &err) == MHSM_OK)
        return 1;
    mp_raise_client(ctx->prov, &err);
    return 0;
}

static int written(struct mp_encoder *ctx, int ok)
{
    if (!ok)
        mp_raise(ctx->prov, MP_R_LOCAL, "the encoded key cannot be written");
    return ok;
}

int mp_encoder_reference_pem(struct mp_encoder *ctx, const struct mp_key *key,
                             BIO *out)
{
    unsigned char *der = NULL;
    size_t size;
    int ok;

    if (!make_reference(ctx, key, &der, &size))
        return 0;
    ok = PEM_write_bio(out, MHSM_REFERENCE_LABEL, "", der, (long)size) > 0;
    mhsm_reference_free(der);
    return written(ctx, ok);
}

int mp_encoder_reference_der(struct mp_encoder *ctx, const struct mp_key *key,
                             BIO *out)
{
    unsigned char *der = NULL;
    size_t size, done = 0;
    int ok;

    if (!make_reference(ctx, key, &der, &size))
        return 0;
    ok = BIO_write_ex(out, der, size, &done) == 1 && done == size;
    mhsm_reference_free(der);
    return written(ctx, ok);
}

int mp_encoder_refuse(struct mp_encoder *ctx, const struct mp_key *key,
                      BIO *out)
{
    (void)out;
    refuse(ctx, key,
           "its private part cannot go into a PKCS#1, PKCS#8 or PKCS#12 file; "
           "refer to it by `mhsm key pem` or by its URI");
    return 0;
}

static int print_head(const struct mp_key *key, BIO *out)
{
    const mhsm_curve_info *curve = mhsm_curve_find(mhsm_key_curve(key->hsm));
    const mhsm_parameter_set *set = mhsm_key_parameter_set(key->hsm);
    char kind[64] = "", operations[128];

    if (set != NULL)
        BIO_snprintf(kind, sizeof(kind), " %s", set->name);
    else
        BIO_snprintf(kind, sizeof(kind), "%s%s, %u bit",
                     curve != NULL ? " " : "", curve != NULL ? curve->name : "",
                     mhsm_key_bits(key->hsm));

    mp_key_ops_text(mhsm_key_operations(key->hsm), operations,
                    sizeof(operations));
    return BIO_printf(out, "Private-Key: in Azure Managed HSM (%s%s)\n",
                      mhsm_key_type_name(key->type), kind) > 0 &&
           BIO_printf(out, "Key-URI: %s\n", mhsm_key_uri(key->hsm)) > 0 &&
           BIO_printf(out, "Key-Version: %s\n", mhsm_key_version(key->hsm)) >
               0 &&
           BIO_printf(out, "Key-Operations: %s\n",
                      operations[0] != '\0' ? operations : "none") > 0;
}

/* The public numbers as OpenSSL itself prints them. */
static int print_public(const struct mp_key *key, BIO *out)
{
    OSSL_ENCODER_CTX *encoder = OSSL_ENCODER_CTX_new_for_pkey(
        key->pkey, EVP_PKEY_PUBLIC_KEY, "text", NULL, NULL);
    int ok = encoder != NULL && OSSL_ENCODER_to_bio(encoder, out) == 1;

    OSSL_ENCODER_CTX_free(encoder);
    return ok;
}

int mp_encoder_text(struct mp_encoder *ctx, const struct mp_key *key, BIO *out)
{
    BIO *text = BIO_new(BIO_s_mem());
    struct mp_mark mark;
    char *data = NULL;
    long size;
    int ok;

    mp_mark_set(&mark);
    ok = text != NULL && print_head(key, text) &&
         (key->pkey == NULL || print_public(key, text)) &&
         (size = BIO_get_mem_data(text, &data)) > 0 &&
         BIO_write(out, data, (int)size) == (int)size;
    ok = mp_mark_end(ctx->prov, &mark, ok, MP_R_LOCAL, "cannot print the key");
    BIO_free(text);
    return ok;
}
