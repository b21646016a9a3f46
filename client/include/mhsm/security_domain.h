/* SPDX-License-Identifier: MIT
 *
 * The security domain of a Managed HSM: its root of trust, split among holders.
 * The HSM gives it out as a JSON file with the HSM's data under a master key,
 * and with one share of that key for the certificate of each holder; a quorum
 * of the holders can open it (REST reference, SecurityDomainObject; the files
 * are those of `az keyvault security-domain`).
 *
 * What takes no client is offline and blocks only for computing.  Master
 * keys, shares and what they open live in locked memory that is wiped, and
 * core dumps are off meanwhile.  Objects may be read by several threads at
 * once; an opening is for one thread at a time.
 *
 * Errors name the part of the file and the holder: MHSM_ERR_DAMAGED for what is
 * malformed, was changed or does not open, MHSM_ERR_ARGUMENT for keys and
 * certificates that do not fit what is asked, MHSM_ERR_UNSUPPORTED for forms
 * that this library does not know.
 */
#ifndef MHSM_SECURITY_DOMAIN_H
#define MHSM_SECURITY_DOMAIN_H

#include <stddef.h>
#include <stdint.h>

#include <mhsm/client.h>
#include <mhsm/error.h>
#include <mhsm/result.h>
#include <mhsm/uri.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the service takes of holders, and of a quorum of them. */
#define MHSM_DOMAIN_HOLDERS_MIN 3
#define MHSM_DOMAIN_HOLDERS_MAX 10
#define MHSM_DOMAIN_QUORUM_MIN  2
#define MHSM_DOMAIN_QUORUM_MAX  10
/* The largest file that is read, in octets. */
#define MHSM_DOMAIN_SIZE_MAX 1048576

/* --- Certificates and keys ---------------------------------------------- */

/* The certificate of a holder, of the exchange key, or of who combines. */
typedef struct mhsm_wrapping_certificate mhsm_wrapping_certificate;

/* The first certificate in PEM, whatever stands before it, or one in DER.
 * Refused unless its key is RSA of 2048 bits or more. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_wrapping_certificate_decode(
    const unsigned char *data, size_t size,
    mhsm_wrapping_certificate **certificate, mhsm_error **err);
/* NULL is accepted. */
MHSM_API void
mhsm_wrapping_certificate_free(mhsm_wrapping_certificate *certificate);
/* All borrow from the certificate.  The thumbprint is base64url of SHA-256 over
 * the DER, as the security domain has it; the subject is RFC 2253 in UTF-8. */
MHSM_API const char *mhsm_wrapping_certificate_thumbprint(
    const mhsm_wrapping_certificate *certificate);
MHSM_API const char *
mhsm_wrapping_certificate_subject(const mhsm_wrapping_certificate *certificate);
MHSM_API unsigned int
mhsm_wrapping_certificate_bits(const mhsm_wrapping_certificate *certificate);
/* Unix seconds; 0 when it never ends. */
MHSM_API int64_t
mhsm_wrapping_certificate_expires(const mhsm_wrapping_certificate *certificate);

/* Whether it is of the key with that SubjectPublicKeyInfo (DER): 1 or 0. */
MHSM_API int
mhsm_wrapping_certificate_has_key(const mhsm_wrapping_certificate *certificate,
                                  const unsigned char *spki, size_t size);

/* The private key that belongs to such a certificate. */
typedef struct mhsm_wrapping_key mhsm_wrapping_key;

/* PKCS#8, encrypted or not, or a traditional RSA key, in PEM or DER.
 * `password` is NULL when there is none; MHSM_ERR_ARGUMENT when one is needed
 * or does not fit, or when the certificate is of another key.  The certificate
 * is copied. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_wrapping_key_decode(
    const unsigned char *data, size_t size, const char *password,
    const mhsm_wrapping_certificate *certificate, mhsm_wrapping_key **key,
    mhsm_error **err);

/* Whether it is encrypted, so that somebody can be asked for the password. */
MHSM_API int mhsm_wrapping_key_is_encrypted(const unsigned char *data,
                                            size_t size);

/* Decrypts `size` octets with RSA-OAEP-256 into `out`, which has room for
 * *out_size octets and gets *out_size of them. */
typedef mhsm_status (*mhsm_wrapping_decrypt)(void *context,
                                             const unsigned char *data,
                                             size_t size, unsigned char *out,
                                             size_t *out_size,
                                             mhsm_error **err);
/* A key that stays where it is, such as in another HSM.  `decrypt` is called
 * with `context` in the thread that uses the key; `release` (may be NULL) when
 * the key is freed, unless this fails. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_wrapping_key_remote(
    const mhsm_wrapping_certificate *certificate, mhsm_wrapping_decrypt decrypt,
    void (*release)(void *context), void *context, mhsm_wrapping_key **key,
    mhsm_error **err);

/* Asked for the password or PIN of a store: up to `size` octets with the NUL
 * behind them. */
typedef mhsm_status (*mhsm_wrapping_password)(void *context, char *text,
                                              size_t size, mhsm_error **err);
/* A key that an OpenSSL provider keeps, such as on a PKCS#11 token.  `provider`
 * is the name of one, as openssl.cnf sets it up; its store opens `uri`, which
 * names one private key.  The certificate is the one of that key among
 * `certificates`; it is copied.  MHSM_ERR_CONFIG when the provider cannot be
 * loaded. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_wrapping_key_stored(
    const char *provider, const char *uri, mhsm_wrapping_password password,
    void *context, const mhsm_wrapping_certificate *const *certificates,
    size_t count, mhsm_wrapping_key **key, mhsm_error **err);
/* NULL is accepted. */
MHSM_API void mhsm_wrapping_key_free(mhsm_wrapping_key *key);
/* Borrowed from the key. */
MHSM_API const mhsm_wrapping_certificate *
mhsm_wrapping_key_certificate(const mhsm_wrapping_key *key);

/* Makes an RSA key of `bits` (2048, 3072 or 4096) and a certificate that it
 * signs itself, for the common name `name` and `days` days from now.
 * `key` gets PKCS#8 in PEM, encrypted (PBES2, AES-256) unless `password` is
 * NULL; `certificate` gets PEM. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_wrapping_key_generate(
    const char *name, unsigned int bits, unsigned int days,
    const char *password, mhsm_result **key, mhsm_result **certificate,
    mhsm_error **err);

/* Signs a SHA-256 digest with RSASSA-PKCS1-v1_5 into `out`, which has room for
 * *out_size octets and gets *out_size of them. */
typedef mhsm_status (*mhsm_wrapping_sign)(void *context,
                                          const unsigned char *digest,
                                          size_t size, unsigned char *out,
                                          size_t *out_size, mhsm_error **err);
/* Such a certificate of a key that stays where it is: `spki` is its
 * SubjectPublicKeyInfo, and `sign` is called once, in this thread. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_wrapping_certificate_generate(
    const char *name, unsigned int days, const unsigned char *spki,
    size_t spki_size, mhsm_wrapping_sign sign, void *context,
    mhsm_result **certificate, mhsm_error **err);

/* --- The file ------------------------------------------------------------ */

typedef struct mhsm_security_domain mhsm_security_domain;

/* Read strictly.  A share that is malformed does not keep the others from being
 * used: see mhsm_security_domain_holder_damage(). */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_security_domain_decode(const unsigned char *data, size_t size,
                            mhsm_security_domain **domain, mhsm_error **err);
/* NULL is accepted. */
MHSM_API void mhsm_security_domain_free(mhsm_security_domain *domain);

/* All borrow from the domain; indexes are below the counts. */
MHSM_API unsigned int
mhsm_security_domain_version(const mhsm_security_domain *domain);
MHSM_API unsigned int
mhsm_security_domain_quorum(const mhsm_security_domain *domain);
MHSM_API size_t
mhsm_security_domain_holder_count(const mhsm_security_domain *domain);
MHSM_API const char *
mhsm_security_domain_holder_thumbprint(const mhsm_security_domain *domain,
                                       size_t index);
/* What is wrong with the holder's share as it stands in the file; NULL when
 * nothing can be seen without the key. */
MHSM_API const mhsm_error *
mhsm_security_domain_holder_damage(const mhsm_security_domain *domain,
                                   size_t index);
MHSM_API size_t
mhsm_security_domain_data_count(const mhsm_security_domain *domain);
MHSM_API const char *
mhsm_security_domain_data_tag(const mhsm_security_domain *domain, size_t index);

/* --- Opening ------------------------------------------------------------- */

/* Shares on their way to a quorum. */
typedef struct mhsm_domain_opening mhsm_domain_opening;

/* `domain` has to outlive the opening. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_domain_opening_new(const mhsm_security_domain *domain,
                        mhsm_domain_opening **opening, mhsm_error **err);
/* Wipes it.  NULL is accepted. */
MHSM_API void mhsm_domain_opening_free(mhsm_domain_opening *opening);
/* Open the share of the key's certificate; one holder counts once.  After a
 * failure the opening is as it was. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_domain_opening_add_key(mhsm_domain_opening *opening,
                            const mhsm_wrapping_key *key, mhsm_error **err);
/* The same with what mhsm_domain_share_open() made for `key`. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_domain_opening_add_share(
    mhsm_domain_opening *opening, const unsigned char *share, size_t size,
    const mhsm_wrapping_key *key, mhsm_error **err);
/* Whether the share of that holder is open. */
MHSM_API int mhsm_domain_opening_has(const mhsm_domain_opening *opening,
                                     size_t holder);
/* How many are. */
MHSM_API size_t mhsm_domain_opening_count(const mhsm_domain_opening *opening);

/* Proves that the shares, which must be a quorum, give the master key and that
 * it opens all the data.  Shares beyond the quorum have to agree. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_domain_opening_verify(mhsm_domain_opening *opening, mhsm_error **err);
/* The data under a new master key, and that one for the exchange key of the HSM
 * to be restored (SecurityDomainRestoreData), as the Azure CLI writes it. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_domain_opening_restore_blob(
    mhsm_domain_opening *opening, const mhsm_wrapping_certificate *exchange,
    mhsm_result **blob, mhsm_error **err);
/* What can be seen of a restore blob without its key: that it is well formed,
 * and for this exchange key. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_domain_restore_blob_check(
    const unsigned char *blob, size_t size,
    const mhsm_wrapping_certificate *exchange, mhsm_error **err);
/* The same security domain for new holders: the master key and the data stay,
 * the shares are new.  The old file stays what it is: a quorum of the old
 * holders still opens it. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_domain_opening_rewrap(
    mhsm_domain_opening *opening,
    const mhsm_wrapping_certificate *const *certificates, size_t count,
    unsigned int quorum, mhsm_result **file, mhsm_error **err);

/* Open one share and seal it for who combines, so that no machine needs the
 * keys of two holders: each holder does this where his key is, and hands over
 * what it gives.  It is a JWE (RSA-OAEP-256, A256CBC-HS512) on one line, its
 * kid the thumbprint of `combiner`; inside are the octets "MHS1", SHA-256 of
 * the security domain as JSON without spaces, SHA-256 of the holder's
 * certificate, and the share. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_domain_share_open(
    const mhsm_security_domain *domain, const mhsm_wrapping_key *key,
    const mhsm_wrapping_certificate *combiner, mhsm_result **share,
    mhsm_error **err);

/* --- What the service is asked, and answers ------------------------------ */

/* The body of the download request (CertificateInfoObject): 3 to 10
 * certificates, no two of one key, and a quorum of 2 or more of them. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_domain_download_request(
    const mhsm_wrapping_certificate *const *certificates, size_t count,
    unsigned int quorum, mhsm_result **body, mhsm_error **err);
/* The certificate in an answer with the exchange key (TransferKey), as the
 * Azure CLI writes it: PEM in lines of 65, no line feed at the end. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_domain_exchange_certificate(const unsigned char *answer, size_t size,
                                 mhsm_result **pem, mhsm_error **err);

/* --- With the HSM -------------------------------------------------------- */

/* Downloads the security domain for these holders, which activates a new HSM.
 * `file` gets it as the service gave it: save it before anything else, for the
 * service does not give the same twice.  Sent once.  `uri` names the HSM.
 * Needs securitydomain/download/action (Managed HSM Administrator). */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_security_domain_download(
    mhsm_client *client, const mhsm_uri *uri,
    const mhsm_wrapping_certificate *const *certificates, size_t count,
    unsigned int quorum, mhsm_result **file, mhsm_error **err);

/* Gets an exchange key of an HSM that is to be restored: PEM as the Azure CLI
 * writes it (see mhsm_domain_exchange_certificate()).  The HSM then waits for
 * an upload for that key.  Needs securitydomain/transferkey/read (Managed HSM
 * Administrator). */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_security_domain_exchange_key(mhsm_client *client, const mhsm_uri *uri,
                                  mhsm_result **pem, mhsm_error **err);

typedef enum mhsm_domain_operation {
    MHSM_DOMAIN_DOWNLOAD = 0,
    MHSM_DOMAIN_UPLOAD = 1
} mhsm_domain_operation;

typedef enum mhsm_domain_state {
    MHSM_DOMAIN_IN_PROGRESS = 0,
    MHSM_DOMAIN_DONE = 1,
    MHSM_DOMAIN_FAILED = 2
} mhsm_domain_state;

/* Uploads a restore blob, octet for octet, to the HSM whose exchange key it is
 * for.  Sent once: after a failure that leaves open whether it arrived, ask for
 * the state.  `state` tells what the HSM answered: it works on it, mostly.
 * `details` is as for mhsm_security_domain_state().  Needs
 * securitydomain/upload/action (Managed HSM Administrator). */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_security_domain_upload(
    mhsm_client *client, const mhsm_uri *uri, const unsigned char *blob,
    size_t size, mhsm_domain_state *state, mhsm_result **details,
    mhsm_error **err);

/* How far the HSM is after a download or an upload.  One GET; a failed
 * operation is MHSM_OK with MHSM_DOMAIN_FAILED.  `details` (may be NULL) gets
 * the service's own words, in UTF-8, with a NUL behind them.
 * MHSM_ERR_NOT_FOUND when there was no such operation. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_security_domain_state(
    mhsm_client *client, const mhsm_uri *uri, mhsm_domain_operation operation,
    mhsm_domain_state *state, mhsm_result **details, mhsm_error **err);

#ifdef __cplusplus
}
#endif
#endif
