/* SPDX-License-Identifier: MIT
 *
 * Reading the file.  What others ignore is refused here, with the part that is
 * at fault; members that are not known are passed over, as the service may add
 * some.
 */
#include <string.h>

#include <openssl/err.h>

#include "base/base64url.h"
#include "base/json.h"
#include "domain/domain.h"

enum { version_known = 2, tag_max = 256 };

static mhsm_status damaged(const char *what, mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_DAMAGED, "%s", what);
}

/* An integer as such, or -1. */
static int64_t integer(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    if (!json_object_object_get_ex(object, name, &value) ||
        !json_object_is_type(value, json_type_int))
        return -1;
    return json_object_get_int64(value);
}

static mhsm_status read_version(mhsm_security_domain *domain,
                                struct json_object *root, mhsm_error **err)
{
    int64_t version = integer(root, "version");

    /* Not all that write the file say it. */
    if (!json_object_object_get_ex(root, "version", NULL))
        version = version_known;
    if (version != version_known)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "its version is not %d, which is what can be read",
                           (int)version_known);
    domain->version = version_known;
    return MHSM_OK;
}

static mhsm_status parse_datum(struct mhsmi_datum *datum, mhsm_error **err)
{
    mhsm_status st =
        mhsmi_jwe_parse(&datum->jwe, datum->text, strlen(datum->text), err);

    if (st == MHSM_OK && datum->jwe.alg != MHSMI_JWE_DIR)
        st = damaged("its alg is not dir", err);
    return st;
}

static mhsm_status read_datum(mhsm_security_domain *domain,
                              struct json_object *entry, mhsm_error **err)
{
    const char *tag = mhsmi_json_string(entry, "tag");
    const char *text = mhsmi_json_string(entry, "compact_jwe");
    size_t i = domain->data_count, j;
    mhsm_status st;

    if (tag == NULL || strlen(tag) > tag_max)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "EncData.data[%zu] has no tag, or a long one", i);
    for (j = 0; j < i; j++)
        if (strcmp(domain->data[j].tag, tag) == 0)
            return mhsmi_error(err, MHSM_ERR_DAMAGED,
                               "EncData.data[%zu] and [%zu] have the same tag "
                               "%s",
                               j, i, tag);
    if (text == NULL)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "EncData.data[%zu] (%s) has no compact_jwe", i, tag);
    if (!mhsmi_domain_add_datum(domain, tag, text))
        return mhsmi_error_memory(err);
    st = parse_datum(&domain->data[i], err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "EncData.data[%zu] (%s)", i, tag);
    return st;
}

static mhsm_status read_data(mhsm_security_domain *domain,
                             struct json_object *root, mhsm_error **err)
{
    struct json_object *part = mhsmi_json_object(root, "EncData");
    struct json_object *list = mhsmi_json_array(part, "data");
    const char *kdf = mhsmi_json_string(part, "kdf");
    mhsm_status st = MHSM_OK;
    size_t count, i;

    if (part == NULL)
        return damaged("it has no object EncData", err);
    if (json_object_object_get_ex(part, "kdf", NULL) &&
        (kdf == NULL || strcmp(kdf, "sp108_kdf") != 0))
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "EncData.kdf is not sp108_kdf but %.40s",
                           kdf != NULL ? kdf : "no string");
    count = list != NULL ? json_object_array_length(list) : 0;
    if (count == 0 || count > MHSMI_DATA_MAX)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "EncData.data is not a list of 1 to %d entries: "
                           "there is nothing to restore",
                           (int)MHSMI_DATA_MAX);
    for (i = 0; st == MHSM_OK && i < count; i++)
        st = read_datum(domain, json_object_array_get_idx(list, i), err);
    return st;
}

static int is_thumbprint(const char *text)
{
    struct mhsmi_buf octets;
    int ok;

    mhsmi_buf_init(&octets, MHSMI_THUMBPRINT_SIZE);
    ok = text != NULL && strlen(text) == MHSMI_THUMBPRINT_TEXT &&
         mhsmi_base64url_decode(&octets, text, MHSMI_THUMBPRINT_TEXT);
    mhsmi_buf_clear(&octets);
    return ok;
}

static mhsm_status parse_share(struct mhsmi_holder *holder, mhsm_error **err)
{
    mhsm_status st;

    if (holder->text == NULL)
        return damaged("it has no enc_key", err);
    st = mhsmi_jwe_parse(&holder->jwe, holder->text, strlen(holder->text), err);
    if (st == MHSM_OK && holder->jwe.alg != MHSMI_JWE_RSA_OAEP_256)
        st = damaged("its alg is not RSA-OAEP-256", err);
    return st;
}

static mhsm_status read_holder(mhsm_security_domain *domain,
                               struct json_object *entry, mhsm_error **err)
{
    const char *thumbprint = mhsmi_json_string(entry, "x5t_256");
    struct mhsmi_holder *holder = &domain->holders[domain->holder_count];
    size_t i = domain->holder_count;
    mhsm_status st;

    if (!is_thumbprint(thumbprint))
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "SharedKeys.enc_shares[%zu] has no x5t_256 that is "
                           "a SHA-256 thumbprint",
                           i);
    if (mhsmi_domain_find_holder(domain, thumbprint) != NULL)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "SharedKeys.enc_shares[%zu]: the holder %s is there "
                           "twice",
                           i, thumbprint);
    if (!mhsmi_domain_add_holder(domain, thumbprint,
                                 mhsmi_json_string(entry, "enc_key")))
        return mhsmi_error_memory(err);
    /* Enough others may be whole: it is told when this one is needed. */
    st = parse_share(holder, &holder->damage);
    if (st == MHSM_ERR_MEMORY)
        return mhsmi_error_memory(err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(&holder->damage,
                           "SharedKeys.enc_shares[%zu] (holder %s)", i,
                           thumbprint);
    return MHSM_OK;
}

static mhsm_status read_holders(mhsm_security_domain *domain,
                                struct json_object *root, mhsm_error **err)
{
    struct json_object *part = mhsmi_json_object(root, "SharedKeys");
    struct json_object *list = mhsmi_json_array(part, "enc_shares");
    const char *algorithm = mhsmi_json_string(part, "key_algorithm");
    int64_t required = integer(part, "required");
    mhsm_status st = MHSM_OK;
    size_t count, i;

    if (part == NULL)
        return damaged("it has no object SharedKeys", err);
    if (algorithm == NULL || strcmp(algorithm, "shamir_share") != 0)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "SharedKeys.key_algorithm is not shamir_share but "
                           "%.40s",
                           algorithm != NULL ? algorithm : "no string");
    count = list != NULL ? json_object_array_length(list) : 0;
    if (count == 0 || count > MHSMI_SHARES_MAX)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "SharedKeys.enc_shares is not a list of 1 to %d "
                           "entries",
                           (int)MHSMI_SHARES_MAX);
    if (required < MHSM_DOMAIN_QUORUM_MIN ||
        required > MHSM_DOMAIN_QUORUM_MAX || required > (int64_t)count)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "SharedKeys.required is no number from %d to %d, or "
                           "more than the %zu shares",
                           MHSM_DOMAIN_QUORUM_MIN, MHSM_DOMAIN_QUORUM_MAX,
                           count);
    domain->quorum = (unsigned int)required;
    for (i = 0; st == MHSM_OK && i < count; i++)
        st = read_holder(domain, json_object_array_get_idx(list, i), err);
    return st;
}

/* The one holder of a restore blob. */
static mhsm_status read_wrapped_key(mhsm_security_domain *domain,
                                    struct json_object *root, mhsm_error **err)
{
    struct json_object *part = mhsmi_json_object(root, "WrappedKey");
    const char *thumbprint = mhsmi_json_string(part, "x5t_256");
    mhsm_status st;

    if (part == NULL)
        return damaged("it has no object WrappedKey", err);
    if (!is_thumbprint(thumbprint))
        return damaged("WrappedKey has no x5t_256 that is a SHA-256 thumbprint",
                       err);
    if (!mhsmi_domain_add_holder(domain, thumbprint,
                                 mhsmi_json_string(part, "enc_key")))
        return mhsmi_error_memory(err);
    st = parse_share(&domain->holders[0], err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "WrappedKey");
    return st;
}

static mhsm_status read_file(mhsm_security_domain *domain,
                             struct json_object *root, mhsm_error **err)
{
    mhsm_status st;

    if ((st = read_version(domain, root, err)) == MHSM_OK &&
        (st = read_data(domain, root, err)) == MHSM_OK)
        st = read_holders(domain, root, err);
    return st;
}

static mhsm_status read_blob(mhsm_security_domain *domain,
                             struct json_object *root, mhsm_error **err)
{
    mhsm_status st = read_data(domain, root, err);

    return st == MHSM_OK ? read_wrapped_key(domain, root, err) : st;
}

/* Both kinds of files; `what` is for messages. */
static mhsm_status decode(const char *what,
                          mhsm_status (*read)(mhsm_security_domain *domain,
                                              struct json_object *root,
                                              mhsm_error **err),
                          const unsigned char *data, size_t size,
                          mhsm_security_domain **domain, mhsm_error **err)
{
    mhsm_security_domain *made;
    struct json_object *root;
    mhsm_status st;

    if (domain == NULL || (data == NULL && size != 0))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no %s to read",
                           what);
    if (size == 0)
        return mhsmi_error(err, MHSM_ERR_DAMAGED, "the %s is empty", what);
    if (size > MHSM_DOMAIN_SIZE_MAX)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "the %s is larger than %d octets", what,
                           MHSM_DOMAIN_SIZE_MAX);
    made = mhsmi_domain_new();
    if (made == NULL)
        return mhsmi_error_memory(err);
    root = mhsmi_json_parse(data, size);
    if (json_object_is_type(root, json_type_object))
        st = read(made, root, err);
    else
        st = damaged("it is no JSON object", err);
    json_object_put(root);
    if (st == MHSM_OK) {
        *domain = made;
    } else {
        mhsm_security_domain_free(made);
        mhsmi_error_prefix(err, "the %s", what);
    }
    return st;
}

mhsm_status mhsm_security_domain_decode(const unsigned char *data, size_t size,
                                        mhsm_security_domain **domain,
                                        mhsm_error **err)
{
    return decode("security domain", read_file, data, size, domain, err);
}

mhsm_status mhsmi_domain_read_restore_blob(const unsigned char *data,
                                           size_t size,
                                           mhsm_security_domain **domain,
                                           mhsm_error **err)
{
    return decode("restore blob", read_blob, data, size, domain, err);
}
