/* SPDX-License-Identifier: MIT
 *
 * Reading and opening.  All that can be judged without a key is judged when it
 * is read: parts, encoding, header, and the sizes that the algorithms fix.
 */
#include "jose/jwe.h"

#include <string.h>

#include "base/base64url.h"

enum { parts = 5, wrapped_max = 2048 };

void mhsmi_jwe_clear(struct mhsmi_jwe *jwe)
{
    mhsmi_free(jwe->kid);
    mhsmi_free(jwe->header);
    mhsmi_buf_clear(&jwe->key);
    mhsmi_buf_clear(&jwe->iv);
    mhsmi_buf_clear(&jwe->ciphertext);
    mhsmi_buf_clear(&jwe->tag);
    jwe->kid = jwe->header = NULL;
}

static mhsm_status split(const char *text, size_t size, const char **starts,
                         size_t *sizes, mhsm_error **err)
{
    const char *at = text, *end = text + size;
    size_t count = 0;

    for (;;) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        const char *stop = dot != NULL ? dot : end;

        if (count < parts) {
            starts[count] = at;
            sizes[count] = (size_t)(stop - at);
        }
        count++;
        if (dot == NULL)
            break;
        at = dot + 1;
    }
    if (count == parts)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_DAMAGED, "it has %zu parts, not %d", count,
                       (int)parts);
}

static mhsm_status decode(struct mhsmi_buf *out, const char *what,
                          const char *text, size_t size, mhsm_error **err)
{
    /* A size over the buffer's maximum reads like one that does not fit. */
    if (size / 4 * 3 <= out->max && mhsmi_base64url_decode(out, text, size))
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_DAMAGED,
                       "its %s is no base64url, or too long", what);
}

static mhsm_status check_sizes(const struct mhsmi_jwe *jwe, mhsm_error **err)
{
    const struct mhsmi_content *content = jwe->content;
    int is_direct = jwe->alg == MHSMI_JWE_DIR;

    if (is_direct != (jwe->key.size == 0))
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           is_direct
                               ? "it has an encrypted key, which alg dir has "
                                 "not"
                               : "it has no encrypted key");
    if (jwe->iv.size != content->iv_size)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "its initialisation vector has %zu octets, not %zu",
                           jwe->iv.size, content->iv_size);
    if (jwe->tag.size != content->tag_size)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "its authentication tag has %zu octets, not %zu",
                           jwe->tag.size, content->tag_size);
    if (jwe->ciphertext.size == 0 || jwe->ciphertext.size % content->unit != 0)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "its ciphertext has %zu octets, which are no whole "
                           "blocks",
                           jwe->ciphertext.size);
    return MHSM_OK;
}

static mhsm_status parse_header(struct mhsmi_jwe *jwe, const char *text,
                                size_t size, mhsm_error **err)
{
    struct mhsmi_buf header;
    mhsm_status st;

    mhsmi_buf_init(&header, MHSMI_JWE_HEADER_MAX);
    st = decode(&header, "header", text, size, err);
    if (st == MHSM_OK)
        st = mhsmi_jwe_header_read(jwe, header.data, header.size, err);
    mhsmi_buf_clear(&header);
    if (st == MHSM_OK && (jwe->header = mhsmi_strndup(text, size)) == NULL)
        st = mhsmi_error_memory(err);
    return st;
}

mhsm_status mhsmi_jwe_parse(struct mhsmi_jwe *jwe, const char *text,
                            size_t size, mhsm_error **err)
{
    const struct {
        const char *what;
        struct mhsmi_buf *out;
        size_t max;
    } rows[parts] = {
        {"header", NULL, 0},
        {"encrypted key", &jwe->key, wrapped_max},
        {"initialisation vector", &jwe->iv, MHSMI_IV_MAX},
        {"ciphertext", &jwe->ciphertext, MHSMI_JWE_MAX},
        {"authentication tag", &jwe->tag, MHSMI_TAG_MAX},
    };
    const char *starts[parts] = {NULL};
    size_t sizes[parts] = {0}, i;
    mhsm_status st;

    memset(jwe, 0, sizeof(*jwe));
    if (size > MHSMI_JWE_MAX)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "it is longer than %d characters",
                           (int)MHSMI_JWE_MAX);
    st = split(text, size, starts, sizes, err);
    if (st == MHSM_OK)
        st = parse_header(jwe, starts[0], sizes[0], err);
    for (i = 1; st == MHSM_OK && i < parts; i++) {
        mhsmi_buf_init(rows[i].out, rows[i].max);
        st = decode(rows[i].out, rows[i].what, starts[i], sizes[i], err);
    }
    return st == MHSM_OK ? check_sizes(jwe, err) : st;
}

mhsm_status mhsmi_jwe_open(const struct mhsmi_jwe *jwe, OSSL_LIB_CTX *lib,
                           const unsigned char *cek, struct mhsmi_secret **data,
                           mhsm_error **err)
{
    const struct mhsmi_sealed sealed = {
        .aad = jwe->header,
        .aad_size = strlen(jwe->header),
        .iv = jwe->iv.data,
        .ciphertext = jwe->ciphertext.data,
        .ciphertext_size = jwe->ciphertext.size,
        .tag = jwe->tag.data,
    };

    return jwe->content->open(lib, cek, &sealed, data, err);
}

mhsm_status mhsmi_jwe_unwrap(const struct mhsmi_jwe *jwe, OSSL_LIB_CTX *lib,
                             const struct mhsmi_unwrapper *unwrapper,
                             struct mhsmi_secret **data, mhsm_error **err)
{
    struct mhsmi_secret *cek = NULL;
    mhsm_status st;

    if (jwe->alg != MHSMI_JWE_RSA_OAEP_256)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "it is not encrypted for a key pair: its alg is "
                           "not RSA-OAEP-256");
    st = unwrapper->unwrap(unwrapper->context, jwe->key.data, jwe->key.size,
                           &cek, err);
    if (st == MHSM_OK && cek->size != jwe->content->cek_size)
        st = mhsmi_error(err, MHSM_ERR_DAMAGED,
                         "its encrypted key has %zu octets, not %zu", cek->size,
                         jwe->content->cek_size);
    if (st == MHSM_OK)
        st = mhsmi_jwe_open(jwe, lib, cek->data, data, err);
    mhsmi_secret_free(cek);
    return st;
}
