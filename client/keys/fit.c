/* SPDX-License-Identifier: MIT
 *
 * Sizes.  The shapes of the algorithms' inputs and outputs as a table of
 * families, so that nothing impossible is sent or believed.
 */
#include "keys/fit.h"

#include <string.h>

#include "base/error.h"

enum { text_max = 512 * 1024, block = 16, iv_gcm = 12, tag_size = 16 };

/* How an oct algorithm shapes its text, by the tail of its name. */
enum shape {
    SHAPE_GCM,     /* result as long as the text */
    SHAPE_CBC,     /* whole blocks */
    SHAPE_PAD,     /* one block at most more */
    SHAPE_WRAP,    /* RFC 3394: eight octets more */
    SHAPE_WRAP_PAD /* RFC 5649 */
};

static const struct {
    const char *tail;
    enum shape shape;
} shapes[] = {
    {"GCM", SHAPE_GCM},
    {"CBC", SHAPE_CBC},
    {"CBCPAD", SHAPE_PAD},
    {"KW", SHAPE_WRAP},
    {"CKM_AES_KEY_WRAP", SHAPE_WRAP},
    {"CKM_AES_KEY_WRAP_PAD", SHAPE_WRAP_PAD},
};

static enum shape find_shape(const mhsm_algorithm *algorithm)
{
    size_t i, size = strlen(algorithm->name), tail;

    for (i = 0; i + 1 < sizeof(shapes) / sizeof(shapes[0]); i++) {
        tail = strlen(shapes[i].tail);
        if (size >= tail &&
            strcmp(algorithm->name + size - tail, shapes[i].tail) == 0)
            break;
    }
    return shapes[i].shape;
}

static int is_signing(unsigned int operation)
{
    return (operation & (MHSM_OP_SIGN | MHSM_OP_VERIFY)) != 0;
}

static int is_opening(unsigned int operation)
{
    return (operation & (MHSM_OP_DECRYPT | MHSM_OP_UNWRAP)) != 0;
}

static size_t modulus_size(const mhsm_key *key)
{
    return (mhsm_key_bits(key) + 7) / 8;
}

/* What the padding takes of the modulus. */
static size_t overhead(const mhsm_algorithm *algorithm)
{
    return algorithm->padding == MHSM_PADDING_OAEP
               ? 2 * algorithm->digest_size + 2
               : 11;
}

static mhsm_status misfit(const struct mhsmi_fit *fit, const char *name,
                          mhsm_error **err)
{
    const mhsm_curve_info *curve = mhsm_curve_find(mhsm_key_curve(fit->key));
    const mhsm_parameter_set *set = mhsm_key_parameter_set(fit->key);

    if (set != NULL)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "%s cannot %s with key %s (%s)", name,
                           mhsm_operation_name(fit->operation),
                           mhsm_key_name(fit->key), set->name);
    return mhsmi_error(
        err, MHSM_ERR_UNSUPPORTED, "%s cannot %s with key %s (%s%s%s, %u bits)",
        name, mhsm_operation_name(fit->operation), mhsm_key_name(fit->key),
        mhsm_key_type_name(mhsm_key_get_type(fit->key)),
        curve != NULL ? " " : "", curve != NULL ? curve->name : "",
        mhsm_key_bits(fit->key));
}

static mhsm_status check_digest(const struct mhsmi_fit *fit,
                                const mhsm_algorithm *algorithm,
                                mhsm_error **err)
{
    size_t limit;

    if (algorithm->type == MHSM_KEY_OCT || algorithm->type == MHSM_KEY_AKP)
        return fit->text_size <= text_max
                   ? MHSM_OK
                   : mhsmi_error(err, MHSM_ERR_ARGUMENT,
                                 "a message of %zu octets is too long",
                                 fit->text_size);
    if (algorithm->digest != NULL)
        return fit->text_size == algorithm->digest_size
                   ? MHSM_OK
                   : mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                                 "%s takes a digest of %zu octets, not of %zu",
                                 algorithm->name, algorithm->digest_size,
                                 fit->text_size);
    limit = modulus_size(fit->key) - overhead(algorithm);
    return fit->text_size != 0 && fit->text_size <= limit
               ? MHSM_OK
               : mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                             "%s takes 1 to %zu octets, not %zu",
                             algorithm->name, limit, fit->text_size);
}

static mhsm_status damaged(const mhsm_algorithm *algorithm, size_t size,
                           mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_DAMAGED,
                       "%zu octets cannot be a ciphertext of %s", size,
                       algorithm->name);
}

static mhsm_status check_rsa(const struct mhsmi_fit *fit,
                             const mhsm_algorithm *algorithm, mhsm_error **err)
{
    size_t modulus = modulus_size(fit->key);

    if (is_opening(fit->operation))
        return fit->text_size == modulus
                   ? MHSM_OK
                   : damaged(algorithm, fit->text_size, err);
    if (fit->text_size + overhead(algorithm) <= modulus)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                       "%zu octets are too many for %s with this key: at most "
                       "%zu",
                       fit->text_size, algorithm->name,
                       modulus - overhead(algorithm));
}

/* Text sizes of the AES shapes: closed (going in) and open (coming out). */
static int oct_size_ok(enum shape shape, int opening, size_t size)
{
    switch (shape) {
    case SHAPE_GCM:
        return 1;
    case SHAPE_CBC:
        return size != 0 && size % block == 0;
    case SHAPE_PAD:
        return !opening || (size != 0 && size % block == 0);
    case SHAPE_WRAP:
        return size % 8 == 0 && size >= (opening ? 24 : 16);
    case SHAPE_WRAP_PAD:
        return opening ? size % 8 == 0 && size >= 16 : size != 0;
    }
    return 0;
}

static mhsm_status check_parts(const struct mhsmi_fit *fit,
                               const mhsm_algorithm *algorithm,
                               enum shape shape, mhsm_error **err)
{
    static const mhsm_cipher_params none = {NULL, 0, NULL, 0, NULL, 0};
    const mhsm_cipher_params *p = fit->params != NULL ? fit->params : &none;
    int opening = is_opening(fit->operation);
    const char *wrong = NULL;

    if ((p->iv == NULL) != (p->iv_size == 0) ||
        (p->aad == NULL && p->aad_size != 0) ||
        (p->tag == NULL) != (p->tag_size == 0) || p->aad_size > text_max / 8)
        wrong = "parameters with a size but no octets, or too long";
    else if (shape == SHAPE_GCM && !opening && p->iv_size != 0)
        wrong = "no IV: the HSM makes it";
    else if (shape == SHAPE_GCM && opening &&
             (p->iv_size != iv_gcm || p->tag_size != tag_size))
        wrong = "an IV of 12 octets and a tag of 16";
    else if ((shape == SHAPE_CBC || shape == SHAPE_PAD) &&
             ((opening && p->iv_size == 0) ||
              (p->iv_size != 0 && p->iv_size != block)))
        wrong = "an IV of 16 octets";
    else if (shape != SHAPE_GCM && (p->aad_size != 0 || p->tag_size != 0))
        wrong = "neither additional data nor a tag";
    else if (shape == SHAPE_GCM && !opening && p->tag_size != 0)
        wrong = "no tag: the HSM makes it";
    else if ((shape == SHAPE_WRAP || shape == SHAPE_WRAP_PAD) &&
             p->iv_size != 0)
        wrong = "no IV";
    return wrong == NULL ? MHSM_OK
                         : mhsmi_error(err, MHSM_ERR_ARGUMENT, "%s takes %s",
                                       algorithm->name, wrong);
}

static mhsm_status check_oct(const struct mhsmi_fit *fit,
                             const mhsm_algorithm *algorithm, mhsm_error **err)
{
    enum shape shape = find_shape(algorithm);
    int opening = is_opening(fit->operation);

    if (fit->text_size > text_max)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%zu octets are too many for one request",
                           fit->text_size);
    if (!oct_size_ok(shape, opening, fit->text_size))
        return opening ? damaged(algorithm, fit->text_size, err)
                       : mhsmi_error(err, MHSM_ERR_ARGUMENT,
                                     "%s cannot take %zu octets",
                                     algorithm->name, fit->text_size);
    return check_parts(fit, algorithm, shape, err);
}

mhsm_status mhsmi_fit_check(const struct mhsmi_fit *fit, const char *name,
                            const mhsm_algorithm **algorithm, mhsm_error **err)
{
    const mhsm_algorithm *found = mhsm_algorithm_find(name);
    const mhsm_key *key = fit->key;
    const mhsm_parameter_set *set = mhsm_key_parameter_set(key);
    mhsm_status st;

    if (found == NULL)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "there is no algorithm \"%.40s\"", name);
    /* The service does not always tell the size of an oct key. */
    if (found->type != mhsm_key_get_type(key) ||
        found->curve != (found->type == MHSM_KEY_EC ? mhsm_key_curve(key)
                                                    : MHSM_CURVE_NONE) ||
        (set != NULL && strcmp(found->name, set->name) != 0) ||
        (found->operations & fit->operation) == 0 ||
        (found->key_bits != 0 && mhsm_key_bits(key) != 0 &&
         found->key_bits != mhsm_key_bits(key)))
        return misfit(fit, name, err);
    if (is_signing(fit->operation))
        st = check_digest(fit, found, err);
    else if (found->type == MHSM_KEY_RSA)
        st = check_rsa(fit, found, err);
    else
        st = check_oct(fit, found, err);
    if (st == MHSM_OK)
        *algorithm = found;
    return st;
}

int mhsmi_fit_makes_iv(const struct mhsmi_fit *fit,
                       const mhsm_algorithm *algorithm)
{
    enum shape shape;

    if (algorithm->type != MHSM_KEY_OCT || fit->operation != MHSM_OP_ENCRYPT)
        return 0;
    shape = find_shape(algorithm);
    return (shape == SHAPE_CBC || shape == SHAPE_PAD) &&
           (fit->params == NULL || fit->params->iv_size == 0);
}

static int oct_result_ok(enum shape shape, int opening, size_t text,
                         size_t size)
{
    switch (shape) {
    case SHAPE_GCM:
    case SHAPE_CBC:
        return size == text;
    case SHAPE_PAD:
        return opening ? size < text && text - size <= block
                       : size == text - text % block + block;
    case SHAPE_WRAP:
        return opening ? size + 8 == text : size == text + 8;
    case SHAPE_WRAP_PAD:
        return opening ? size != 0 && size <= text - 8 && text - 8 - size < 8
                       : size == (text + 7) / 8 * 8 + 8;
    }
    return 0;
}

int mhsmi_fit_result(const mhsm_key *key, const mhsm_algorithm *algorithm,
                     unsigned int operation, size_t text_size, size_t size)
{
    const mhsm_curve_info *curve = mhsm_curve_find(mhsm_key_curve(key));

    if (algorithm->type == MHSM_KEY_EC)
        return curve != NULL && size == 2 * curve->coordinate_size;
    if (algorithm->type == MHSM_KEY_AKP)
        return size == mhsm_key_parameter_set(key)->signature_size;
    if (algorithm->type == MHSM_KEY_RSA)
        return is_opening(operation)
                   ? size + overhead(algorithm) <= modulus_size(key)
                   : size == modulus_size(key);
    if (is_signing(operation))
        return size == algorithm->digest_size;
    return oct_result_ok(find_shape(algorithm), is_opening(operation),
                         text_size, size);
}
