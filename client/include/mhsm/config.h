/* SPDX-License-Identifier: MIT
 *
 * Options, declared once in a table (client/base/config.c) that also makes the
 * documentation.  Precedence, whatever the order of the calls: default <
 * openssl.cnf section < environment < command line.
 *
 * A secret is never an option's literal value: an option of type SECRET takes a
 * reference, "file:PATH" or "env:NAME", resolved only when it is needed.
 *
 * Not thread-safe: fill a configuration on one thread, then give it to
 * mhsm_client_new(), which copies it.
 */
#ifndef MHSM_CONFIG_H
#define MHSM_CONFIG_H

#include <stddef.h>

#include <mhsm/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mhsm_config mhsm_config;

typedef enum mhsm_origin {
    MHSM_ORIGIN_DEFAULT = 0,
    MHSM_ORIGIN_FILE = 1,        /* openssl.cnf section */
    MHSM_ORIGIN_ENVIRONMENT = 2, /* MHSM_* or the standard AZURE_* variable */
    MHSM_ORIGIN_COMMAND_LINE = 3
} mhsm_origin;

typedef enum mhsm_option_type {
    MHSM_OPTION_STRING = 0,
    MHSM_OPTION_BOOLEAN = 1,  /* yes|no (also true|false, on|off, 1|0) */
    MHSM_OPTION_INTEGER = 2,  /* decimal, within [min, max] */
    MHSM_OPTION_DURATION = 3, /* "1500ms", "10s", "2m"; bare digits: seconds */
    MHSM_OPTION_CHOICE = 4,   /* one of `choices` */
    MHSM_OPTION_SECRET = 5    /* "file:PATH" or "env:NAME" */
} mhsm_option_type;

/* One row of the option table; static. */
typedef struct mhsm_option {
    const char *name;     /* "connect-timeout": openssl.cnf and --name */
    const char *variable; /* "MHSM_CONNECT_TIMEOUT" */
    const char *alias;    /* "AZURE_TENANT_ID" or NULL; MHSM_* wins */
    mhsm_option_type type;
    const char *default_value; /* NULL: unset */
    const char *choices;       /* "a|b|c" for CHOICE, else NULL */
    long min, max;             /* bounds of INTEGER, and of DURATION in ms */
    const char *argument;      /* placeholder in help: "URL", "SECONDS" */
    const char *help;          /* one sentence */
} mhsm_option;

/* The table; `index` counts from 0, NULL past the end. */
MHSM_API const mhsm_option *mhsm_option_at(size_t index);
/* By openssl.cnf name; NULL when there is none. */
MHSM_API const mhsm_option *mhsm_option_find(const char *name);

/* A configuration that holds the defaults; NULL when out of memory. */
MHSM_API mhsm_config *mhsm_config_new(void);
MHSM_API void mhsm_config_free(mhsm_config *config);

/* Set one option (the text is copied and checked).  A value from a weaker
 * origin never replaces one from a stronger.  Errors: MHSM_ERR_CONFIG naming
 * the option. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_config_set(mhsm_config *config,
                                                    const char *name,
                                                    const char *value,
                                                    mhsm_origin origin,
                                                    mhsm_error **err);

/* Read every option's environment variable (secure_getenv).  An MHSM_*
 * variable that is no option is an error, except MHSM_EMULATOR_*. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_config_set_environment(mhsm_config *config, mhsm_error **err);

/* The text in force, or NULL when unset; borrowed until the next set. */
MHSM_API const char *mhsm_config_get(const mhsm_config *config,
                                     const char *name);
/* Typed reads of the value in force; 0 when unset.  DURATION: milliseconds. */
MHSM_API long mhsm_config_get_long(const mhsm_config *config, const char *name);
MHSM_API int mhsm_config_get_boolean(const mhsm_config *config,
                                     const char *name);
/* Where the value in force came from. */
MHSM_API mhsm_origin mhsm_config_origin(const mhsm_config *config,
                                        const char *name);

#ifdef __cplusplus
}
#endif
#endif
