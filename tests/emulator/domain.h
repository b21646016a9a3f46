/* SPDX-License-Identifier: MIT
 *
 * The security domain: its data, what a download asks for, the sharing of a
 * key, the exchange key, and how far an operation has come.
 */
#ifndef EMU_DOMAIN_H
#define EMU_DOMAIN_H

#include "reply.h"
#include "request.h"
#include "seal.h"

#include <openssl/evp.h>

#define EMU_DOMAIN_HOLDERS  10
#define EMU_DOMAIN_KEY      32
#define EMU_DOMAIN_SHARE    ((size_t)2 * EMU_DOMAIN_KEY)
#define EMU_DOMAIN_X5T_SIZE 44
#define EMU_DOMAIN_DATA     8  /* at most */
#define EMU_DOMAIN_TAG      64 /* with a terminator */

/* The data in their order, under tags that mean nothing here. */
struct emu_domain {
    size_t count;
    struct emu_datum {
        char tag[EMU_DOMAIN_TAG];
        struct emu_bytes plain;
    } data[EMU_DOMAIN_DATA];
};

/* What the HSM has, made when it is first asked for. Within a transaction;
 * *out is to be freed in any case. */
int emu_domain_load(struct emu_store *s, struct emu_domain *out);
/* In the place of what the HSM has. Within a transaction. */
int emu_domain_install(struct emu_store *s, const struct emu_domain *domain);
void emu_domain_free(struct emu_domain *domain);
/* The EMU_SEAL_KEY octets under which the datum of that tag travels, from the
 * EMU_DOMAIN_KEY of a master key. */
int emu_domain_derive(const unsigned char *master, const char *tag,
                      unsigned char *key);

struct emu_domain_request {
    unsigned quorum;
    size_t count;
    EVP_PKEY *keys[EMU_DOMAIN_HOLDERS];
    char x5t[EMU_DOMAIN_HOLDERS][EMU_DOMAIN_X5T_SIZE];
};

/* 1, or 0 with the refusal written; to be freed in any case. */
int emu_domain_request_read(struct emu_domain_request *out,
                            const struct emu_bytes *body, struct emu_reply *r);
void emu_domain_request_free(struct emu_domain_request *request);

/* Shares of EMU_DOMAIN_SHARE bytes each: words of (x << 9 | f(x)), low byte
 * first, over GF(257). */
int emu_domain_split(const unsigned char *key, unsigned quorum, size_t count,
                     unsigned char *shares);
/* EMU_SEAL_KEY octets that HSMs of the same domain have for that label. */
int emu_domain_key(struct emu_store *s, const char *label, unsigned char *key);

/* The key that a restore blob is to be made for, with its certificate, made
 * when it is first asked for. get: 1 found, 0 absent, -1 failed. */
int emu_domain_exchange_get(struct emu_store *s, EVP_PKEY **key, X509 **cert);
int emu_domain_exchange_forget(struct emu_store *s);

/* The operation that was begun last, kept by number in the store: new ones come
 * last. */
enum emu_domain_state {
    EMU_DOMAIN_IDLE,
    EMU_DOMAIN_CONFIRMING, /* after a download */
    EMU_DOMAIN_RESTORING,  /* after an upload */
    EMU_DOMAIN_FAILING,    /* told to fail by a fault */
    EMU_DOMAIN_DONE,
    EMU_DOMAIN_FAILED
};

/* An operation has come to that state, and done it has activated the HSM. */
int emu_domain_begin(struct emu_store *s, enum emu_domain_state state);
/* Activates the HSM by no operation at all. */
int emu_domain_activate(struct emu_store *s);
/* Whether the HSM has been activated; -1 on failure. */
int emu_domain_active(struct emu_store *s);
/* The refusal of what only a new HSM does. */
void emu_domain_refuse_active(struct emu_reply *r);
/* {status, status_details} of a state; NULL on failure. */
struct json_object *emu_domain_status(enum emu_domain_state state);
/* Tells where to ask for the state of what was begun, and how often. */
void emu_domain_follow(const struct emu_request *rq, struct emu_reply *r,
                       const char *operation);

#endif
