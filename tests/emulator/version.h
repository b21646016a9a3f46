/* SPDX-License-Identifier: MIT
 *
 * The api-versions of the data plane, in their order.
 */
#ifndef EMU_VERSION_H
#define EMU_VERSION_H

/* A rank that grows with the version; 0 when there is no such version. */
int emu_version_rank(const char *text);

#endif
