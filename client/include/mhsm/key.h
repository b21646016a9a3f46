/* SPDX-License-Identifier: MIT
 *
 * Keys: one object is one exact version of one key, its public part and its
 * attributes as the service gave them (REST reference, KeyBundle).  It never
 * holds private material: there is none to be had.
 *
 * A key object is immutable, reference-counted and may be used by any number
 * of threads.  Functions that take a client block for at most the option
 * `timeout` and may be called from any thread.
 */
#ifndef MHSM_KEY_H
#define MHSM_KEY_H

#include <stddef.h>
#include <stdint.h>

#include <mhsm/algorithm.h>
#include <mhsm/client.h>
#include <mhsm/error.h>
#include <mhsm/result.h>
#include <mhsm/uri.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mhsm_key mhsm_key;

/* One GET.  Pins the version: when `uri` names none, the latest one is looked
 * up now and every later operation on the object uses that one.
 * Needs keys/read/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_get(mhsm_client *client,
                                                 const mhsm_uri *uri,
                                                 mhsm_key **key,
                                                 mhsm_error **err);
/* Returns `key`; each reference is dropped by one mhsm_key_free(). */
MHSM_API mhsm_key *mhsm_key_up_ref(mhsm_key *key);
MHSM_API void mhsm_key_free(mhsm_key *key);

/* All borrow from the key. */
MHSM_API const char *mhsm_key_name(const mhsm_key *key);
MHSM_API const char *mhsm_key_version(const mhsm_key *key);
/* "https://HOST/keys/NAME/VERSION", the service's kid. */
MHSM_API const char *mhsm_key_id(const mhsm_key *key);
/* "mhsm://HOST/keys/NAME/VERSION". */
MHSM_API const char *mhsm_key_uri(const mhsm_key *key);
/* The whole answer (KeyBundle or DeletedKeyBundle) as JSON. */
MHSM_API const char *mhsm_key_json(const mhsm_key *key);
MHSM_API mhsm_key_type mhsm_key_get_type(const mhsm_key *key);
MHSM_API mhsm_curve mhsm_key_curve(const mhsm_key *key);
/* AKP: the key's parameter set; NULL for the other types. */
MHSM_API const mhsm_parameter_set *mhsm_key_parameter_set(const mhsm_key *key);
/* RSA: modulus bits; EC: field bits; oct: 0 when the service does not say;
 * AKP: 0. */
MHSM_API unsigned int mhsm_key_bits(const mhsm_key *key);
/* Mask of MHSM_OP_*. */
MHSM_API unsigned int mhsm_key_operations(const mhsm_key *key);
MHSM_API int mhsm_key_enabled(const mhsm_key *key);
/* What a key reference says of an RSA key beside its numbers: NULL, a key for
 * every padding; "", PSS signatures alone; "SHA2-256" (or 384, 512), PSS
 * signatures alone, with this digest, the same in MGF1, and a salt as long.
 * The service knows nothing of it. */
MHSM_API const char *mhsm_key_pss(const mhsm_key *key);
/* The same RSA key with such a restriction; `digest` as OpenSSL names it, ""
 * for any.  No I/O.  MHSM_ERR_UNSUPPORTED for other keys and digests. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_restrict_pss(const mhsm_key *key,
                                                          const char *digest,
                                                          mhsm_key **restricted,
                                                          mhsm_error **err);
/* Unix seconds; 0 when the attribute is absent. */
MHSM_API int64_t mhsm_key_created(const mhsm_key *key);
MHSM_API int64_t mhsm_key_updated(const mhsm_key *key);
MHSM_API int64_t mhsm_key_not_before(const mhsm_key *key);
MHSM_API int64_t mhsm_key_expires(const mhsm_key *key);

/* Public numbers, big-endian, unsigned.  RSA: n and e with no leading zeros;
 * EC: x and y, each padded to the curve's coordinate size.  NULL and size 0
 * for the other types. */
MHSM_API const unsigned char *mhsm_key_rsa_n(const mhsm_key *key, size_t *size);
MHSM_API const unsigned char *mhsm_key_rsa_e(const mhsm_key *key, size_t *size);
MHSM_API const unsigned char *mhsm_key_ec_x(const mhsm_key *key, size_t *size);
MHSM_API const unsigned char *mhsm_key_ec_y(const mhsm_key *key, size_t *size);
/* AKP: the public key as FIPS 204 encodes it; NULL and 0 for other types. */
MHSM_API const unsigned char *mhsm_key_akp_public(const mhsm_key *key,
                                                  size_t *size);

/* Under which attestation a key may leave the HSM.  `text` is the policy as
 * JSON ({"version", "anyOf": [...]}), `size` octets, at most 64 KiB. */
typedef struct mhsm_release_policy {
    const char *text;
    size_t size;
    int immutable; /* it can never be replaced */
} mhsm_release_policy;

/* What to create, and what to import beside the material.  Start from
 * MHSM_KEY_SPEC_INIT. */
typedef struct mhsm_key_spec {
    mhsm_key_type type;
    unsigned int bits;       /* RSA and oct; 0: 2048 or 256 */
    mhsm_curve curve;        /* EC; NONE: P-256 */
    unsigned int operations; /* mask; 0: the service's default */
    int disabled;
    int exportable;
    int64_t not_before, expires; /* Unix seconds; 0: absent */
    const char *const *tags;     /* "NAME=VALUE", tag_count of them */
    size_t tag_count;
    const char *algorithm; /* AKP: "ML-DSA-65"; NULL for other types */
    const mhsm_release_policy *policy; /* with `exportable`; else NULL */
    /* At a Key Vault (premium), in its HSM; else a software key.  A Managed HSM
     * has no other keys. */
    int hardware;
} mhsm_key_spec;

#define MHSM_KEY_SPEC_INIT                                                     \
    {                                                                          \
        MHSM_KEY_UNKNOWN, 0, MHSM_CURVE_NONE, 0, 0, 0, 0, 0, NULL, 0, NULL,    \
            NULL, 0                                                            \
    }

/* Creates the key, or a new version when the name exists.  Sent once; never
 * repeated unless it provably did not reach the service.  AKP keys need the
 * option api-version to be 2026-05-01-preview or later.
 * Needs keys/create. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_create(mhsm_client *client,
                                                    const mhsm_uri *uri,
                                                    const mhsm_key_spec *spec,
                                                    mhsm_key **key,
                                                    mhsm_error **err);

/* What to change of one version.  Start from MHSM_KEY_CHANGE_INIT, which
 * changes nothing. */
typedef struct mhsm_key_change {
    int enabled;                 /* 1 or 0; -1: as it is */
    int64_t not_before, expires; /* Unix seconds; 0: as it is */
    unsigned int operations;     /* mask; 0: as it is */
    int replace_tags;            /* all of them, by these: */
    const char *const *tags;     /* "NAME=VALUE", tag_count of them */
    size_t tag_count;
    const mhsm_release_policy *policy; /* NULL: as it is */
} mhsm_key_change;

#define MHSM_KEY_CHANGE_INIT                                                   \
    {                                                                          \
        -1, 0, 0, 0, 0, NULL, 0, NULL                                          \
    }

/* Changes the version that `uri` names, or the latest one.  Sent once.
 * Needs keys/write/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_update(
    mhsm_client *client, const mhsm_uri *uri, const mhsm_key_change *change,
    mhsm_key **key, mhsm_error **err);

/* Makes a new version of the same kind; a Managed HSM wants a rotation policy
 * first (mhsm/rotation.h).  Sent once.  Needs keys/rotate/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_rotate(mhsm_client *client,
                                                    const mhsm_uri *uri,
                                                    mhsm_key **key,
                                                    mhsm_error **err);

/* The key with all its versions, sealed for HSMs of the same security domain:
 * opaque octets, of no use to anyone else.  Sent once.  Needs
 * keys/backup/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_backup(mhsm_client *client,
                                                    const mhsm_uri *uri,
                                                    mhsm_result **blob,
                                                    mhsm_error **err);
/* Brings such a key back under its own name, which must be free.  `uri` names
 * the HSM; `key` gets the latest version.  Sent once.  Needs
 * keys/restore/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_restore(
    mhsm_client *client, const mhsm_uri *uri, const unsigned char *blob,
    size_t blob_size, mhsm_key **key, mhsm_error **err);

/* Soft-deletes the key with all its versions; `deleted` (may be NULL) gets the
 * DeletedKeyBundle. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_delete(mhsm_client *client,
                                                    const mhsm_uri *uri,
                                                    mhsm_key **deleted,
                                                    mhsm_error **err);
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_get_deleted(mhsm_client *client,
                                                         const mhsm_uri *uri,
                                                         mhsm_key **deleted,
                                                         mhsm_error **err);
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_recover(mhsm_client *client,
                                                     const mhsm_uri *uri,
                                                     mhsm_key **key,
                                                     mhsm_error **err);
/* Destroys a soft-deleted key for good. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_purge(mhsm_client *client,
                                                   const mhsm_uri *uri,
                                                   mhsm_error **err);

/* Listing, a page at a time. */
typedef enum mhsm_key_listing {
    MHSM_LIST_KEYS = 0,
    MHSM_LIST_VERSIONS = 1, /* of the key that the URI names */
    MHSM_LIST_DELETED = 2
} mhsm_key_listing;

typedef struct mhsm_key_list mhsm_key_list;

/* One item; borrowed from the listing until its next call. */
typedef struct mhsm_key_item {
    const char *id; /* kid, with version only in MHSM_LIST_VERSIONS */
    const char *name;
    const char *version; /* "" but in MHSM_LIST_VERSIONS */
    int enabled;
    int64_t created, updated, not_before, expires; /* Unix seconds, 0: absent */
    int64_t deleted, purge;                        /* MHSM_LIST_DELETED only */
    const char *json; /* the item as the service gave it */
} mhsm_key_item;

/* No request yet.  `uri` names the HSM (its key only for VERSIONS). */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_list_new(mhsm_client *client,
                                                      const mhsm_uri *uri,
                                                      mhsm_key_listing listing,
                                                      mhsm_key_list **list,
                                                      mhsm_error **err);
/* The next item, or *item = NULL at the end; one request per page of 25.
 * One thread at a time. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_list_next(
    mhsm_key_list *list, const mhsm_key_item **item, mhsm_error **err);
MHSM_API void mhsm_key_list_free(mhsm_key_list *list);

#ifdef __cplusplus
}
#endif
#endif
