/* SPDX-License-Identifier: MIT
 *
 * The environment file. It holds the administrator's secret, so it is readable
 * by its owner only, and it appears only when every port listens.
 */
#include "environment.h"

#include "principals.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int path_of(const struct emu_cloud *cloud, const char *name, char *out,
                   size_t size)
{
    int len = snprintf(out, size, "%s/%s", cloud->options->state, name);

    return len > 0 && (size_t)len < size;
}

static int write_all(int fd, const unsigned char *data, size_t len)
{
    while (len != 0) {
        ssize_t done = write(fd, data, len);

        if (done <= 0)
            return 0;
        data += done;
        len -= (size_t)done;
    }
    return fsync(fd) == 0;
}

static int write_file(const struct emu_cloud *cloud, const char *name,
                      const struct emu_bytes *content, mode_t mode)
{
    char path[4096], draft[4200];
    int fd, ok;

    if (!path_of(cloud, name, path, sizeof(path)))
        return 0;
    snprintf(draft, sizeof(draft), "%s.new", path);
    fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
              mode);
    if (fd < 0)
        return 0;
    ok = fchmod(fd, mode) == 0 && write_all(fd, content->data, content->len);
    ok = close(fd) == 0 && ok;
    if (ok && rename(draft, path) == 0)
        return 1;
    unlink(draft);
    return 0;
}

/* One line. Single quotes are needed for odd folder names only; they end at
 * the next quote, and no value may hold one. */
__attribute__((format(printf, 3, 4))) static int
add(struct emu_bytes *out, const char *name, const char *format, ...)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "/:.,_+%=~@-";
    char value[4300], line[4500];
    const char *quote;
    va_list values;
    int len, ok;

    va_start(values, format);
    len = vsnprintf(value, sizeof(value), format, values);
    va_end(values);
    if (len < 0 || (size_t)len >= sizeof(value) || strchr(value, '\'') != NULL)
        return 0;
    quote = value[strspn(value, plain)] == '\0' ? "" : "'";
    len = snprintf(line, sizeof(line), "export %s=%s%s%s\n", name, quote, value,
                   quote);
    ok = len > 0 && (size_t)len < sizeof(line) &&
         emu_bytes_append(out, line, (size_t)len);
    OPENSSL_cleanse(value, sizeof(value));
    OPENSSL_cleanse(line, sizeof(line));
    return ok;
}

static int lines(struct emu_cloud *cloud, const struct emu_ports *ports,
                 const char *thumbprint, const char *state,
                 struct emu_bytes *out)
{
    struct emu_principal p, identity;
    int ok = 0;

    if (emu_principals_by_oid(cloud->store, cloud->admin_oid, &p) != 1 ||
        emu_principals_by_oid(cloud->store, cloud->identity_oid, &identity) !=
            1)
        return 0;
    ok = add(out, "MHSM_ENDPOINT", "https://localhost:%lld",
             (long long)ports->service) &&
         add(out, "MHSM_CA_FILE", "%s/ca.pem", state) &&
         add(out, "MHSM_AUTHORITY_CA_FILE", "%s/ca.pem", state) &&
         add(out, "MHSM_VERIFY_CHALLENGE_RESOURCE", "no") &&
         add(out, "AZURE_TENANT_ID", "%s", cloud->tenant) &&
         add(out, "AZURE_CLIENT_ID", "%s", p.client_id) &&
         add(out, "AZURE_CLIENT_SECRET", "%s", p.secret) &&
         add(out, "AZURE_AUTHORITY_HOST", "https://localhost:%lld",
             (long long)ports->service) &&
         add(out, "MHSM_MANAGEMENT_ENDPOINT", "https://localhost:%lld",
             (long long)ports->arm) &&
         add(out, "AZURE_SUBSCRIPTION_ID", "%s", cloud->tenant) &&
         add(out, "MHSM_EMULATOR_PID", "%ld", (long)getpid()) &&
         add(out, "MHSM_EMULATOR_CONTROL", "http://127.0.0.1:%lld",
             (long long)ports->control) &&
         add(out, "MHSM_EMULATOR_IMDS", "http://127.0.0.1:%lld",
             (long long)ports->imds) &&
         add(out, "MHSM_EMULATOR_FABRIC", "https://localhost:%lld",
             (long long)ports->fabric) &&
         add(out, "MHSM_EMULATOR_FABRIC_THUMBPRINT", "%s", thumbprint) &&
         add(out, "MHSM_EMULATOR_IDENTITY_CLIENT", "%s", identity.client_id) &&
         add(out, "MHSM_EMULATOR_IDENTITY_OID", "%s", identity.oid) &&
         add(out, "MHSM_EMULATOR_IDENTITY_HEADER", "%s",
             cloud->identity_header) &&
         add(out, "MHSM_EMULATOR_STATE", "%s", state);
    OPENSSL_cleanse(&p, sizeof(p));
    return ok;
}

int emu_environment_write(struct emu_cloud *cloud,
                          const struct emu_ports *ports,
                          const struct emu_certificate *c)
{
    struct emu_bytes text = {NULL, 0};
    char *state = realpath(cloud->options->state, NULL);
    int ok;

    ok = state != NULL && lines(cloud, ports, c->thumbprint, state, &text) &&
         write_file(cloud, "ca.pem", &c->ca, 0644) &&
         write_file(cloud, "env", &text, 0600) &&
         fwrite(text.data, 1, text.len, stdout) == text.len &&
         fflush(stdout) == 0;
    free(state);
    emu_bytes_free(&text);
    return ok;
}

void emu_environment_remove(const struct emu_cloud *cloud)
{
    char path[4096];

    if (path_of(cloud, "env", path, sizeof(path)))
        unlink(path);
}
