/* SPDX-License-Identifier: MIT
 *
 * What the token authority refuses for, in its own form.
 */
#ifndef EMU_REFUSALS_H
#define EMU_REFUSALS_H

#include "reply.h"

enum emu_refusal {
    EMU_REFUSED_NOT, /* all is well */
    EMU_REFUSED_TENANT,
    EMU_REFUSED_CLIENT,
    EMU_REFUSED_SECRET,
    EMU_REFUSED_SCOPE,
    EMU_REFUSED_GRANT,
    EMU_REFUSED_MISSING,
    EMU_REFUSED_FORM,
    EMU_REFUSED_HOST,
    EMU_REFUSED_ASSERTION,
    EMU_REFUSED_ALGORITHM,
    EMU_REFUSED_REPLAY,
    EMU_REFUSED_APPLICATION,
    EMU_REFUSED_AUDIENCE,
    EMU_REFUSED_TIME,
    EMU_REFUSED_SIGNATURE,
    EMU_REFUSED_NAME,
    EMU_REFUSED_FEDERATION,
    EMU_REFUSED_SUBJECT
};

void emu_refuse(struct emu_reply *r, enum emu_refusal why);

#endif
