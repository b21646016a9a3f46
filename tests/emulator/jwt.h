/* SPDX-License-Identifier: MIT
 *
 * JSON Web Tokens signed with RSA: made, taken apart and verified.
 */
#ifndef EMU_JWT_H
#define EMU_JWT_H

#include "bytes.h"
#include "json.h"

#include <openssl/evp.h>

#define EMU_JWT_MAX 65536

struct emu_jwt {
    char *text;
    size_t signed_len; /* octets of text that the signature is over */
    struct emu_bytes signature;
    struct json_object *header;
    struct json_object *claims;
};

/* 1, or 0 when the text is no such token; free in any case. */
int emu_jwt_read(struct emu_jwt *jwt, const char *text);
/* Whether the key made the signature, by the algorithm of the header: RS256
 * or PS256 with a salt of the digest's length. Nothing else is taken. */
int emu_jwt_holds(const struct emu_jwt *jwt, EVP_PKEY *key);
void emu_jwt_free(struct emu_jwt *jwt);
/* The token of both objects, which it takes and which may be NULL, signed by
 * RS256. The caller frees with emu_text_free; NULL on failure. */
char *emu_jwt_sign(struct json_object *header, struct json_object *claims,
                   EVP_PKEY *key);

/* A NumericDate, whole seconds of it: 1 found, 0 absent, -1 no number. */
int emu_jwt_time(struct json_object *o, const char *name, int64_t *value);
/* Whether a member is that text. */
int emu_jwt_is(struct json_object *o, const char *name, const char *value);

#endif
