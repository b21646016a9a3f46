/* SPDX-License-Identifier: MIT
 *
 * Asking is OpenSSL's (UI), which puts the terminal right again when a signal
 * comes.
 */
#include "cli/password.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/ui.h>

#include "cli/file.h"
#include "cli/text.h"

enum { LINES_MAX = 16 * 1024, PROMPT_MAX = 1024 };

mhsm_status cli_passwords_open(const struct cli *cli,
                               struct cli_passwords *passwords,
                               mhsm_error **err)
{
    const char *path = cli->values[CLI_PASSWORD_FILE];
    const char *fd = cli->values[CLI_PASSWORD_FD];

    memset(passwords, 0, sizeof(*passwords));
    mhsmi_buf_init(&passwords->lines, LINES_MAX);
    if (path != NULL && fd != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--password-file and --password-fd: give one");
    if (path != NULL) {
        passwords->source = path;
        return cli_file_slurp(path, &passwords->lines, err);
    }
    if (fd != NULL) {
        passwords->source = "--password-fd";
        return cli_descriptor_slurp("--password-fd", fd, &passwords->lines,
                                    err);
    }
    return MHSM_OK;
}

void cli_passwords_close(struct cli_passwords *passwords)
{
    mhsmi_buf_clear(&passwords->lines);
}

static mhsm_status next_line(struct cli_passwords *passwords, const char *what,
                             struct mhsmi_buf *out, mhsm_error **err)
{
    const char *from = mhsmi_buf_text(&passwords->lines) + passwords->at;
    size_t left = passwords->lines.size - passwords->at, size, skip;
    const char *end = memchr(from, '\n', left);

    size = end != NULL ? (size_t)(end - from) : left;
    skip = size + (end != NULL);
    if (size != 0 && from[size - 1] == '\r')
        size--;
    if (size == 0 || memchr(from, 0, size) != NULL ||
        !mhsmi_buf_append(out, from, size))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%s has no password for %s: one line each, of 1 to "
                           "%d octets, in the order of the keys that need one",
                           passwords->source, what, (int)CLI_PASSWORD_MAX);
    passwords->at += skip;
    return MHSM_OK;
}

/* UI would go on to standard input, which may be something else. */
static mhsm_status check_terminal(const char *what, mhsm_error **err)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    mhsm_status st;

    if (fd >= 0) {
        (void)close(fd);
        return MHSM_OK;
    }
    st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                     "%s needs a password, and there is no terminal to ask at",
                     what);
    mhsmi_error_set_hint(err, "give --password-file or --password-fd");
    return st;
}

static mhsm_status ask(const char *what, int is_new, struct mhsmi_buf *out,
                       mhsm_error **err)
{
    char first[CLI_PASSWORD_MAX + 1] = "", second[CLI_PASSWORD_MAX + 1] = "";
    struct mhsmi_buf prompt, again;
    UI *ui = UI_new_method(UI_OpenSSL());
    mhsm_status st = check_terminal(what, err);

    mhsmi_buf_init(&prompt, PROMPT_MAX);
    mhsmi_buf_init(&again, PROMPT_MAX);
    if (st == MHSM_OK &&
        (ui == NULL ||
         !mhsmi_buf_puts(&prompt,
                         is_new ? "New password for " : "Password of ") ||
         !cli_text_escape(&prompt, what, CLI_ESCAPE_SHOW) ||
         !mhsmi_buf_puts(&prompt, ": ") ||
         !mhsmi_buf_printf(&again, "Again: ") ||
         UI_add_input_string(ui, mhsmi_buf_text(&prompt), 0, first, 1,
                             CLI_PASSWORD_MAX) < 0 ||
         (is_new && UI_add_verify_string(ui, mhsmi_buf_text(&again), 0, second,
                                         1, CLI_PASSWORD_MAX, first) < 0)))
        st = mhsmi_error_memory(err);
    if (st == MHSM_OK && UI_process(ui) != 0)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT, "no password for %s", what);
    if (st == MHSM_OK && !mhsmi_buf_puts(out, first))
        st = mhsmi_error_memory(err);
    OPENSSL_cleanse(first, sizeof(first));
    OPENSSL_cleanse(second, sizeof(second));
    UI_free(ui);
    mhsmi_buf_clear(&prompt);
    mhsmi_buf_clear(&again);
    return st;
}

mhsm_status cli_passwords_next(struct cli_passwords *passwords,
                               const char *what, int is_new,
                               struct mhsmi_buf *out, mhsm_error **err)
{
    mhsmi_buf_init(out, CLI_PASSWORD_MAX);
    return passwords->source != NULL ? next_line(passwords, what, out, err)
                                     : ask(what, is_new, out, err);
}

mhsm_status cli_passwords_end(const struct cli_passwords *passwords,
                              mhsm_error **err)
{
    if (passwords->at == passwords->lines.size)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                       "%s has more passwords than there are keys that need "
                       "one",
                       passwords->source);
}
