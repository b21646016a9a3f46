/* SPDX-License-Identifier: MIT
 *
 * The data of the security domain. They are as long as those of the service,
 * whose content nobody knows; here they are random, and what keys are backed
 * up under is made of them: HSMs with the same data take each other's.
 */
#include "domain.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *tag;
    size_t size;
} first[] = {
    {"hsm_backup", 7003},
    {"base_enclave_backup", 768},
    {"partition_enclave_backup", 2048},
};

/* NIST SP 800-108 with HMAC-SHA-512: one block, so one call. */
int emu_domain_derive(const unsigned char *master, const char *tag,
                      unsigned char *key)
{
    unsigned char text[EMU_DOMAIN_TAG + 16] = {0, 0, 0, 1};
    size_t size = strlen(tag), len = 0;

    if (size >= EMU_DOMAIN_TAG)
        return 0;
    memcpy(text + 4, tag, size);
    /* Behind the label a zero, and the number of bits. */
    text[4 + size + 3] = 512 >> 8;
    return EVP_Q_mac(NULL, "HMAC", NULL, "SHA512", NULL, master, EMU_DOMAIN_KEY,
                     text, 4 + size + 5, key, EMU_SEAL_KEY, &len) != NULL;
}

void emu_domain_free(struct emu_domain *domain)
{
    size_t i;

    for (i = 0; i < domain->count; i++)
        emu_bytes_free(&domain->data[i].plain);
    domain->count = 0;
}

int emu_domain_install(struct emu_store *s, const struct emu_domain *domain)
{
    size_t i;
    int ok = emu_store_run(s, "DELETE FROM domain", "") >= 0;

    for (i = 0; ok && i < domain->count; i++)
        ok = emu_store_run(s, "INSERT INTO domain(tag, datum) VALUES(?1, ?2)",
                           "tb", domain->data[i].tag,
                           &domain->data[i].plain) == 1;
    return ok;
}

static int make(struct emu_store *s, struct emu_domain *out)
{
    struct emu_datum *datum;
    size_t i;

    for (i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
        datum = &out->data[out->count++];
        snprintf(datum->tag, sizeof(datum->tag), "%s", first[i].tag);
        if (!emu_bytes_reserve(&datum->plain, first[i].size) ||
            RAND_priv_bytes(datum->plain.data, (int)datum->plain.len) != 1)
            return 0;
    }
    return emu_domain_install(s, out);
}

static int read_datum(sqlite3_stmt *row, struct emu_domain *out)
{
    struct emu_datum *datum = &out->data[out->count];
    const char *tag = (const char *)sqlite3_column_text(row, 0);

    if (tag == NULL || strlen(tag) >= sizeof(datum->tag))
        return 0;
    snprintf(datum->tag, sizeof(datum->tag), "%s", tag);
    out->count++;
    return emu_store_bytes(row, 1, &datum->plain);
}

int emu_domain_load(struct emu_store *s, struct emu_domain *out)
{
    sqlite3_stmt *row;
    int step = SQLITE_ERROR;

    memset(out, 0, sizeof(*out));
    row = emu_store_query(s, "SELECT tag, datum FROM domain ORDER BY seq", "");
    while (row != NULL && out->count < EMU_DOMAIN_DATA &&
           (step = sqlite3_step(row)) == SQLITE_ROW) {
        if (!read_datum(row, out))
            break;
    }
    sqlite3_finalize(row);
    if (step != SQLITE_DONE && out->count < EMU_DOMAIN_DATA)
        return 0;
    return out->count != 0 || make(s, out);
}

/* In place of a master key: what all data say. */
static int digest(const struct emu_domain *domain, unsigned char *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t i;
    int ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

    for (i = 0; ok && i < domain->count; i++) {
        const struct emu_datum *datum = &domain->data[i];
        const uint64_t size = datum->plain.len;

        ok = EVP_DigestUpdate(ctx, datum->tag, strlen(datum->tag) + 1) == 1 &&
             EVP_DigestUpdate(ctx, &size, sizeof(size)) == 1 &&
             EVP_DigestUpdate(ctx, datum->plain.data, datum->plain.len) == 1;
    }
    ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

int emu_domain_key(struct emu_store *s, const char *label, unsigned char *key)
{
    unsigned char secret[EMU_DOMAIN_KEY];
    struct emu_domain domain;
    int ok;

    if (!emu_store_begin(s))
        return 0;
    ok = emu_store_end(s, emu_domain_load(s, &domain)) &&
         digest(&domain, secret) && emu_domain_derive(secret, label, key);
    OPENSSL_cleanse(secret, sizeof(secret));
    emu_domain_free(&domain);
    return ok;
}
