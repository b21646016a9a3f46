/* SPDX-License-Identifier: MIT
 *
 * Key material: made, kept as bytes, and shown by its public half alone.
 */
#ifndef EMU_MATERIAL_H
#define EMU_MATERIAL_H

#include "bytes.h"

#include <json-c/json.h>
#include <openssl/evp.h>

/* The numbers are kept in the store: new ones come last. */
enum emu_kty { EMU_RSA, EMU_EC, EMU_OCT, EMU_AKP, EMU_KTY_COUNT };

/* The api-version that has keys of kty AKP. */
#define EMU_AKP_SINCE "2026-05-01-preview"

/* Whether ML-DSA has a parameter set of that name, and whether the OpenSSL at
 * hand has it too. */
int emu_akp_known(const char *name);
int emu_akp_supported(const char *name);

/* "RSA" or "RSA-HSM" and so on; -1 when it is none. */
int emu_kty_parse(const char *text);
/* With -HSM unless in software. */
const char *emu_kty_name(enum emu_kty kty, int software);

struct emu_curve {
    const char *name;  /* the service's: P-256K */
    const char *group; /* OpenSSL's: secp256k1 */
    int64_t bits;
    size_t coordinate; /* bytes */
};

const struct emu_curve *emu_curve_by_name(const char *name);
const struct emu_curve *emu_curve_by_group(const char *group);

/* New material as bytes: PKCS#8, but for oct the key itself. crv is the curve
 * of EC and the parameter set of AKP. */
int emu_material_generate(enum emu_kty kty, int64_t bits, const char *crv,
                          struct emu_bytes *out);
int emu_material_encode(EVP_PKEY *key, struct emu_bytes *der);
/* The caller frees; it may be shared with others. */
EVP_PKEY *emu_material_decode(const struct emu_bytes *der);
/* Reads the private members of a JWK. NULL on success, else what is wrong;
 * *kty, *bits, *crv (16 bytes) and *out are written only on success. */
const char *emu_material_jwk(struct json_object *jwk, enum emu_kty *kty,
                             int64_t *bits, char *crv, struct emu_bytes *out);
/* The public RSA key, 2048 to 4096 bits, of a JWK; the caller frees. */
EVP_PKEY *emu_material_jwk_rsa(struct json_object *jwk);
/* Reads what an imported blob held: PKCS#8, or the bytes of an oct key. */
const char *emu_material_take(enum emu_kty kty, const struct emu_bytes *plain,
                              int64_t *bits, char *crv, struct emu_bytes *out);

/* Public JWK members without kty, kid and key_ops; NULL on failure. The
 * caller puts it. Empty for oct. */
struct json_object *emu_material_public(enum emu_kty kty,
                                        const struct emu_bytes *material);

#endif
