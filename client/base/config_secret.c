/* SPDX-License-Identifier: MIT
 *
 * Secrets by reference: reads the file or the variable that a SECRET option
 * names, at the moment it is needed.  The content goes into a wiping buffer
 * and nowhere else; no message ever shows it.
 */
#include "base/config.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"

static size_t trim(const unsigned char *data, size_t size)
{
    while (size != 0 && (data[size - 1] == '\n' || data[size - 1] == '\r'))
        size--;
    return size;
}

static mhsm_status append(const char *name, const char *what,
                          const unsigned char *data, size_t size,
                          struct mhsmi_buf *out, mhsm_error **err)
{
    size = trim(data, size);
    if (size == 0)
        return mhsmi_error(err, MHSM_ERR_CONFIG, "option %s: %s is empty", name,
                           what);
    if (memchr(data, '\0', size) != NULL)
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "option %s: %s holds binary data", name, what);
    if (!mhsmi_buf_append(out, data, size))
        return mhsmi_error(err, MHSM_ERR_CONFIG, "option %s: %s is too long",
                           name, what);
    return MHSM_OK;
}

/* A link could lead a privileged program to another's secret. */
static mhsm_status read_file(const char *name, const char *path,
                             struct mhsmi_buf *out, mhsm_error **err)
{
    struct mhsmi_file file = {.option = name, .path = path, .secret = 1};
    struct mhsmi_buf content;
    mhsm_status st;

    mhsmi_buf_init(&content, MHSMI_FILE_MAX);
    st = mhsmi_file_read(&file, &content, err);
    if (st == MHSM_OK)
        st = append(name, path, content.data, content.size, out, err);
    mhsmi_buf_clear(&content);
    return st;
}

mhsm_status mhsmi_secret_read(const char *name, const char *reference,
                              struct mhsmi_buf *out, mhsm_error **err)
{
    const char *value;

    if (strncmp(reference, "file:", 5) == 0)
        return read_file(name, reference + 5, out, err);
    if (strncmp(reference, "env:", 4) != 0)
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "option %s takes file:PATH or env:NAME, never the "
                           "secret itself",
                           name);
    value = mhsmi_config_variable(reference + 4);
    if (value == NULL)
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "option %s: the environment variable %s is not set",
                           name, reference + 4);
    return append(name, reference + 4, (const unsigned char *)value,
                  strlen(value), out, err);
}

mhsm_status mhsmi_config_secret(const mhsm_config *config, const char *name,
                                struct mhsmi_buf *out, mhsm_error **err)
{
    const char *reference = mhsm_config_get(config, name);

    if (reference == NULL)
        return mhsmi_error(err, MHSM_ERR_CONFIG, "option %s is not set", name);
    return mhsmi_secret_read(name, reference, out, err);
}
