/* SPDX-License-Identifier: MIT
 *
 * Ordinary things: TLS over memory.  Servers and clients of the context, and
 * each against the other side in a context that has the default provider
 * alone; every kind of key, groups, client certificates, resumption.
 */
#include "ordinary.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    int version;
    const char *groups, *ciphers;
} rows[] = {
    {TLS1_2_VERSION, NULL, NULL},
    {TLS1_2_VERSION, "P-256", NULL},
    {TLS1_2_VERSION, "P-384:P-256", NULL},
    {TLS1_2_VERSION, "X25519:P-256", NULL},
    {TLS1_2_VERSION, NULL, "AES256-GCM-SHA384:@SECLEVEL=1"},
    {TLS1_2_VERSION, NULL, "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=1"},
    {TLS1_3_VERSION, NULL, NULL},
    {TLS1_3_VERSION, "P-256", NULL},
    {TLS1_3_VERSION, "P-384", NULL},
    {TLS1_3_VERSION, "P-521", NULL},
    {TLS1_3_VERSION, "X25519", NULL},
    {TLS1_3_VERSION, "X448", NULL},
    {TLS1_3_VERSION, "ffdhe2048", NULL},
    {TLS1_3_VERSION, "secp256k1", NULL},
    {TLS1_3_VERSION, "brainpoolP256r1tls13", NULL},
    {TLS1_3_VERSION, "X25519MLKEM768", NULL},
    {TLS1_3_VERSION, "SecP256r1MLKEM768", NULL},
};

/* With the key's certificate, and the same for the client on request. */
static void handshakes(struct ord *o, OSSL_LIB_CTX *server,
                       OSSL_LIB_CTX *client)
{
    static const char *const names[] = {"RSA",   "RSA-PSS",   "P-256",
                                        "P-384", "P-521",     "ED25519",
                                        "ED448", "secp256k1", "ML-DSA-65"};
    size_t i, j;

    for (i = 0; i < COUNT(names); i++) {
        struct th_tls tls = {.server_lib = server, .client_lib = client};

        if (!ord_has(names[i]))
            continue;
        tls.certificate = ord_self_signed(o, names[i], &tls.key);
        for (j = 0; j < COUNT(rows); j++) {
            /* All groups with one kind of key, the others with a few. */
            if (i > 0 && j % 3 != 0)
                continue;
            tls.version = rows[j].version;
            tls.groups = rows[j].groups;
            tls.ciphers = rows[j].ciphers;
            ord_chance(o, th_handshake(&tls), "%s %zu", names[i], j);
        }
        tls.client_key = tls.key;
        tls.client_certificate = tls.certificate;
        tls.version = TLS1_3_VERSION;
        tls.groups = NULL;
        tls.ciphers = NULL;
        ord_chance(o, th_handshake(&tls), "%s, client too", names[i]);
        X509_free(tls.certificate);
        EVP_PKEY_free(tls.key);
    }
}

static void both(struct ord *o)
{
    handshakes(o, o->lib, o->lib);
}

static void servers(struct ord *o)
{
    handshakes(o, o->lib, th_plain());
}

static void clients(struct ord *o)
{
    handshakes(o, th_plain(), o->lib);
}

/* What works everywhere, so that the comparisons above are not of nothing. */
static void must_work(struct ord *o)
{
    static const char *const names[] = {"RSA", "P-256", "ED25519"};
    size_t i;
    int version;

    for (i = 0; i < COUNT(names); i++) {
        struct th_tls tls = {.server_lib = o->lib, .client_lib = o->lib};

        tls.certificate = ord_self_signed(o, names[i], &tls.key);
        for (version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            tls.version = version;
            ord_good(o, th_handshake(&tls), "%s, %x", names[i],
                     (unsigned int)version);
        }
        X509_free(tls.certificate);
        EVP_PKEY_free(tls.key);
    }
}

const struct ord_case ord_tls_cases[] = {
    {"TLS that must work", must_work},
    {"TLS within", both},
    {"TLS servers", servers},
    {"TLS clients", clients},
    {NULL, NULL},
};
