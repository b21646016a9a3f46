/* SPDX-License-Identifier: MIT
 *
 * Making keys in the HSM: `genpkey -pkeyopt mhsm-key:NAME`.  A name that is
 * taken gets a new version.  What can be known to be wrong is said before the
 * request, which is sent once.
 */
#include "keymgmt_gen.h"

#include <stdint.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "err.h"
#include "local.h"
#include "params.h"

enum {
    URI_SIZE = 512,
    LIST_SIZE = 4096,
    TAGS_MAX = 15,
    NAMES_MAX = 64,
    SALT_OPEN = -1
};

struct mp_wish {
    struct mp_prov *prov;
    const char *type_name;
    mhsm_key_spec spec;
    char uri[URI_SIZE]; /* "": a software key is wanted */
    char tags[LIST_SIZE], group[NAMES_MAX];
    const char *tag_list[TAGS_MAX];
    uint64_t bits, primes;
    int odd_exponent;                        /* not 65537 */
    char digest[NAMES_MAX], mgf1[NAMES_MAX]; /* RSA-PSS */
    int salt;
};

struct mp_wish *mp_wish_new(struct mp_prov *prov, mhsm_key_type type,
                            const char *name)
{
    static const mhsm_key_spec plain = MHSM_KEY_SPEC_INIT;
    struct mp_wish *wish = OPENSSL_zalloc(sizeof(*wish));

    if (wish == NULL)
        return NULL;
    wish->prov = prov;
    wish->type_name = name;
    wish->spec = plain;
    wish->salt = SALT_OPEN;
    wish->spec.type = type;
    return wish;
}

void mp_wish_free(struct mp_wish *wish)
{
    OPENSSL_free(wish);
}

static int refuse(const struct mp_wish *wish, const OSSL_PARAM *param,
                  const char *expected)
{
    mp_raise(wish->prov, MP_R_PARAMETER, "parameter %s is no %s", param->key,
             expected);
    return 0;
}

static int set_uri(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;

    return mp_param_text(param, wish->uri, sizeof(wish->uri)) &&
                   wish->uri[0] != '\0'
               ? 1
               : refuse(wish, param, "name or URI of a key");
}

/* "a=b,c=d" is taken apart in place. */
static int set_tags(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;
    char *tag;

    wish->spec.tag_count = 0;
    if (!mp_param_text(param, wish->tags, sizeof(wish->tags)))
        return refuse(wish, param, "list of NAME=VALUE");
    for (tag = wish->tags; tag != NULL && *tag != '\0';) {
        char *comma = strchr(tag, ',');

        if (wish->spec.tag_count == TAGS_MAX)
            return refuse(wish, param, "list of at most 15 tags");
        if (comma != NULL)
            *comma++ = '\0';
        wish->tag_list[wish->spec.tag_count++] = tag;
        tag = comma;
    }
    wish->spec.tags = wish->tag_list;
    return 1;
}

static int set_key_ops(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;
    char list[LIST_SIZE], *name = list;

    wish->spec.operations = 0;
    if (!mp_param_text(param, list, sizeof(list)))
        return refuse(wish, param, "list of operations");
    while (name != NULL) {
        char *comma = strchr(name, ',');
        unsigned int operation;

        if (comma != NULL)
            *comma++ = '\0';
        operation = mhsm_operation_find(name);
        if (operation == 0)
            return refuse(wish, param,
                          "list of sign, verify, encrypt, decrypt, wrapKey "
                          "and unwrapKey");
        wish->spec.operations |= operation;
        name = comma;
    }
    return 1;
}

static int set_exportable(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;

    return OSSL_PARAM_get_int(param, &wish->spec.exportable)
               ? 1
               : refuse(wish, param, "number");
}

static int set_enabled(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;
    int enabled;

    if (!OSSL_PARAM_get_int(param, &enabled))
        return refuse(wish, param, "number");
    wish->spec.disabled = !enabled;
    return 1;
}

static int set_not_before(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;

    return OSSL_PARAM_get_int64(param, &wish->spec.not_before)
               ? 1
               : refuse(wish, param, "time in Unix seconds");
}

static int set_expires(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;

    return OSSL_PARAM_get_int64(param, &wish->spec.expires)
               ? 1
               : refuse(wish, param, "time in Unix seconds");
}

/* OpenSSL's own parameters go to the software generator as well, which has its
 * own opinion of them; here they are only noted. */
static int note_bits(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;

    (void)OSSL_PARAM_get_uint64(param, &wish->bits);
    return 1;
}

#ifdef OSSL_SKEY_PARAM_KEY_LENGTH
/* In octets, and of AES keys. */
static int note_length(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;
    size_t size = 0;

    (void)OSSL_PARAM_get_size_t(param, &size);
    wish->bits = size < 1024 ? size * 8 : UINT32_MAX;
    return 1;
}
#endif

static int note_primes(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;

    (void)OSSL_PARAM_get_uint64(param, &wish->primes);
    return 1;
}

static int note_exponent(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;
    BIGNUM *e = NULL;

    wish->odd_exponent = !OSSL_PARAM_get_BN(param, &e) || !BN_is_word(e, 65537);
    BN_free(e);
    return 1;
}

static int note_group(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;

    if (!mp_param_text(param, wish->group, sizeof(wish->group)))
        OPENSSL_strlcpy(wish->group, "?", sizeof(wish->group));
    return 1;
}

static int note_digest(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;

    if (!mp_param_text(param, wish->digest, sizeof(wish->digest)))
        OPENSSL_strlcpy(wish->digest, "?", sizeof(wish->digest));
    return 1;
}

static int note_mgf1(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;

    if (!mp_param_text(param, wish->mgf1, sizeof(wish->mgf1)))
        OPENSSL_strlcpy(wish->mgf1, "?", sizeof(wish->mgf1));
    return 1;
}

static int note_salt(void *object, const OSSL_PARAM *param)
{
    struct mp_wish *wish = object;

    (void)OSSL_PARAM_get_int(param, &wish->salt);
    return 1;
}

static const struct mp_setter setters[] = {
    {MP_GEN_PARAM_KEY, set_uri},
    {MP_GEN_PARAM_TAGS, set_tags},
    {MP_GEN_PARAM_KEY_OPS, set_key_ops},
    {MP_GEN_PARAM_EXPORTABLE, set_exportable},
    {MP_GEN_PARAM_ENABLED, set_enabled},
    {MP_GEN_PARAM_NOT_BEFORE, set_not_before},
    {MP_GEN_PARAM_EXPIRES, set_expires},
    {OSSL_PKEY_PARAM_RSA_BITS, note_bits},
    {OSSL_PKEY_PARAM_RSA_PRIMES, note_primes},
#ifdef OSSL_SKEY_PARAM_KEY_LENGTH
    {OSSL_SKEY_PARAM_KEY_LENGTH, note_length},
#endif
    {OSSL_PKEY_PARAM_RSA_E, note_exponent},
    {OSSL_PKEY_PARAM_GROUP_NAME, note_group},
    {OSSL_PKEY_PARAM_RSA_DIGEST, note_digest},
    {OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, note_mgf1},
    {OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, note_salt},
    {NULL, NULL},
};

int mp_wish_set(struct mp_wish *wish, const OSSL_PARAM params[])
{
    return mp_params_set(setters, wish, params);
}

int mp_wish_is_made(const struct mp_wish *wish)
{
    return wish->uri[0] != '\0';
}

/* What of OpenSSL's parameters the service cannot do. */
static int check(struct mp_wish *wish)
{
    const mhsm_curve_info *curve = NULL;

    if (wish->primes > 2 || wish->odd_exponent) {
        mp_raise(wish->prov, MP_R_PARAMETER,
                 "keys of the HSM have two primes and the exponent 65537");
        return 0;
    }
    if (wish->bits > 65536) {
        mp_raise(wish->prov, MP_R_PARAMETER,
                 "the HSM makes no key of so many bits");
        return 0;
    }
    wish->spec.bits = (unsigned int)wish->bits;
    if (wish->spec.type == MHSM_KEY_EC && wish->group[0] != '\0') {
        curve = mhsm_curve_by_name(wish->group);
        if (curve == NULL) {
            mp_raise(wish->prov, MP_R_PARAMETER,
                     "the HSM has no group %s: P-256, P-384, P-521 or "
                     "secp256k1",
                     wish->group);
            return 0;
        }
        wish->spec.curve = curve->curve;
    }
    if (wish->spec.type == MHSM_KEY_AKP)
        wish->spec.algorithm = wish->type_name;
    return 1;
}

static int is_pss(const struct mp_wish *wish)
{
    return strcmp(wish->type_name, MP_RSA_PSS) == 0;
}

/* The one restriction that the HSM can live with. */
static int check_pss(struct mp_wish *wish)
{
    static const char *const digests[] = {"SHA2-256", "SHA2-384", "SHA2-512"};
    EVP_MD *md = NULL;
    int known = 0, same = 1;

    if (!is_pss(wish) || (wish->digest[0] == '\0' && wish->mgf1[0] == '\0' &&
                          wish->salt == SALT_OPEN))
        return 1;
    if (wish->digest[0] != '\0' &&
        (md = mp_local_digest(wish->prov, wish->digest, NULL)) == NULL)
        return 0;
    for (size_t i = 0; md != NULL && i < sizeof(digests) / sizeof(digests[0]);
         i++)
        if (EVP_MD_is_a(md, digests[i])) {
            known = 1;
            same =
                (wish->mgf1[0] == '\0' || EVP_MD_is_a(md, wish->mgf1)) &&
                (wish->salt == SALT_OPEN || wish->salt == EVP_MD_get_size(md));
            OPENSSL_strlcpy(wish->digest, digests[i], sizeof(wish->digest));
        }
    EVP_MD_free(md);
    if (known && same)
        return 1;
    mp_raise(wish->prov, MP_R_PARAMETER,
             "a key of the HSM for PSS is for SHA-256, SHA-384, SHA-512 or "
             "all of them, with the same digest in MGF1 and a salt as long");
    return 0;
}

static mhsm_status restrict_to_pss(const struct mp_wish *wish, mhsm_key **hsm,
                                   mhsm_error **err)
{
    mhsm_key *restricted = NULL;
    mhsm_status status =
        mhsm_key_restrict_pss(*hsm, wish->digest, &restricted, err);

    mhsm_key_free(*hsm);
    *hsm = restricted;
    return status;
}

struct mp_key *mp_wish_make(struct mp_wish *wish)
{
    struct mp_prov *prov = wish->prov;
    mhsm_uri *uri = NULL;
    mhsm_key *hsm = NULL;
    mhsm_error *err = NULL;
    mhsm_status status;

    if (!mp_prov_usable(prov))
        return NULL;
    if (!check(wish) || !check_pss(wish))
        return NULL;
    if (strchr(wish->uri, ':') != NULL)
        status = mhsm_uri_parse(prov->client, wish->uri, &uri, &err);
    else
        status = mhsm_uri_new(prov->client, NULL, wish->uri, NULL, &uri, &err);
    if (status == MHSM_OK)
        status = mhsm_key_create(prov->client, uri, &wish->spec, &hsm, &err);
    if (status == MHSM_OK && is_pss(wish))
        status = restrict_to_pss(wish, &hsm, &err);
    mhsm_uri_free(uri);
    if (status != MHSM_OK) {
        mp_raise_client(prov, &err);
        return NULL;
    }
    return mp_key_wrap(prov, hsm);
}
