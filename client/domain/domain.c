/* SPDX-License-Identifier: MIT
 *
 * The parsed security domain.
 */
#include "domain/domain.h"

#include <string.h>

#include "base/error.h"

mhsm_security_domain *mhsmi_domain_new(void)
{
    return mhsmi_alloc(sizeof(mhsm_security_domain));
}

void mhsm_security_domain_free(mhsm_security_domain *domain)
{
    size_t i;

    if (domain == NULL)
        return;
    for (i = 0; i < domain->data_count; i++) {
        mhsmi_free(domain->data[i].tag);
        mhsmi_free(domain->data[i].text);
        mhsmi_jwe_clear(&domain->data[i].jwe);
    }
    for (i = 0; i < domain->holder_count; i++) {
        mhsmi_free(domain->holders[i].thumbprint);
        mhsmi_free(domain->holders[i].text);
        mhsmi_jwe_clear(&domain->holders[i].jwe);
        mhsm_error_free(&domain->holders[i].damage);
    }
    mhsmi_free(domain);
}

int mhsmi_domain_add_datum(mhsm_security_domain *domain, const char *tag,
                           const char *text)
{
    struct mhsmi_datum *datum = &domain->data[domain->data_count++];

    datum->tag = mhsmi_strdup(tag);
    datum->text = mhsmi_strdup(text);
    return datum->tag != NULL && datum->text != NULL;
}

int mhsmi_domain_add_holder(mhsm_security_domain *domain,
                            const char *thumbprint, const char *text)
{
    struct mhsmi_holder *holder = &domain->holders[domain->holder_count++];

    holder->thumbprint = mhsmi_strdup(thumbprint);
    holder->text = text != NULL ? mhsmi_strdup(text) : NULL;
    return holder->thumbprint != NULL && (text == NULL || holder->text != NULL);
}

const struct mhsmi_holder *
mhsmi_domain_find_holder(const mhsm_security_domain *domain,
                         const char *thumbprint)
{
    size_t i;

    for (i = 0; i < domain->holder_count; i++)
        if (strcmp(domain->holders[i].thumbprint, thumbprint) == 0)
            return &domain->holders[i];
    return NULL;
}

unsigned int mhsm_security_domain_version(const mhsm_security_domain *domain)
{
    return domain->version;
}

unsigned int mhsm_security_domain_quorum(const mhsm_security_domain *domain)
{
    return domain->quorum;
}

size_t mhsm_security_domain_holder_count(const mhsm_security_domain *domain)
{
    return domain->holder_count;
}

const char *
mhsm_security_domain_holder_thumbprint(const mhsm_security_domain *domain,
                                       size_t index)
{
    return domain->holders[index].thumbprint;
}

const mhsm_error *
mhsm_security_domain_holder_damage(const mhsm_security_domain *domain,
                                   size_t index)
{
    return domain->holders[index].damage;
}

size_t mhsm_security_domain_data_count(const mhsm_security_domain *domain)
{
    return domain->data_count;
}

const char *mhsm_security_domain_data_tag(const mhsm_security_domain *domain,
                                          size_t index)
{
    return domain->data[index].tag;
}
