/* SPDX-License-Identifier: MIT
 *
 * Key derivation by the vectors, and secrets' memory.
 */
#include "domain/kdf.h"

#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/private_context.h"
#include "base/secret.h"
#include "vectors.h"

static void derivation(void)
{
    struct json_object *vectors = vector_json("kdf.json");
    struct json_object *cases = mhsmi_json_array(vectors, "cases");
    struct mhsmi_private_context context = {NULL, NULL};
    size_t i;

    CHECK_FATAL(mhsmi_private_context_open(&context, NULL) == MHSM_OK);
    CHECK(json_object_array_length(cases) == 17);
    for (i = 0; i < json_object_array_length(cases); i++) {
        struct json_object *test = json_object_array_get_idx(cases, i);
        unsigned char key[256], expected[256], out[256];
        size_t key_size = hex_member(test, "key_hex", key, sizeof(key));
        size_t size = hex_member(test, "out_hex", expected, sizeof(expected));

        CHECK(size * 8 == (size_t)mhsmi_json_int(test, "bits", 0));
        CHECK(mhsmi_kdf_sp800_108(context.lib, key, key_size,
                                  mhsmi_json_string(test, "label"),
                                  mhsmi_json_string(test, "context"), out, size,
                                  NULL) == MHSM_OK);
        CHECK(memcmp(out, expected, size) == 0);
    }
    mhsmi_private_context_close(&context);
    json_object_put(vectors);
}

/* A context that has no algorithms. */
static void no_kdf(void)
{
    struct mhsmi_private_context context = {NULL, NULL};
    OSSL_PROVIDER *null_provider;
    unsigned char out[8] = "key";
    mhsm_error *err = NULL;

    context.lib = OSSL_LIB_CTX_new();
    null_provider = OSSL_PROVIDER_load(context.lib, "null");
    CHECK(mhsmi_kdf_sp800_108(context.lib, out, 3, "label", "", out,
                              sizeof(out), &err) == MHSM_ERR_INTERNAL);
    mhsm_error_free(&err);
    OSSL_PROVIDER_unload(null_provider);
    mhsmi_private_context_close(&context);
}

static int dumpable(void)
{
    return prctl(PR_GET_DUMPABLE);
}

/* Flags of the pages at `data` as the kernel has them. */
static int has_flag(const unsigned char *data, const char *flag)
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    unsigned long from, to, at = (unsigned long)(uintptr_t)data;
    char line[512];
    int inside = 0, found = 0;

    CHECK_FATAL(maps != NULL);
    while (fgets(line, sizeof(line), maps) != NULL) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = at >= from && at < to;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line, flag) != NULL;
    }
    fclose(maps);
    return found;
}

static void secrets(void)
{
    struct mhsmi_secret *first, *second;
    int was = dumpable(), i, status = 0;
    pid_t child;

    first = mhsmi_secret_new(32);
    CHECK_FATAL(first != NULL);
    /* As root, /proc/self can be read all the same. */
    CHECK(dumpable() == 0);
    second = mhsmi_secret_new(20000);
    CHECK_FATAL(second != NULL);
    for (i = 0; i < 20000; i++)
        if (second->data[i] != 0)
            break;
    CHECK(i == 20000);
    memset(second->data, 0x5a, second->size);
    if (access("/proc/self/smaps", R_OK) == 0) {
        CHECK(has_flag(second->data, " dd"));
        CHECK(has_flag(second->data, " lo"));
    }
    child = fork();
    CHECK_FATAL(child >= 0);
    if (child == 0)
        _exit(second->data[0] == 0 && second->data[19999] == 0 ? 0 : 1);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    mhsmi_secret_free(first);
    CHECK(dumpable() == 0);
    mhsmi_secret_free(second);
    CHECK(dumpable() == was);
    mhsmi_secret_free(NULL);
    CHECK(mhsmi_secret_new(SIZE_MAX) == NULL);
    CHECK(mhsmi_secret_new(PTRDIFF_MAX / 2) == NULL);
    CHECK(dumpable() == was);
}

/* A process that was not dumpable stays so, and one that may not lock memory
 * gets it unlocked. */
static void limits(void)
{
    struct rlimit none = {0, 0}, before;
    struct mhsmi_secret *secret;
    int was = dumpable();

    CHECK_FATAL(getrlimit(RLIMIT_MEMLOCK, &before) == 0);
    none.rlim_max = before.rlim_max;
    CHECK(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
    CHECK(prctl(PR_SET_DUMPABLE, 0) == 0);
    secret = mhsmi_secret_new(1);
    CHECK_FATAL(secret != NULL);
    secret->data[0] = 1;
    mhsmi_secret_free(secret);
    CHECK(dumpable() == 0);
    CHECK(prctl(PR_SET_DUMPABLE, was) == 0);
    CHECK(setrlimit(RLIMIT_MEMLOCK, &before) == 0);
}

int main(void)
{
    static const struct check checks[] = {{"derivation", derivation},
                                          {"no such algorithm", no_kdf},
                                          {"secrets", secrets},
                                          {"limits", limits},
                                          {NULL, NULL}};

    return check_main("kdf", checks);
}
