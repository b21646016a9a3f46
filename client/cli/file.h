/* SPDX-License-Identifier: MIT
 *
 * Files and the standard streams.  Input is bounded; output appears whole or
 * not at all, and what is secret is readable by its owner only from its first
 * moment on.
 */
#ifndef MHSM_CLIENT_CLI_FILE_H
#define MHSM_CLIENT_CLI_FILE_H

#include <signal.h>

#include "base/buf.h"
#include "base/error.h"

/* Before anything opens a file: makes 0, 1 and 2 open, makes
 * failed writes errors, not signals, and has the signals that end a program remove a temporary file first. */
void cli_file_init(void);

/* `path` NULL or "-": standard input.  Close with cli_file_close(). */
MHSM_NODISCARD mhsm_status cli_file_open(const char *path, int *fd,
                                         mhsm_error **err);
void cli_file_close(int fd);
/* At most `size` octets; *got 0 at the end. */
MHSM_NODISCARD mhsm_status cli_file_read(int fd, const char *path, void *data,
                                         size_t size, size_t *got,
                                         mhsm_error **err);
/* The whole of it, at most out->max octets: more is MHSM_ERR_ARGUMENT. */
MHSM_NODISCARD mhsm_status cli_file_slurp(const char *path,
                                          struct mhsmi_buf *out,
                                          mhsm_error **err);

/* The same of the descriptor whose number `text` is; `option` names it. */
MHSM_NODISCARD mhsm_status cli_descriptor_slurp(const char *option,
                                                const char *text,
                                                struct mhsmi_buf *out,
                                                mhsm_error **err);

enum {
    CLI_FILE_SECRET = 1 << 0, /* mode 0600, else as the umask says */
    CLI_FILE_NEW = 1 << 1     /* the name must be free */
};

/* `path` NULL or "-": standard output, in order with what stdio printed.
 * Otherwise a new file that takes the name when it is complete and on disk.
 * Devices and pipes are written to as they are. */
MHSM_NODISCARD mhsm_status cli_file_write(const char *path, int flags,
                                          const void *data, size_t size,
                                          mhsm_error **err);
/* Before there is something to write: that the name is free. */
MHSM_NODISCARD mhsm_status cli_file_check_free(const char *path,
                                               mhsm_error **err);

/* The same, and that its directory takes a file: the name itself is not
 * touched. */
MHSM_NODISCARD mhsm_status cli_file_check_new(const char *path,
                                              mhsm_error **err);

/* For files that come in sets (directory.c): all of it or errno; and the
 * signals that end a program, held back. */
int cli_file_write_all(int fd, const void *data, size_t size);
void cli_file_block_signals(sigset_t *before);
void cli_file_restore_signals(const sigset_t *before);

#endif
