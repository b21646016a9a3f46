/* SPDX-License-Identifier: MIT
 *
 * The certificates of the service port: an authority of its own, made at the
 * first start, and a leaf for loopback names.
 */
#ifndef EMU_CERTIFICATE_H
#define EMU_CERTIFICATE_H

#include "bytes.h"
#include "store.h"

#include <openssl/types.h>

#define EMU_CERTIFICATE_DAYS 800

struct emu_certificate {
    struct emu_bytes ca;   /* PEM */
    struct emu_bytes leaf; /* PEM, with the authority behind it */
    struct emu_bytes key;  /* PEM */
    struct emu_bytes lone; /* PEM, for localhost, signed by itself */
    struct emu_bytes lone_key;
    char thumbprint[41]; /* of lone: SHA-1 of its DER in hexadecimal */
};

/* Loads both from the store or makes them. extra: more host names, comma
 * separated. Another extra list makes a new leaf under the same authority. */
int emu_certificate_open(struct emu_certificate *c, struct emu_store *s,
                         const char *extra);
void emu_certificate_free(struct emu_certificate *c);
/* A certificate of that key, signed by itself; serial 0 is any. NULL on
 * failure. */
X509 *emu_certificate_of(EVP_PKEY *key, const char *common_name, int days,
                         long serial);
/* Its digest in base64url, as in x5t, and its DER in base64, as in x5c. The
 * caller frees; NULL on failure. */
char *emu_certificate_thumbprint(const X509 *cert, const EVP_MD *digest);
char *emu_certificate_x5c(const X509 *cert);

#endif
