/* SPDX-License-Identifier: MIT
 *
 * The security domain: what a download asks for, and the sharing of a key.
 */
#ifndef EMU_DOMAIN_H
#define EMU_DOMAIN_H

#include "reply.h"

#include <openssl/evp.h>

#define EMU_DOMAIN_HOLDERS  10
#define EMU_DOMAIN_KEY      32
#define EMU_DOMAIN_SHARE    ((size_t)2 * EMU_DOMAIN_KEY)
#define EMU_DOMAIN_X5T_SIZE 44

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

#endif
