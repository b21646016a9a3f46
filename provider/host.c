/* SPDX-License-Identifier: MIT
 *
 * The core tells those who make child contexts which providers are active and
 * which come and go.  We make none, and only ask: we subscribe, are told of
 * all that are there, and unsubscribe at once, because a key may outlive its
 * library context, and our teardown with it.  The callbacks run under the
 * core's locks, also for threads that load a provider meanwhile: they must
 * never touch anything but the thread's own question.
 */
#include "host.h"

#include <stdint.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/params.h>

static _Thread_local struct {
    const char *name; /* NULL: nothing is asked */
    struct mp_host_setting *settings;
    size_t count;
    int found;
} question;

static void read_setting(const struct mp_prov *prov,
                         const OSSL_CORE_HANDLE *other,
                         struct mp_host_setting *setting)
{
    const char *value = NULL;
    OSSL_PARAM params[2];

    params[0] = OSSL_PARAM_construct_utf8_ptr(setting->name, NULL, 0);
    params[0].data = &value;
    params[1] = OSSL_PARAM_construct_end();
    if (!prov->get_params(other, params) || value == NULL ||
        strlen(value) >= sizeof(setting->value))
        return;
    OPENSSL_strlcpy(setting->value, value, sizeof(setting->value));
}

static int on_activation(const OSSL_CORE_HANDLE *other, void *arg)
{
    const struct mp_prov *prov = arg;

    if (question.name == NULL ||
        strcmp(prov->provider_name(other), question.name) != 0)
        return 1;
    question.found = 1;
    for (size_t i = 0; i < question.count; i++)
        read_setting(prov, other, &question.settings[i]);
    return 1;
}

static int on_deactivation(const OSSL_CORE_HANDLE *other, void *arg)
{
    (void)other;
    (void)arg;
    return 1;
}

static int on_properties(const char *properties, void *arg)
{
    (void)properties;
    (void)arg;
    return 1;
}

static int ask(const struct mp_prov *prov, const char *name,
               struct mp_host_setting *settings, size_t count)
{
    if (prov->get_params == NULL || prov->subscribe == NULL ||
        prov->unsubscribe == NULL || prov->provider_name == NULL)
        return 0;
    question.name = name;
    question.settings = settings;
    question.count = count;
    question.found = 0;
    if (prov->subscribe(prov->handle, on_activation, on_deactivation,
                        on_properties, (void *)(uintptr_t)prov) == 1)
        prov->unsubscribe(prov->handle);
    question.name = NULL;
    return question.found;
}

int mp_host_has(const struct mp_prov *prov, const char *name)
{
    return ask(prov, name, NULL, 0);
}

void mp_host_settings(const struct mp_prov *prov, const char *name,
                      struct mp_host_setting *settings, size_t count)
{
    (void)ask(prov, name, settings, count);
}
