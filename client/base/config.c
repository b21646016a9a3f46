/* SPDX-License-Identifier: MIT
 *
 * A configuration: for each option of the table, the value in force and where
 * it came from.  The only file of the library that reads the environment, and
 * only by secure_getenv.  Holds references to secrets, never secrets.
 */
#include "base/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/error.h"

struct slot {
    char *value; /* NULL: unset */
    mhsm_origin origin;
    const char *source; /* static: variable's name, or words */
};

struct mhsm_config {
    struct slot *slots; /* one for each option, in the table's order */
};

static const char *const origin_words[] = {
    "the default", "the configuration file", "the environment",
    "the command line"};

/* Variables of ours that are no options: what the emulator prints for its
 * users. */
static const char foreign_prefix[] = "MHSM_EMULATOR_";

mhsm_config *mhsm_config_new(void)
{
    mhsm_config *config = mhsmi_alloc(sizeof(*config));
    const mhsm_option *option;
    size_t i, count = mhsmi_option_count();

    if (config == NULL)
        return NULL;
    config->slots = mhsmi_alloc(count * sizeof(*config->slots));
    if (config->slots == NULL)
        goto fail;
    for (i = 0; i < count; i++) {
        option = mhsm_option_at(i);
        config->slots[i].source = origin_words[MHSM_ORIGIN_DEFAULT];
        if (option->default_value == NULL)
            continue;
        config->slots[i].value = mhsmi_strdup(option->default_value);
        if (config->slots[i].value == NULL)
            goto fail;
    }
    return config;
fail:
    mhsm_config_free(config);
    return NULL;
}

void mhsm_config_free(mhsm_config *config)
{
    size_t i;

    if (config == NULL)
        return;
    for (i = 0; config->slots != NULL && i < mhsmi_option_count(); i++)
        mhsmi_free(config->slots[i].value);
    mhsmi_free(config->slots);
    mhsmi_free(config);
}

mhsm_config *mhsmi_config_copy(const mhsm_config *config)
{
    mhsm_config *copy = mhsm_config_new();
    size_t i;

    for (i = 0; copy != NULL && i < mhsmi_option_count(); i++) {
        struct slot *to = &copy->slots[i];
        const struct slot *from = &config->slots[i];

        mhsmi_free(to->value);
        *to = *from;
        if (from->value == NULL)
            continue;
        to->value = mhsmi_strdup(from->value);
        if (to->value == NULL) {
            mhsm_config_free(copy);
            return NULL;
        }
    }
    return copy;
}

static mhsm_status bad_value(const mhsm_option *option, const char *value,
                             const char *source, const char *accepts,
                             mhsm_error **err)
{
    mhsm_status st;

    /* What was meant as a secret must not reach a log by way of an error. */
    if (option->type == MHSM_OPTION_SECRET || strchr(value, '@') != NULL)
        st = mhsmi_error(err, MHSM_ERR_CONFIG,
                         "option %s: the value given by %s is not %s",
                         option->name, source, accepts);
    else if (option->type == MHSM_OPTION_CHOICE)
        st = mhsmi_error(err, MHSM_ERR_CONFIG,
                         "option %s: \"%.80s\", given by %s, is not one of %s",
                         option->name, value, source, accepts);
    else if (option->type == MHSM_OPTION_INTEGER ||
             option->type == MHSM_OPTION_DURATION)
        st = mhsmi_error(err, MHSM_ERR_CONFIG,
                         "option %s: \"%.80s\", given by %s, is not %s, from "
                         "%ld to %ld%s",
                         option->name, value, source, accepts, option->min,
                         option->max,
                         option->type == MHSM_OPTION_DURATION ? " ms" : "");
    else
        st = mhsmi_error(err, MHSM_ERR_CONFIG,
                         "option %s: \"%.80s\", given by %s, is not %s",
                         option->name, value, source, accepts);
    if (option->type == MHSM_OPTION_SECRET)
        mhsmi_error_set_hint(err,
                             "put the secret into a file that only its user "
                             "can read and set %s = file:PATH",
                             option->name);
    return st;
}

static mhsm_status set_from(mhsm_config *config, int index, const char *value,
                            mhsm_origin origin, const char *source,
                            mhsm_error **err)
{
    const mhsm_option *option = mhsm_option_at((size_t)index);
    struct slot *slot = &config->slots[index];
    const char *accepts = mhsmi_option_check(option, value);
    char *copy;

    if (accepts != NULL)
        return bad_value(option, value, source, accepts, err);
    if (origin < slot->origin)
        return MHSM_OK;
    copy = mhsmi_strdup(value);
    if (copy == NULL)
        return mhsmi_error_memory(err);
    mhsmi_free(slot->value);
    slot->value = copy;
    slot->origin = origin;
    slot->source = source;
    return MHSM_OK;
}

mhsm_status mhsm_config_set(mhsm_config *config, const char *name,
                            const char *value, mhsm_origin origin,
                            mhsm_error **err)
{
    int index = mhsmi_option_index(name);
    mhsm_status st;

    if (config == NULL || name == NULL || value == NULL ||
        origin < MHSM_ORIGIN_DEFAULT || origin > MHSM_ORIGIN_COMMAND_LINE)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "an option needs a name, a value and an origin");
    if (index < 0) {
        st = mhsmi_error(err, MHSM_ERR_CONFIG,
                         "there is no option \"%.80s\" (given by %s)", name,
                         origin_words[origin]);
        mhsmi_error_set_hint(err, "`mhsm config show` lists the options");
        return st;
    }
    return set_from(config, index, value, origin, origin_words[origin], err);
}

const char *mhsmi_config_variable(const char *name)
{
    const char *value = secure_getenv(name);

    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* A misspelt variable would otherwise be ignored in silence. */
static mhsm_status refuse_unknown(const char *entry, mhsm_error **err)
{
    size_t i, size = strcspn(entry, "=");
    const mhsm_option *option;
    mhsm_status st;

    if (strncmp(entry, "MHSM_", 5) != 0 ||
        strncmp(entry, foreign_prefix, sizeof(foreign_prefix) - 1) == 0)
        return MHSM_OK;
    for (i = 0; (option = mhsm_option_at(i)) != NULL; i++) {
        if (strlen(option->variable) == size &&
            strncmp(option->variable, entry, size) == 0)
            return MHSM_OK;
    }
    st = mhsmi_error(err, MHSM_ERR_CONFIG,
                     "the environment variable %.*s is no option of mhsm",
                     (int)(size < 80 ? size : 80), entry);
    mhsmi_error_set_hint(err, "`mhsm config show` lists the options and their "
                              "variables");
    return st;
}

mhsm_status mhsm_config_set_environment(mhsm_config *config, mhsm_error **err)
{
    const mhsm_option *option;
    const char *value, *source;
    mhsm_status st = MHSM_OK;
    char **entry;
    size_t i;

    if (config == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no configuration");
    for (i = 0; st == MHSM_OK && (option = mhsm_option_at(i)) != NULL; i++) {
        source = option->variable;
        value = mhsmi_config_variable(source);
        if (value == NULL && option->alias != NULL) {
            source = option->alias;
            value = mhsmi_config_variable(source);
        }
        if (value != NULL)
            st = set_from(config, (int)i, value, MHSM_ORIGIN_ENVIRONMENT,
                          source, err);
    }
    /* A privileged program reads no variable, so that none can be wrong. */
    for (entry = getauxval(AT_SECURE) != 0 ? NULL : environ;
         st == MHSM_OK && entry != NULL && *entry != NULL; entry++)
        st = refuse_unknown(*entry, err);
    return st;
}

static const struct slot *find_slot(const mhsm_config *config, const char *name)
{
    int index = mhsmi_option_index(name);

    return config == NULL || index < 0 ? NULL : &config->slots[index];
}

const char *mhsm_config_get(const mhsm_config *config, const char *name)
{
    const struct slot *slot = find_slot(config, name);

    return slot == NULL ? NULL : slot->value;
}

long mhsm_config_get_long(const mhsm_config *config, const char *name)
{
    const char *value = mhsm_config_get(config, name);
    long number;

    if (value == NULL)
        return 0;
    number = mhsmi_option_number(mhsm_option_find(name), value);
    return number < 0 ? 0 : number;
}

int mhsm_config_get_boolean(const mhsm_config *config, const char *name)
{
    return mhsm_config_get_long(config, name) != 0;
}

mhsm_origin mhsm_config_origin(const mhsm_config *config, const char *name)
{
    const struct slot *slot = find_slot(config, name);

    return slot == NULL ? MHSM_ORIGIN_DEFAULT : slot->origin;
}

const char *mhsmi_config_source(const mhsm_config *config, const char *name)
{
    const struct slot *slot = find_slot(config, name);

    return slot == NULL ? origin_words[MHSM_ORIGIN_DEFAULT] : slot->source;
}

int mhsmi_config_is_set(const mhsm_config *config, const char *name)
{
    const struct slot *slot = find_slot(config, name);

    if (slot == NULL || slot->value == NULL)
        return 0;
    if (mhsm_option_find(name)->type == MHSM_OPTION_SECRET &&
        strncmp(slot->value, "env:", 4) == 0)
        return mhsmi_config_variable(slot->value + 4) != NULL;
    return 1;
}
