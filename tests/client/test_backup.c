/* SPDX-License-Identifier: MIT
 *
 * What an HSM may tell of a backup and a blob store of its blobs, and what they
 * may not; and where a token never goes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scripted_client.h"

#define JOB     "0123456789abcdef0123456789abcdef"
#define SAS     "sv=2019-12-12&sr=c&sp=rcwdl&se=2099-01-01T00%3A00%3A00Z&sig=a%2Bb"
#define BACKUP  "POST /backup"
#define PENDING "GET /backup/" JOB "/pending"
#define LIST    "GET /account/c"
#define TELL(status, more)                                                     \
    "{\"jobId\":\"" JOB "\",\"status\":\"" status "\"" more "}"
#define BLOB(name, date, size)                                                 \
    "<Blob><Name>" name "</Name><Properties><Last-Modified>" date              \
    "</Last-Modified><Content-Length>" size                                    \
    "</Content-Length></Properties></Blob>"
#define PAGE(blobs, marker)                                                    \
    "<EnumerationResults><Blobs>" blobs "</Blobs><NextMarker>" marker          \
    "</NextMarker></EnumerationResults>"

static const mhsm_storage azure = {"https://a.blob.core.windows.net/backups/",
                                   "?" SAS};

static char container[128];

static mhsm_client *open_client(void)
{
    char ca[160];

    snprintf(ca, sizeof(ca), "storage-ca-file=%s", ts_ca());
    return ts_open(TC_OPTIONS("tenant-id=t-1",
                              "resource=https://managedhsm.azure.net", ca,
                              "allowed-hosts=localhost"));
}

/* The storage account is the scripted server, too. */
static mhsm_storage store(const char *sas)
{
    mhsm_storage storage = {container, sas};

    snprintf(container, sizeof(container), "%s/account/c", ts_url());
    return storage;
}

/* --- Starting ----------------------------------------------------------- */

struct started {
    mhsm_status status;
    mhsm_job *job;
    mhsm_error *err;
};

static struct started start(const struct ts_answer *row,
                            const mhsm_storage *storage)
{
    struct ts_answer rows[] = {TS_TOKEN, *row, TS_END};
    mhsm_client *client = open_client();
    mhsm_uri *uri = tc_uri(client, "mhsm:k");
    struct started out = {MHSM_OK, NULL, NULL};
    const char *route = row->route;

    ts_script(rows);
    if (strcmp(route, BACKUP) == 0)
        out.status =
            mhsm_backup_start(client, uri, storage, &out.job, &out.err);
    else if (strcmp(route, "POST /prebackup") == 0)
        out.status =
            mhsm_backup_check(client, uri, storage, &out.job, &out.err);
    else if (strcmp(route, "PUT /restore") == 0)
        out.status = mhsm_restore_start(client, uri, storage, "mhsm-a-1",
                                        &out.job, &out.err);
    else if (strcmp(route, "PUT /prerestore") == 0)
        out.status = mhsm_restore_check(client, uri, storage, "mhsm-a-1",
                                        &out.job, &out.err);
    else
        out.status = mhsm_restore_key(client, uri, storage, "mhsm-a-1",
                                      &out.job, &out.err);
    CU_ASSERT(ts_count(route) == 1 && ts_stray() == 0);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
    return out;
}

#define STORE                                                                  \
    "\"storageResourceUri\":\"https://a.blob.core.windows.net/backups\""

static void bodies(void)
{
    static const struct {
        const char *route, *sas, *body;
    } rows[] = {
        {BACKUP, "?" SAS, "{" STORE ",\"token\":\"" SAS "\"}"},
        {BACKUP, SAS, "{" STORE ",\"token\":\"" SAS "\"}"},
        {BACKUP, NULL, "{" STORE ",\"useManagedIdentity\":true}"},
        {"POST /prebackup", NULL, "{" STORE ",\"useManagedIdentity\":true}"},
        {"PUT /restore", SAS,
         "{\"sasTokenParameters\":{" STORE ",\"token\":\"" SAS
         "\"},\"folderToRestore\":\"mhsm-a-1\"}"},
        {"PUT /prerestore", NULL,
         "{\"sasTokenParameters\":{" STORE
         ",\"useManagedIdentity\":true},\"folderToRestore\":\"mhsm-a-1\"}"},
        {"PUT /keys/k/restore", NULL,
         "{\"sasTokenParameters\":{" STORE
         ",\"useManagedIdentity\":true},\"folder\":\"mhsm-a-1\"}"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mhsm_storage storage = {azure.container, rows[i].sas};
        struct ts_answer row = {rows[i].route,
                                NULL,
                                1,
                                1,
                                202,
                                "Retry-After",
                                "7",
                                TELL("InProgress", ",\"startTime\":5")};
        struct started out = start(&row, &storage);

        tc_status(__FILE__, __LINE__, rows[i].route, out.status, MHSM_OK,
                  &out.err);
        CU_ASSERT_STRING_EQUAL(ts_body(rows[i].route), rows[i].body);
        if (out.job == NULL)
            continue;
        CU_ASSERT(mhsm_job_get_kind(out.job) ==
                  (strncmp(rows[i].route, "PUT", 3) == 0 ? MHSM_JOB_RESTORE
                                                         : MHSM_JOB_BACKUP));
        CU_ASSERT(mhsm_job_get_state(out.job) == MHSM_JOB_IN_PROGRESS);
        CU_ASSERT(mhsm_job_started(out.job) == 5);
        CU_ASSERT(mhsm_job_retry_after(out.job) == 7000);
        CU_ASSERT_STRING_EQUAL(mhsm_job_id(out.job), JOB);
        CU_ASSERT_STRING_EQUAL(mhsm_job_folder(out.job), "");
        mhsm_job_free(out.job);
    }
}

/* Each is told once, and never sent again by itself. */
static void refusals(void)
{
    static const struct {
        const char *route;
        int http;
        const char *body;
        mhsm_status status;
        const char *part;
    } rows[] = {
        {BACKUP, 409,
         "{\"error\":{\"code\":\"Conflict\",\"message\":\"Another backup "
         "operation is in progress\"}}",
         MHSM_ERR_CONFLICT, "one backup or restore at a time"},
        {"PUT /restore", 400,
         "{\"error\":{\"code\":\"BadRequest\",\"message\":\"no\"}}",
         MHSM_ERR_REJECTED, "within the last 30 minutes"},
        {"PUT /keys/k/restore", 400,
         "{\"error\":{\"code\":\"BadRequest\",\"message\":\"no\"}}",
         MHSM_ERR_REJECTED, "no"},
        {BACKUP, 403,
         "{\"error\":{\"code\":\"AccessDenied\",\"message\":\"no\"}}",
         MHSM_ERR_FORBIDDEN, "Managed HSM Backup"},
        {"PUT /restore", 403,
         "{\"error\":{\"code\":\"AccessDenied\",\"message\":\"no\"}}",
         MHSM_ERR_FORBIDDEN, "Managed HSM Restore"},
        {BACKUP, 500, "", MHSM_ERR_SERVICE, "no explanation"},
        {BACKUP, 202, "x", MHSM_ERR_PROTOCOL, "may have been started"},
        {BACKUP, 202, "{}", MHSM_ERR_PROTOCOL, "not known: none"},
        {BACKUP, 202, "[]", MHSM_ERR_PROTOCOL, "not known: none"},
        {BACKUP, 202, "", MHSM_ERR_PROTOCOL, "not known: none"},
        {BACKUP, 202, "{\"status\":\"OK\",\"jobId\":\"" JOB "\"}",
         MHSM_ERR_PROTOCOL, "not known: OK"},
        {BACKUP, 202, "{\"status\":\"InProgress\"}", MHSM_ERR_PROTOCOL,
         "does not name its job"},
        {BACKUP, 202, "{\"status\":\"InProgress\",\"jobId\":\"../x\"}",
         MHSM_ERR_PROTOCOL, "does not name its job"},
        {BACKUP, 202, "{\"status\":\"InProgress\",\"jobId\":7}",
         MHSM_ERR_PROTOCOL, "does not name its job"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ts_answer row = {rows[i].route, NULL, 1,    0,
                                rows[i].http,  NULL, NULL, rows[i].body};
        struct started out = start(&row, &azure);

        CU_ASSERT(out.job == NULL);
        tc_error(__FILE__, __LINE__, rows[i].body, out.status, rows[i].status,
                 rows[i].part, &out.err);
    }
}

/* What is wrong with the storage is known before anybody is asked. */
static void storages(void)
{
    static const struct {
        const char *container, *sas;
        mhsm_status status;
        const char *part;
    } rows[] = {
        {"https://a.blob.core.windows.net/c?" SAS, NULL, MHSM_ERR_ARGUMENT,
         "ends before the \"?\""},
        {"http://a.blob.core.windows.net/c", SAS, MHSM_ERR_ARGUMENT,
         "no URL of a container"},
        {"https://a.blob.core.windows.net", SAS, MHSM_ERR_ARGUMENT,
         "no URL of a container"},
        {"https://a.blob.core.windows.net/", SAS, MHSM_ERR_ARGUMENT,
         "no URL of a container"},
        {"https://a.blob.core.windows.net/c//d", SAS, MHSM_ERR_ARGUMENT,
         "no URL of a container"},
        {"https://a.blob.core.windows.net/../c", SAS, MHSM_ERR_ARGUMENT,
         "no URL of a container"},
        {"https://a.blob.core.windows.net/%63", SAS, MHSM_ERR_ARGUMENT,
         "no URL of a container"},
        {"https://u@a.blob.core.windows.net/c", SAS, MHSM_ERR_ARGUMENT,
         "no URL of a container"},
        {"", SAS, MHSM_ERR_ARGUMENT, "no URL of a container"},
        {"https://blob.core.windows.net/c", SAS, MHSM_ERR_URI, "no blob store"},
        {"https://evil.example/c", SAS, MHSM_ERR_URI, "allowed-hosts"},
        {"https://a.blob.core.windows.net.evil.example/c", SAS, MHSM_ERR_URI,
         "no token goes there"},
        {"https://a.blob.core.windows.net:8443/c", SAS, MHSM_ERR_URI,
         "no blob store"},
        {"https://a.blob.core.windows.net/c", "", MHSM_ERR_ARGUMENT,
         "the SAS token is damaged"},
        {"https://a.blob.core.windows.net/c", "se=2099-01-01",
         MHSM_ERR_ARGUMENT, "one of them sig"},
        {"https://a.blob.core.windows.net/c", "sig=", MHSM_ERR_ARGUMENT,
         "the SAS token is damaged"},
        {"https://a.blob.core.windows.net/c", SAS "\n", MHSM_ERR_ARGUMENT,
         "it is one line"},
        {"https://a.blob.core.windows.net/c", "sig=a&use=1", MHSM_ERR_ARGUMENT,
         "does not say when it ends"},
        {"https://a.blob.core.windows.net/c",
         "se=2020-01-31T12%3A00%3a00Z&sig=a", MHSM_ERR_CREDENTIAL,
         "it ended at 2020-01-31"},
        {"https://a.blob.core.windows.net/c", "sig=a&se=2020-01-31",
         MHSM_ERR_CREDENTIAL, "another one"},
        {"https://a.z12.blob.storage.azure.net/c", "sig=a&se=2099-01-31",
         MHSM_OK, NULL},
        {"https://a.blob.core.usgovcloudapi.net/c/", "sig=a&se=odd", MHSM_OK,
         NULL},
        {"https://a.blob.core.chinacloudapi.cn:443/$root", NULL, MHSM_OK, NULL},
    };
    mhsm_client *client = ts_open_plain(NULL);
    mhsm_uri *uri = tc_uri(client, "mhsm:");
    mhsm_job *job = NULL;
    mhsm_error *err = NULL;
    int64_t expires = 1;
    size_t i;

    ts_script((const struct ts_answer[]){TS_END});
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mhsm_storage storage = {rows[i].container, rows[i].sas};

        if (rows[i].status == MHSM_OK) {
            TC_STATUS(mhsm_storage_check(client, &storage, &expires, &err),
                      MHSM_OK);
            continue;
        }
        tc_error(__FILE__, __LINE__, rows[i].container,
                 mhsm_storage_check(client, &storage, NULL, &err),
                 rows[i].status, rows[i].part, &err);
        tc_error(__FILE__, __LINE__, rows[i].container,
                 mhsm_backup_start(client, uri, &storage, &job, &err),
                 rows[i].status, rows[i].part, &err);
    }
    CU_ASSERT(expires == 0);
    TC_STATUS(mhsm_storage_check(client, &azure, &expires, &err), MHSM_OK);
    CU_ASSERT(expires == 4070908800);
    TC_ERROR(mhsm_restore_start(client, uri, &azure, "../mhsm-a-1", &job, &err),
             MHSM_ERR_ARGUMENT, "no folder of a backup");
    TC_ERROR(mhsm_restore_start(client, uri, &azure, NULL, &job, &err),
             MHSM_ERR_ARGUMENT, "the list of backups");
    TC_ERROR(mhsm_restore_key(client, uri, &azure, "mhsm-a-1", &job, &err),
             MHSM_ERR_ARGUMENT, "needs its name");
    TC_ERROR(mhsm_backup_start(client, uri, NULL, &job, &err),
             MHSM_ERR_ARGUMENT, "needs a client and a container");
    TC_ERROR(mhsm_job_look(client, uri, MHSM_JOB_BACKUP, "a/b", &job, &err),
             MHSM_ERR_ARGUMENT, "is no id of a job");
    CU_ASSERT(ts_stray() == 0 && job == NULL);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

/* A Key Vault has nothing of it, and is not asked. */
static void vault(void)
{
    mhsm_client *client = ts_open(
        TC_OPTIONS("tenant-id=t-1", "resource=https://vault.azure.net"));
    mhsm_uri *uri = tc_uri(client, "mhsm:");
    mhsm_job *job = NULL;
    mhsm_error *err = NULL;

    ts_script((const struct ts_answer[]){TS_END});
    TC_ERROR(mhsm_backup_start(client, uri, &azure, &job, &err),
             MHSM_ERR_UNSUPPORTED, "back up its keys one by one");
    TC_ERROR(mhsm_job_look(client, uri, MHSM_JOB_BACKUP, JOB, &job, &err),
             MHSM_ERR_UNSUPPORTED, "cannot be backed up as a whole");
    CU_ASSERT(ts_stray() == 0 && job == NULL);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

/* Why a job failed, by whatever the HSM says of it. */
static void failures(void)
{
    static const struct {
        const char *answer;
        mhsm_status status;
        const char *part;
    } rows[] = {
        {TELL("Succeeded", ""), MHSM_OK, NULL},
        {TELL("InProgress", ""), MHSM_ERR_TIMEOUT, "still under way"},
        {TELL("Canceled", ""), MHSM_ERR_SERVICE, "was canceled"},
        {TELL("Failed", ""), MHSM_ERR_SERVICE, "does not tell why"},
        {TELL("Failed", ",\"statusDetails\":\"odd\""), MHSM_ERR_SERVICE,
         "failed: odd"},
        {TELL("Failed", ",\"error\":{\"code\":\"AuthorizationFailure\","
                        "\"message\":\"no\"}"),
         MHSM_ERR_FORBIDDEN, "Storage Blob Data Contributor"},
        {TELL("Failed", ",\"error\":{\"code\":\"AuthenticationFailed\"}"),
         MHSM_ERR_FORBIDDEN, "has expired"},
        {TELL("Failed", ",\"error\":{\"message\":\"The specified container "
                        "does not exist.\"}"),
         MHSM_ERR_NOT_FOUND, "make the container first"},
        {TELL("Failed", ",\"error\":{\"code\":\"BlobNotFound\"}"),
         MHSM_ERR_NOT_FOUND, "list the backups"},
        {TELL("Failed", ",\"statusDetails\":\"made under another security "
                        "domain\""),
         MHSM_ERR_REJECTED, "of the security domain"},
        {TELL("Failed", ",\"error\":{\"code\":\"Conflict\",\"message\":"
                        "\"The name k is in use\"}"),
         MHSM_ERR_CONFLICT, "purge the key"},
    };
    mhsm_client *client = open_client();
    mhsm_uri *uri = tc_uri(client, "mhsm:");
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ts_answer script[] = {
            TS_TOKEN,
            {PENDING, NULL, 1, 1, 200, NULL, NULL, rows[i].answer},
            TS_END};
        mhsm_job *job = NULL;

        ts_script(script);
        TC_STATUS(mhsm_job_look(client, uri, MHSM_JOB_BACKUP, JOB, &job, &err),
                  MHSM_OK);
        if (job == NULL)
            continue;
        if (rows[i].status == MHSM_OK)
            TC_STATUS(mhsm_job_check(job, &err), MHSM_OK);
        else
            tc_error(__FILE__, __LINE__, rows[i].answer,
                     mhsm_job_check(job, &err), rows[i].status, rows[i].part,
                     &err);
        mhsm_job_free(job);
    }
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

/* --- Looking ------------------------------------------------------------ */

static void states(void)
{
    static const struct {
        const char *answer;
        mhsm_job_state state;
        const char *code, *message, *details, *folder;
    } rows[] = {
        {TELL("Succeeded",
              ",\"statusDetails\":null,\"error\":null,\"endTime\":9,"
              "\"azureStorageBlobContainerUri\":"
              "\"https://a.blob.core.windows.net/c/mhsm-a-17\""),
         MHSM_JOB_SUCCEEDED, "", "", "", "mhsm-a-17"},
        {TELL("Failed", ",\"statusDetails\":\"one\\ntwo\",\"endTime\":9,"
                        "\"error\":{\"code\":\"C\",\"message\":\"M\","
                        "\"innererror\":null}"),
         MHSM_JOB_FAILED, "C", "M", "one two", ""},
        {TELL("Canceled", ",\"endTime\":9,\"error\":{}"), MHSM_JOB_CANCELED, "",
         "", "", ""},
        {TELL("Failed", ",\"endTime\":9,\"error\":\"text\""), MHSM_JOB_FAILED,
         "", "", "", ""},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ts_answer script[] = {
            TS_TOKEN,
            {PENDING, NULL, 1, 2, 200, NULL, NULL, TELL("InProgress", "")},
            {PENDING, NULL, 1, 1, 200, NULL, NULL, rows[i].answer},
            TS_END};
        mhsm_client *client = open_client();
        mhsm_uri *uri = tc_uri(client, "mhsm:");
        mhsm_job *job = NULL;
        mhsm_error *err = NULL;

        ts_script(script);
        TC_STATUS(mhsm_job_look(client, uri, MHSM_JOB_BACKUP, JOB, &job, &err),
                  MHSM_OK);
        CU_ASSERT(job != NULL &&
                  mhsm_job_get_state(job) == MHSM_JOB_IN_PROGRESS);
        mhsm_job_free(job);
        job = NULL;
        TC_STATUS(
            mhsm_job_wait(client, uri, MHSM_JOB_BACKUP, JOB, 10000, &job, &err),
            MHSM_OK);
        CU_ASSERT(ts_count(PENDING) == 3);
        if (job != NULL) {
            CU_ASSERT(mhsm_job_get_state(job) == rows[i].state);
            CU_ASSERT(mhsm_job_ended(job) == 9);
            CU_ASSERT_STRING_EQUAL(mhsm_job_error_code(job), rows[i].code);
            CU_ASSERT_STRING_EQUAL(mhsm_job_error_message(job),
                                   rows[i].message);
            CU_ASSERT_STRING_EQUAL(mhsm_job_details(job), rows[i].details);
            CU_ASSERT_STRING_EQUAL(mhsm_job_folder(job), rows[i].folder);
            CU_ASSERT(strstr(mhsm_job_json(job), "\"jobId\":\"" JOB "\"") !=
                      NULL);
            CU_ASSERT((strstr(mhsm_job_json(job), "\"folder\":\"mhsm-a-17\"") !=
                       NULL) == (rows[i].folder[0] != '\0'));
        }
        mhsm_job_free(job);
        mhsm_uri_free(uri);
        mhsm_client_free(client);
    }
}

static void no_states(void)
{
    static const struct {
        const char *answer;
        const char *part;
    } rows[] = {
        {TELL("Succeeded", ",\"azureStorageBlobContainerUri\":\"here\""),
         "no URL of a folder"},
        {TELL("Succeeded", ",\"azureStorageBlobContainerUri\":\"https://a/\""),
         "no URL of a folder"},
        {TELL("Success", ""), "not known: Success"},
    };
    mhsm_error *err = NULL;
    mhsm_job *job = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ts_answer script[] = {
            TS_TOKEN,
            {PENDING, NULL, 1, 1, 200, NULL, NULL, rows[i].answer},
            TS_END};
        mhsm_client *client = open_client();
        mhsm_uri *uri = tc_uri(client, "mhsm:");

        ts_script(script);
        TC_ERROR(mhsm_job_look(client, uri, MHSM_JOB_BACKUP, JOB, &job, &err),
                 MHSM_ERR_PROTOCOL, rows[i].part);
        mhsm_uri_free(uri);
        mhsm_client_free(client);
    }
    CU_ASSERT(job == NULL);
}

/* A job that does not end within the time is left to itself. */
static void late(void)
{
    struct ts_answer script[] = {
        TS_TOKEN,
        {PENDING, NULL, 1, 0, 200, "Retry-After", "60", TELL("InProgress", "")},
        TS_END};
    mhsm_client *client = open_client();
    mhsm_uri *uri = tc_uri(client, "mhsm:");
    mhsm_error *err = NULL;
    mhsm_job *job = NULL;

    ts_script(script);
    TC_ERROR(mhsm_job_wait(client, uri, MHSM_JOB_BACKUP, JOB, 2000, &job, &err),
             MHSM_ERR_TIMEOUT, "still under way");
    CU_ASSERT(ts_count(PENDING) == 1 && job == NULL);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

/* --- Listing ------------------------------------------------------------ */

static mhsm_status list_of(const struct ts_answer *rows,
                           const mhsm_storage *storage, mhsm_backup_list **list,
                           mhsm_error **err)
{
    mhsm_client *client = open_client();
    mhsm_uri *uri = tc_uri(client, "mhsm:");
    mhsm_status st;

    ts_script(rows);
    st = mhsm_backup_list_get(client, uri, storage, list, err);
    CU_ASSERT(ts_stray() == 0);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
    return st;
}

static void check_list(const mhsm_backup_list *list)
{
    static const mhsm_backup expected[] = {
        {"mhsm-b-1", 1795546800, 5, 1},
        {"mhsm-a-2", 1795546555, 100, 1},
        {"mhsm-a-1", 1795546555, 42, 2},
    };
    size_t i;

    for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        const mhsm_backup *one = mhsm_backup_list_at(list, i);

        CU_ASSERT_FATAL(one != NULL);
        CU_ASSERT_STRING_EQUAL(one->folder, expected[i].folder);
        CU_ASSERT(one->modified == expected[i].modified);
        CU_ASSERT(one->size == expected[i].size);
        CU_ASSERT(one->blobs == expected[i].blobs);
    }
    CU_ASSERT(mhsm_backup_list_at(list, i) == NULL);
}

#define EARLY "Tue, 24 Nov 2026 18:55:55 GMT"
#define LATER "Tue, 24 Nov 2026 19:00:00 GMT"

static void lists(void)
{
    struct ts_answer by_sas[] = {
        {LIST, "marker=a&b", 0, 1, 200, NULL, NULL,
         PAGE(BLOB("mhsm-a-1/y", "nonsense", "2") BLOB(
                  "mhsm-a-2/x", EARLY, "100") BLOB("mhsm-b-1/x", LATER, "5"),
              "")},
        {LIST, "sig=a+b", 0, 1, 200, NULL, NULL,
         PAGE(BLOB("mhsm-a-1/x", EARLY, "40") BLOB("mhsm-loose", LATER, "9"),
              "a&amp;b")},
        TS_END};
    struct ts_answer by_token[] = {
        TS_TOKEN,
        {LIST, "prefix=mhsm-", 1, 1, 200, NULL, NULL, PAGE("", "")},
        TS_END};
    mhsm_backup_list *list = NULL;
    mhsm_error *err = NULL;
    mhsm_storage storage = store("?" SAS);

    TC_STATUS(list_of(by_sas, &storage, &list, &err), MHSM_OK);
    CU_ASSERT(ts_count(LIST) == 2 && ts_count(TS_TOKEN_ROUTE) == 0);
    if (list != NULL)
        check_list(list);
    mhsm_backup_list_free(list);
    list = NULL;
    storage = store(NULL);
    TC_STATUS(list_of(by_token, &storage, &list, &err), MHSM_OK);
    CU_ASSERT(strstr(ts_body(TS_TOKEN_ROUTE),
                     "https%3A%2F%2Fstorage.azure.com%2F.default") != NULL);
    CU_ASSERT(list != NULL && mhsm_backup_list_at(list, 0) == NULL);
    mhsm_backup_list_free(list);
}

static void no_lists(void)
{
    static const struct {
        int http;
        const char *body;
        mhsm_status status;
        const char *part;
    } rows[] = {
        {403, "<Error><Code>AuthorizationFailure</Code></Error>",
         MHSM_ERR_FORBIDDEN, "AuthorizationFailure"},
        {403, "", MHSM_ERR_FORBIDDEN, "rights r and l"},
        {404, "<Error><Code>ContainerNotFound</Code></Error>",
         MHSM_ERR_NOT_FOUND, "make the container first"},
        {400, "x", MHSM_ERR_REJECTED, "refuses"},
        {429, "", MHSM_ERR_THROTTLED, "refuses"},
        {500, "", MHSM_ERR_SERVICE, "refuses"},
        {302, "", MHSM_ERR_PROTOCOL, "refuses"},
        {200, "", MHSM_ERR_PROTOCOL, "no list of blobs"},
        {200, "{}", MHSM_ERR_PROTOCOL, "no list of blobs"},
        {200, PAGE("", "again"), MHSM_ERR_PROTOCOL, "does not end"},
    };
    mhsm_storage storage = store(SAS);
    mhsm_backup_list *list = NULL;
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ts_answer script[] = {
            {LIST, NULL, 0, 0, rows[i].http, NULL, NULL, rows[i].body}, TS_END};

        tc_error(__FILE__, __LINE__, rows[i].body,
                 list_of(script, &storage, &list, &err), rows[i].status,
                 rows[i].part, &err);
    }
    CU_ASSERT(list == NULL);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", ts_begin},  {"bodies", bodies},
        {"refusals", refusals}, {"storages", storages},
        {"vault", vault},       {"failures", failures},
        {"states", states},     {"no_states", no_states},
        {"late", late},         {"lists", lists},
        {"no_lists", no_lists}, {"finish", ts_finish},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_backup", tests);
}
