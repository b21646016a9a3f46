/* SPDX-License-Identifier: MIT
 *
 * Blobs in a container of a storage account, by its REST interface: what the
 * HSM does there in somebody's name.
 */
#ifndef EMU_STORAGE_H
#define EMU_STORAGE_H

#include "bytes.h"

struct emu_storage {
    const char *container; /* its https URL, without a final slash */
    const char *sas;       /* without "?"; NULL: the bearer's token */
    const char *bearer;
    const char *ca_file; /* PEM roots; NULL: the system's */
};

/* Why a blob was not written or read, in the words of who refused. */
struct emu_storage_failure {
    char code[64];
    char message[256];
};

/* 1, or 0 with the failure written. */
int emu_storage_put(const struct emu_storage *s, const char *path,
                    const char *text, struct emu_storage_failure *failure);
/* Text with a NUL behind it, of at most EMU_STORAGE_MAX octets. */
int emu_storage_get(const struct emu_storage *s, const char *path,
                    struct emu_bytes *out, struct emu_storage_failure *failure);
int emu_storage_delete(const struct emu_storage *s, const char *path,
                       struct emu_storage_failure *failure);

#define EMU_STORAGE_MAX ((size_t)16 * 1024 * 1024)

#endif
