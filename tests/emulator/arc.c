/* SPDX-License-Identifier: MIT
 *
 * The token service of a machine connected by Azure Arc.  It answers the first
 * question with the name of a file that only its friends can read, and gives
 * the token to whoever comes back with the content.  The agent's folder is
 * where the agent has it: there is no other that a program may trust.
 */
#include "identity.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/var/opt/azcmagent/tokens"

/* What the last challenge was about; "" when there is none. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char key[EMU_GUID_SIZE], path[sizeof(FOLDER) + EMU_GUID_SIZE + 8];

static int write_key(void)
{
    char name[EMU_GUID_SIZE];
    int fd, ok;

    if (!emu_guid_new(name) || !emu_guid_new(key))
        return 0;
    snprintf(path, sizeof(path), "%s/%s.key", FOLDER, name);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return 0;
    ok = write(fd, key, strlen(key)) == (ssize_t)strlen(key);
    return close(fd) == 0 && ok;
}

static void challenge(struct emu_reply *r)
{
    char header[sizeof(path) + 16];

    if (path[0] != '\0')
        (void)unlink(path);
    if (!write_key()) {
        path[0] = key[0] = '\0';
        emu_identity_refuse_nested(r, 500, "InternalError",
                                   "The agent has no folder " FOLDER);
        return;
    }
    snprintf(header, sizeof(header), "Basic realm=%s", path);
    emu_identity_refuse_nested(r, 401, "Unauthorized",
                               "The content of the file is to be sent");
    emu_reply_header(r, "www-authenticate", header);
}

/* The content of the file, once. */
static int answered(const struct emu_request *rq)
{
    int ok = key[0] != '\0' && rq->authorization != NULL &&
             strncmp(rq->authorization, "Basic ", 6) == 0 &&
             strcmp(rq->authorization + 6, key) == 0;

    if (ok) {
        (void)unlink(path);
        path[0] = key[0] = '\0';
    }
    return ok;
}

void emu_arc(struct emu_request *rq, struct emu_reply *r)
{
    static const struct emu_identity_name none[] = {{NULL, EMU_BY_CLIENT}};
    const char *version = emu_uri_parameter(&rq->uri, "api-version");
    const char *resource;
    struct emu_principal p;
    int may;

    if (rq->metadata == NULL || strcmp(rq->metadata, "true") != 0 ||
        version == NULL || strcmp(version, "2020-06-01") != 0) {
        emu_identity_refuse_nested(
            r, 400, "BadRequest",
            "The Metadata header or the api-version is missing");
        return;
    }
    resource =
        emu_identity_resource(r, emu_uri_parameter(&rq->uri, "resource"));
    if (resource == NULL)
        return;
    pthread_mutex_lock(&lock);
    may = answered(rq);
    if (!may)
        challenge(r);
    pthread_mutex_unlock(&lock);
    if (may && emu_identity_find(rq, r, none, &p))
        emu_identity_issue(rq, r, resource, &p, EMU_EXPIRY_TEXT);
}
