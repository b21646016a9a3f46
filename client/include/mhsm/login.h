/* SPDX-License-Identifier: MIT
 *
 * A trial of the login, for people who want to know why it works or why it does
 * not: which credential gave a token, whose it is, and what the HSM says to it.
 * The token itself is not shown, and nothing may be decided by what it says of
 * itself, which nobody has checked.
 */
#ifndef MHSM_LOGIN_H
#define MHSM_LOGIN_H

#include <stddef.h>
#include <stdint.h>

#include <mhsm/client.h>
#include <mhsm/uri.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mhsm_login mhsm_login;

/* Get a token for the HSM of `uri` with the client's configuration, apart from
 * the tokens that the client has, and ask the HSM one question with it.
 * MHSM_OK when there is a token, whatever the HSM answers; errors are those of
 * getting it, with what became of each credential.  The caller frees. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_login_test(mhsm_client *client,
                                                    const mhsm_uri *uri,
                                                    mhsm_login **login,
                                                    mhsm_error **err);
MHSM_API void mhsm_login_free(mhsm_login *login);

/* The credentials in the order in which they are tried: a name such as
 * "managed-identity", and what became of it ("not configured"); of the one in
 * use its kind ("App Service") or "".  NULL past the last. */
MHSM_API const char *mhsm_login_name(const mhsm_login *login, size_t index);
MHSM_API const char *mhsm_login_story(const mhsm_login *login, size_t index);
/* The number of the one in use. */
MHSM_API size_t mhsm_login_used(const mhsm_login *login);

/* What the token says: NULL and 0 when it does not. */
MHSM_API const char *mhsm_login_tenant(const mhsm_login *login);
MHSM_API const char *mhsm_login_object_id(const mhsm_login *login);
MHSM_API const char *mhsm_login_application(const mhsm_login *login);
MHSM_API const char *mhsm_login_audience(const mhsm_login *login);
MHSM_API int64_t mhsm_login_expires(const mhsm_login *login);

/* What the HSM answered: NULL when it did what was asked; MHSM_ERR_FORBIDDEN
 * when it accepts the token and its local RBAC grants no listing of keys;
 * else why it did not accept it, or was not reached. */
MHSM_API const mhsm_error *mhsm_login_error(const mhsm_login *login);

#ifdef __cplusplus
}
#endif
#endif
