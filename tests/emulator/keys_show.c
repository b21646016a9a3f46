/* SPDX-License-Identifier: MIT
 *
 * Showing one key version. A disabled or expired key is shown like any other.
 */
#include "handlers.h"
#include "keybundle.h"

void emu_key_show(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_version v;

    if (!emu_key_find(rq, r, &v))
        return;
    emu_keybundle_reply(rq, r, &v);
    emu_version_free(&v);
}
