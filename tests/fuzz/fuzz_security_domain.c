/* SPDX-License-Identifier: MIT
 *
 * Fuzzing of the security-domain file: whatever the octets are, reading them
 * neither crashes nor leaks nor leaves an error behind, what is refused is
 * refused with a reason, and what is accepted reads the same once it is
 * written.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "domain/domain.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void write_again(const mhsm_security_domain *domain,
                        struct mhsmi_buf *out)
{
    mhsmi_buf_init(out, (size_t)8 * MHSM_DOMAIN_SIZE_MAX);
    if (!mhsmi_domain_write(domain, out))
        abort();
}

static int is_whole(const mhsm_security_domain *domain)
{
    size_t i;

    for (i = 0; i < mhsm_security_domain_holder_count(domain); i++)
        if (mhsm_security_domain_holder_damage(domain, i) != NULL)
            return 0;
    return 1;
}

static void check_written(const mhsm_security_domain *domain)
{
    mhsm_security_domain *again = NULL;
    struct mhsmi_buf first, second;

    write_again(domain, &first);
    if (mhsm_security_domain_decode(first.data, first.size, &again, NULL) !=
        MHSM_OK)
        abort();
    write_again(again, &second);
    if (first.size != second.size ||
        memcmp(first.data, second.data, first.size) != 0 ||
        is_whole(domain) != is_whole(again))
        abort();
    mhsmi_buf_clear(&first);
    mhsmi_buf_clear(&second);
    mhsm_security_domain_free(again);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    mhsm_security_domain *domain = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = mhsm_security_domain_decode(data, size, &domain, &err);

    if ((st == MHSM_OK) != (domain != NULL) || (st == MHSM_OK) != (err == NULL))
        abort();
    if (domain != NULL)
        check_written(domain);
    else if (mhsm_error_message(err)[0] == '\0')
        abort();
    mhsm_security_domain_free(domain);
    mhsm_error_free(&err);
    if (ERR_peek_error() != 0)
        abort();
    return 0;
}
