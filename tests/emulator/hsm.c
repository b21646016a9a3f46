/* SPDX-License-Identifier: MIT
 *
 * An HSM is little more than its state.
 */
#include "hsm.h"

#include "domain.h"
#include "jobs.h"

#include <string.h>

int emu_hsm_open(struct emu_hsm *hsm, struct emu_cloud *cloud,
                 struct emu_store *store)
{
    memset(hsm, 0, sizeof(*hsm));
    hsm->cloud = cloud;
    hsm->options = cloud->options;
    hsm->store = store;
    hsm->stats = emu_stats_new();
    hsm->faults = emu_faults_new(cloud->options->latency);
    hsm->jobs = emu_jobs_new(store);
    emu_network_init(&hsm->network);
    /* As a Managed HSM that was made with the shortest time, or a Key Vault. */
    hsm->recoverable_days = hsm->options->vault == NULL ? 7 : 90;
    if (hsm->stats != NULL && hsm->faults != NULL && hsm->jobs != NULL &&
        (!hsm->options->activated || !emu_hsm_is_first(hsm) ||
         emu_domain_activate(store)))
        return 1;
    emu_hsm_close(hsm);
    return 0;
}

void emu_hsm_close(struct emu_hsm *hsm)
{
    emu_jobs_free(hsm->jobs);
    if (hsm->cloud != NULL && !emu_hsm_is_first(hsm))
        emu_store_free(hsm->store);
    if (hsm->cloud != NULL)
        emu_network_clear(&hsm->network);
    emu_faults_free(hsm->faults);
    emu_stats_free(hsm->stats);
    memset(hsm, 0, sizeof(*hsm));
}

int emu_hsm_is_first(const struct emu_hsm *hsm)
{
    return hsm->store == hsm->cloud->store;
}

int64_t emu_hsm_recoverable_days(const struct emu_hsm *hsm)
{
    return hsm->recoverable_days;
}
