/* SPDX-License-Identifier: MIT
 *
 * The token service of a machine connected by Azure Arc.  It hands tokens to
 * whoever can read a file that it names: a program that would read any file it
 * is told to, and send it, could be made to give away its own secrets.  So the
 * file must be in the agent's own folder, small, and no link.
 */
#include "auth/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/config.h"

enum { key_max = 4096, name_max = 255 };

static const char agent[] = "/opt/azcmagent/bin/himds";
static const char folder[] = "/var/opt/azcmagent/tokens";
static const char usual_endpoint[] =
    "http://127.0.0.1:40342/metadata/identity/oauth2/token?";

static int is_told(void)
{
    return mhsmi_config_variable("IDENTITY_ENDPOINT") != NULL &&
           mhsmi_config_variable("IMDS_ENDPOINT") != NULL;
}

static int arc_present(const mhsm_config *config)
{
    return is_told() || (mhsm_config_origin(config, "imds-endpoint") ==
                             MHSM_ORIGIN_DEFAULT &&
                         access(agent, F_OK) == 0);
}

static mhsm_status bad_challenge(const struct mhsmi_identity *self,
                                 const char *why, mhsm_error **err)
{
    mhsm_status st =
        mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                    "%s: the challenge is refused, for it %s", self->who, why);

    mhsmi_error_set_hint(err, "no file was read: whatever listens at "
                              "IDENTITY_ENDPOINT is not the agent");
    return st;
}

/* The file's name within the folder, out of "Basic realm=FOLDER/NAME.key". */
static mhsm_status read_challenge(const struct mhsmi_identity *self,
                                  const char *header, const char **name,
                                  mhsm_error **err)
{
    static const char prefix[] = "Basic realm=";
    const char *path, *slash;
    size_t size;

    if (header == NULL || strncmp(header, prefix, sizeof(prefix) - 1) != 0)
        return bad_challenge(self, "does not name a file", err);
    path = header + sizeof(prefix) - 1;
    slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash - path) != sizeof(folder) - 1 ||
        memcmp(path, folder, sizeof(folder) - 1) != 0)
        return bad_challenge(
            self, "names a file outside of /var/opt/azcmagent/tokens", err);
    size = strlen(slash + 1);
    if (size <= 4 || size > name_max ||
        strcmp(slash + 1 + size - 4, ".key") != 0)
        return bad_challenge(self, "names a file that does not end in .key",
                             err);
    *name = slash + 1;
    return MHSM_OK;
}

static mhsm_status cannot_read(const struct mhsmi_identity *self,
                               const char *name, int error, mhsm_error **err)
{
    mhsm_status st =
        mhsmi_error(err, MHSM_ERR_CREDENTIAL, "%s: cannot read %s/%s: %s",
                    self->who, folder, name,
                    error == ELOOP ? "it is a symbolic link" : strerror(error));

    if (error == EACCES)
        mhsmi_error_set_hint(err, "let the user that this program runs as be "
                                  "a member of the group himds");
    return st;
}

/* Up to `size` octets: the count, or -1 with errno. */
static ssize_t read_all(int fd, char *data, size_t size)
{
    size_t used = 0;
    ssize_t n;

    do {
        n = read(fd, data + used, size - used);
        if (n > 0)
            used += (size_t)n;
    } while (used < size && (n > 0 || (n < 0 && errno == EINTR)));
    return n < 0 ? -1 : (ssize_t)used;
}

/* It becomes a header as it is. */
static int is_key(const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return 0;
    }
    return size != 0;
}

/* What is open cannot be exchanged for something else. */
static mhsm_status take_key(const struct mhsmi_identity *self, int fd,
                            const char *name, struct mhsmi_buf *authorization,
                            mhsm_error **err)
{
    char key[key_max + 1];
    struct stat status;
    ssize_t size = -1;
    mhsm_status st = MHSM_OK;

    if (fstat(fd, &status) != 0)
        return cannot_read(self, name, errno, err);
    if (!S_ISREG(status.st_mode))
        return bad_challenge(self, "names what is no regular file", err);
    if (status.st_size <= key_max)
        size = read_all(fd, key, sizeof(key));
    if (size < 0 && status.st_size <= key_max)
        st = cannot_read(self, name, errno, err);
    else if (size < 0 || size > key_max)
        st = bad_challenge(self, "names a file of more than 4096 octets", err);
    else if (!is_key(key, (size_t)size))
        st = bad_challenge(self, "names a file that holds no key", err);
    else if (!mhsmi_buf_puts(authorization, "Basic ") ||
             !mhsmi_buf_append(authorization, key, (size_t)size))
        st = mhsmi_error_memory(err);
    OPENSSL_cleanse(key, sizeof(key));
    return st;
}

static mhsm_status read_key(const struct mhsmi_identity *self, const char *name,
                            struct mhsmi_buf *authorization, mhsm_error **err)
{
    int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
    mhsm_status st;

    if (at >= 0)
        fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        st = cannot_read(self, name, errno, err);
    else
        st = take_key(self, fd, name, authorization, err);
    if (fd >= 0)
        (void)close(fd);
    if (at >= 0)
        (void)close(at);
    return st;
}

/* The first question, whose answer is to be a challenge. */
static mhsm_status answer_challenge(const struct mhsmi_identity *self,
                                    struct mhsmi_identity_question *question,
                                    struct mhsmi_buf *authorization,
                                    struct mhsmi_counters *counters,
                                    mhsm_error **err)
{
    struct mhsmi_response response;
    struct mhsmi_token unasked;
    const char *name = NULL;
    mhsm_status st;

    mhsmi_response_init(&response);
    mhsmi_token_init(&unasked);
    st = mhsmi_identity_send(self, question, &response, counters, err);
    if (st == MHSM_OK && response.status == 401)
        st = read_challenge(self, response.www_authenticate, &name, err);
    else if (st == MHSM_OK && response.status == 200)
        st = bad_challenge(self, "is none: it came with the first answer", err);
    else if (st == MHSM_OK)
        st = mhsmi_identity_take(self, &response, &unasked, err);
    if (st == MHSM_OK && name == NULL)
        st = bad_challenge(self, "is missing", err);
    if (st == MHSM_OK && name != NULL)
        st = read_key(self, name, authorization, err);
    mhsmi_token_clear(&unasked);
    mhsmi_response_clear(&response);
    return st;
}

static mhsm_status exchange(const struct mhsmi_identity *self, const char *url,
                            const struct mhsmi_token_request *request,
                            struct mhsmi_token *token,
                            struct mhsmi_counters *counters, mhsm_error **err)
{
    struct mhsmi_header headers[] = {{"Metadata", "true"},
                                     {"Accept", "application/json"},
                                     {"Authorization", NULL}};
    struct mhsmi_identity_question question = {
        "GET", url, headers, 2, NULL, request->deadline_ms};
    struct mhsmi_buf authorization;
    mhsm_status st;

    mhsmi_buf_init(&authorization, key_max + 16);
    st = answer_challenge(self, &question, &authorization, counters, err);
    if (st == MHSM_OK) {
        headers[2].value = mhsmi_buf_text(&authorization);
        question.header_count = 3;
        st = mhsmi_identity_ask(self, &question, token, counters, err);
    }
    mhsmi_buf_clear(&authorization);
    return st;
}

static mhsm_status arc_acquire(struct mhsmi_identity *self,
                               const struct mhsmi_token_request *request,
                               struct mhsmi_token *token,
                               struct mhsmi_counters *counters,
                               mhsm_error **err)
{
    struct mhsmi_buf url;
    mhsm_status st = MHSM_OK;

    mhsmi_buf_init(&url, MHSMI_IDENTITY_URL_MAX);
    if (is_told())
        st = mhsmi_identity_endpoint(self, "IDENTITY_ENDPOINT", 0, &url, err);
    else if (!mhsmi_buf_puts(&url, usual_endpoint))
        st = mhsmi_error_memory(err);
    if (st == MHSM_OK)
        st = mhsmi_identity_query(self, "2020-06-01", request, &url, err);
    if (st == MHSM_OK)
        st =
            exchange(self, mhsmi_buf_text(&url), request, token, counters, err);
    mhsmi_buf_clear(&url);
    return st;
}

/* Agents that know no further identities answer with the machine's own. */
const struct mhsmi_identity_source mhsmi_identity_arc = {
    .name = "Azure Arc",
    .place = "this Azure Arc machine",
    .parameters = {NULL, NULL, NULL},
    .retry = MHSMI_RETRY_IDENTITY,
    .present = arc_present,
    .acquire = arc_acquire,
};
