/* SPDX-License-Identifier: MIT
 *
 * The keys that were used last, decoded. Decoding takes OpenSSL several times
 * as long as a signature, and a bench would measure little else.
 */
#include "material.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <pthread.h>

enum { SLOTS = 64 };

static struct {
    pthread_mutex_t lock;
    struct slot {
        struct emu_bytes der;
        EVP_PKEY *key;
    } slots[SLOTS];
    size_t next;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static EVP_PKEY *decode(const struct emu_bytes *der)
{
    const unsigned char *at = der->data;
    PKCS8_PRIV_KEY_INFO *info =
        d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der->len);
    EVP_PKEY *key = info == NULL ? NULL : EVP_PKCS82PKEY(info);

    PKCS8_PRIV_KEY_INFO_free(info);
    return key;
}

/* Under the lock. */
static EVP_PKEY *find(const struct emu_bytes *der)
{
    for (size_t i = 0; i < SLOTS; i++) {
        const struct slot *slot = &kept.slots[i];

        if (slot->key != NULL && slot->der.len == der->len &&
            CRYPTO_memcmp(slot->der.data, der->data, der->len) == 0 &&
            EVP_PKEY_up_ref(slot->key) == 1)
            return slot->key;
    }
    return NULL;
}

/* Under the lock: in the place of the oldest. */
static void keep(const struct emu_bytes *der, EVP_PKEY *key)
{
    struct slot *slot = &kept.slots[kept.next++ % SLOTS];

    EVP_PKEY_free(slot->key);
    slot->key = NULL;
    if (emu_bytes_set(&slot->der, der->data, der->len) &&
        EVP_PKEY_up_ref(key) == 1)
        slot->key = key;
}

EVP_PKEY *emu_material_decode(const struct emu_bytes *der)
{
    EVP_PKEY *key;

    pthread_mutex_lock(&kept.lock);
    key = find(der);
    pthread_mutex_unlock(&kept.lock);
    if (key != NULL)
        return key;
    key = decode(der);
    if (key == NULL)
        return NULL;
    pthread_mutex_lock(&kept.lock);
    keep(der, key);
    pthread_mutex_unlock(&kept.lock);
    return key;
}
