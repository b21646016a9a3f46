/* SPDX-License-Identifier: MIT
 *
 * Names in our section of openssl.cnf that are no option.  The core answers
 * only what it is asked for by name, so a misspelt `ca-file` would go unseen,
 * and the system's roots be trusted instead.  So the file is read once more,
 * to see which names are there.  The values in force are always the core's: a
 * section that does not agree with them is another program's business, and
 * nothing is said about it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "err.h"

/* What libcrypto itself takes from a provider's section. */
static const char *const cores[] = {"module", "activate", "identity",
                                    "soft_load"};

/* "1.name" is another way to write "name", but only to libcrypto itself: it
 * hands the options on under the names that are written. */
static const char *skip_number(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot == NULL ? name : dot + 1;
}

static int is_the_cores(const char *name)
{
    for (size_t i = 0; i < sizeof(cores) / sizeof(cores[0]); i++)
        if (strcmp(name, cores[i]) == 0)
            return 1;
    return 0;
}

/* How many single changes lead from one name to the other. */
static size_t distance(const char *from, const char *to)
{
    enum { longest = 63 };
    size_t row[longest + 1], i, j, size = strlen(to);

    if (size > longest || strlen(from) > longest)
        return longest;
    for (j = 0; j <= size; j++)
        row[j] = j;
    for (i = 1; from[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (j = 1; j <= size; j++) {
            size_t best = diagonal + (from[i - 1] != to[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[size];
}

/* The option that was meant, or NULL. */
static const char *guess(const char *name)
{
    const char *found = NULL;
    const mhsm_option *option;
    size_t least = 4;

    if (strncmp(name, "mhsm-", 5) == 0)
        name += 5;
    for (size_t i = 0; (option = mhsm_option_at(i)) != NULL; i++) {
        size_t changes = distance(name, option->name);

        if (changes < least) {
            least = changes;
            found = option->name;
        }
    }
    return found;
}

/* Whether the core has read this very section. */
static int agrees(const struct mp_prov *prov, const CONF *conf,
                  const STACK_OF(CONF_VALUE) * lines)
{
    for (int i = 0; i < sk_CONF_VALUE_num(lines); i++) {
        const CONF_VALUE *line = sk_CONF_VALUE_value(lines, i);
        const char *name = skip_number(line->name);
        const char *value = mp_prov_section_value(prov, line->name);

        if (strcmp(name, "soft_load") == 0 || strcmp(name, "identity") == 0)
            continue;
        if (value == NULL || strcmp(value, line->value) != 0)
            return 0;
    }
    return conf != NULL && sk_CONF_VALUE_num(lines) > 0;
}

static char *complain(const char *path, const char *section, const char *name)
{
    const char *meant = guess(name);
    char text[512];

    snprintf(text, sizeof(text),
             "%.200s: \"%.64s\" in section [%.64s] is no option of the "
             "provider%s%s%s",
             path, name, section, meant == NULL ? "" : "; is \"",
             meant == NULL ? "" : meant, meant == NULL ? "" : "\" meant?");
    return OPENSSL_strdup(text);
}

static char *check_section(const struct mp_prov *prov, const CONF *conf,
                           const char *path, const char *section)
{
    const STACK_OF(CONF_VALUE) *lines = NCONF_get_section(conf, section);

    if (lines == NULL || !agrees(prov, conf, lines))
        return NULL;
    for (int i = 0; i < sk_CONF_VALUE_num(lines); i++) {
        const char *name = sk_CONF_VALUE_value(lines, i)->name;

        if (!is_the_cores(skip_number(name)) && mhsm_option_find(name) == NULL)
            return complain(path, section, name);
    }
    return NULL;
}

/* Our entry of the list of providers goes by the name that the core has for
 * us, unless the section has an `identity`. */
static char *check_file(const struct mp_prov *prov, const CONF *conf,
                        const char *path)
{
    const char *main_section = NCONF_get_string(conf, NULL, "openssl_conf");
    const char *list = NULL, *ours;
    const STACK_OF(CONF_VALUE) *entries = NULL;

    ours = mp_prov_section_value(prov, OSSL_PROV_PARAM_CORE_PROV_NAME);
    if (main_section != NULL)
        list = NCONF_get_string(conf, main_section, "providers");
    if (list != NULL && ours != NULL)
        entries = NCONF_get_section(conf, list);
    for (int i = 0; entries != NULL && i < sk_CONF_VALUE_num(entries); i++) {
        const CONF_VALUE *entry = sk_CONF_VALUE_value(entries, i);
        const char *identity = NCONF_get_string(conf, entry->value, "identity");

        if (strcmp(identity != NULL ? identity : skip_number(entry->name),
                   ours) == 0)
            return check_section(prov, conf, path, entry->value);
    }
    return NULL;
}

/* Whether it can be read twice: to open a named pipe again for its text would
 * wait for ever. */
static int is_file(const char *path)
{
    int file = path == NULL
                   ? -1
                   : open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int seekable = file >= 0 && lseek(file, 0, SEEK_CUR) >= 0;

    if (file >= 0)
        close(file);
    return seekable;
}

char *mp_section_complaint(const struct mp_prov *prov)
{
    char *path = CONF_get1_default_config_file(), *complaint = NULL;
    struct mp_mark mark;
    CONF *conf;

    mp_mark_set(&mark);
    conf = NCONF_new(NULL);
    if (is_file(path) && conf != NULL && NCONF_load(conf, path, NULL) > 0)
        complaint = check_file(prov, conf, path);
    NCONF_free(conf);
    OPENSSL_free(path);
    mp_mark_drop(&mark);
    return complaint;
}
