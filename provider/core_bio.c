/* SPDX-License-Identifier: MIT
 *
 * A BIO around the core's: lines and octets go to the core's functions and
 * nothing is kept on the way, so that what reads by it leaves the input where
 * libcrypto itself would.  Needs no library context, which would cost every
 * program that reads a file.  Must never free the core's BIO.
 */
#include "core_bio.h"

#include <limits.h>
#include <string.h>

static int core_read(BIO *bio, char *data, size_t size, size_t *done)
{
    struct mp_core_bio *self = BIO_get_data(bio);

    return self->prov->bio_read_ex(self->core, data, size, done);
}

static int core_write(BIO *bio, const char *data, size_t size, size_t *done)
{
    struct mp_core_bio *self = BIO_get_data(bio);

    return self->prov->bio_write_ex(self->core, data, size, done);
}

static int core_gets(BIO *bio, char *line, int size)
{
    struct mp_core_bio *self = BIO_get_data(bio);
    int got = self->prov->bio_gets(self->core, line, size);

    if (got > 0 && self->watched != NULL &&
        strncmp(line, self->watched, strlen(self->watched)) == 0)
        self->seen = 1;
    return got;
}

static int core_puts(BIO *bio, const char *text)
{
    size_t done = 0, size = strlen(text);

    return size <= INT_MAX && core_write(bio, text, size, &done) == 1
               ? (int)done
               : -1;
}

static long core_ctrl(BIO *bio, int command, long number, void *pointer)
{
    struct mp_core_bio *self = BIO_get_data(bio);

    return self->prov->bio_ctrl(self->core, command, number, pointer);
}

int mp_core_bio_open(struct mp_core_bio *self, const struct mp_prov *prov,
                     OSSL_CORE_BIO *core)
{
    memset(self, 0, sizeof(*self));
    if (prov->bio_read_ex == NULL || prov->bio_write_ex == NULL ||
        prov->bio_gets == NULL || prov->bio_ctrl == NULL)
        return 0;
    self->prov = prov;
    self->core = core;
    /* The type is nobody's business: numbers of types are few, and loading
     * the module again and again would use them up. */
    self->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "mhsm: the core's BIO");
    if (self->method == NULL ||
        !BIO_meth_set_read_ex(self->method, core_read) ||
        !BIO_meth_set_write_ex(self->method, core_write) ||
        !BIO_meth_set_gets(self->method, core_gets) ||
        !BIO_meth_set_puts(self->method, core_puts) ||
        !BIO_meth_set_ctrl(self->method, core_ctrl) ||
        (self->bio = BIO_new(self->method)) == NULL) {
        mp_core_bio_close(self);
        return 0;
    }
    BIO_set_data(self->bio, self);
    BIO_set_init(self->bio, 1);
    return 1;
}

void mp_core_bio_close(struct mp_core_bio *self)
{
    BIO_free(self->bio);
    BIO_meth_free(self->method);
    self->bio = NULL;
    self->method = NULL;
}

size_t mp_core_bio_read(const struct mp_prov *prov, OSSL_CORE_BIO *core,
                        void *data, size_t size)
{
    unsigned char *at = data;
    size_t got = 0, done;

    if (prov->bio_read_ex == NULL)
        return 0;
    while (got < size) {
        done = 0;
        if (prov->bio_read_ex(core, at + got, size - got, &done) != 1 ||
            done == 0)
            break;
        got += done;
    }
    return got;
}
