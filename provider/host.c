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

static _Thread_local struct {
    const char *name; /* NULL: nothing is asked */
    int found;
} question;

static int on_activation(const OSSL_CORE_HANDLE *other, void *arg)
{
    const struct mp_prov *prov = arg;

    if (question.name != NULL &&
        strcmp(prov->provider_name(other), question.name) == 0)
        question.found = 1;
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

int mp_host_has(const struct mp_prov *prov, const char *name)
{
    if (prov->subscribe == NULL || prov->unsubscribe == NULL ||
        prov->provider_name == NULL)
        return 0;
    question.name = name;
    question.found = 0;
    if (prov->subscribe(prov->handle, on_activation, on_deactivation,
                        on_properties, (void *)(uintptr_t)prov) == 1)
        prov->unsubscribe(prov->handle);
    question.name = NULL;
    return question.found;
}
