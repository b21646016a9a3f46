/* SPDX-License-Identifier: MIT
 *
 * Hosts of managed identities, as a program finds them: by its environment.
 */
#ifndef MHSM_TESTS_CLIENT_IDENTITY_H
#define MHSM_TESTS_CLIENT_IDENTITY_H

#include "support.h"

/* As in no host at all, and with no secret of an application. */
void ti_nowhere(void);
/* Set a variable to what the emulator's variable holds and `path` behind it. */
void ti_set(const char *name, const char *emulator, const char *path);
/* Create the key that ti_sign() signs with. */
void ti_prepare(void);
/* Sign with it, as a client of these options would, with a token of its own. */
mhsm_status ti_sign(const char *const *options, mhsm_error **err);
/* "NAME=VALUE" in a static buffer of its own number (0 to 3). */
const char *ti_option(int number, const char *name, const char *value);

#endif
