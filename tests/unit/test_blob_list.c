/* SPDX-License-Identifier: MIT
 *
 * The XML of the blob store: pages as it writes them, and what is no page.
 */
#include "backup/blob_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "check.h"

#define HEAD                                                                   \
    "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>"                   \
    "<EnumerationResults ServiceEndpoint=\"https://a.blob.core.windows.net/\"" \
    " ContainerName=\"c\"><Prefix>mhsm-</Prefix>"

/* Deeper than anything that the service writes. */
#define OPEN "<a><a><a><a><a><a><a>"
#define SHUT "</a></a></a></a></a></a></a>"
#define DEEP OPEN OPEN SHUT SHUT

struct seen {
    struct mhsmi_buf text;
    int left; /* blobs to take before it stops */
};

static int take(void *context, const struct mhsmi_blob *blob)
{
    struct seen *seen = context;

    if (seen->left-- == 0)
        return 0;
    return mhsmi_buf_printf(&seen->text, "%s %lld %llu\n", blob->name,
                            (long long)blob->modified,
                            (unsigned long long)blob->size);
}

static mhsm_status read_page(const char *xml, struct seen *seen, char *marker,
                             mhsm_error **err)
{
    mhsmi_buf_init(&seen->text, 4096);
    return mhsmi_blob_page_read(xml, strlen(xml), take, seen, marker, err);
}

static void pages(void)
{
    static const struct {
        const char *xml, *seen, *marker;
    } rows[] = {
        {HEAD "<Blobs><Blob><Name>mhsm-a-1/x</Name><Properties>"
              "<Creation-Time>Mon, 23 Nov 2026 18:55:55 GMT</Creation-Time>"
              "<Last-Modified>Tue, 24 Nov 2026 18:55:55 GMT</Last-Modified>"
              "<Etag>0x1</Etag><Content-Length>3</Content-Length>"
              "<Content-MD5 /></Properties><OrMetadata /></Blob>"
              "<Blob><Name>mhsm-a-1/a&amp;b &#x263a;</Name><Properties>"
              "<Content-Length>0</Content-Length></Properties></Blob></Blobs>"
              "<NextMarker>2!76!MDAw</NextMarker></EnumerationResults>",
         "mhsm-a-1/x 1795546555 3\nmhsm-a-1/a&b \xe2\x98\xba 0 0\n",
         "2!76!MDAw"},
        {HEAD "<Blobs /><NextMarker/></EnumerationResults>", "", ""},
        {HEAD "</EnumerationResults>", "", ""},
        /* A name elsewhere is nobody's, and folders are no blobs. */
        {HEAD "<Name>x</Name><Blobs><BlobPrefix><Name>mhsm-a-1/</Name>"
              "</BlobPrefix></Blobs></EnumerationResults>",
         "", ""},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct seen seen = {.left = -1};
        char marker[MHSMI_MARKER_MAX + 1];
        mhsm_error *err = NULL;

        CHECK(read_page(rows[i].xml, &seen, marker, &err) == MHSM_OK);
        CHECK_TEXT(mhsmi_buf_text(&seen.text), rows[i].seen);
        CHECK_TEXT(marker, rows[i].marker);
        mhsmi_buf_clear(&seen.text);
        mhsm_error_free(&err);
    }
}

static void no_pages(void)
{
    static const char *const rows[] = {
        "",
        "x",
        "<a/>",
        "<EnumerationResults/>x",
        "<Error><Code>x</Code></Error>",
        HEAD,
        HEAD "<Blobs><Blob></Blob></Blobs></EnumerationResults>",
        HEAD "<Blobs><Blob><Name>a</Name><Properties><Content-Length>-1"
             "</Content-Length></Properties></Blob></Blobs>"
             "</EnumerationResults>",
        HEAD "<Blobs><Blob><Name>a</Name><Properties><Content-Length>"
             "9999999999999999999</Content-Length></Properties></Blob></Blobs>"
             "</EnumerationResults>",
        HEAD "<Blobs><Blob><Name>a\xff</Name></Blob></Blobs>"
             "</EnumerationResults>",
        HEAD "<Prefix>&unknown;</Prefix></EnumerationResults>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><EnumerationResults/>",
        DEEP,
    };
    char marker[MHSMI_MARKER_MAX + 1];
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct seen seen = {.left = -1};
        mhsm_error *err = NULL;

        CHECK(read_page(rows[i], &seen, marker, &err) == MHSM_ERR_PROTOCOL);
        CHECK_TEXT(mhsm_error_message(err),
                   "the storage account's answer is no list of blobs");
        mhsmi_buf_clear(&seen.text);
        mhsm_error_free(&err);
    }
}

/* What is longer than anything that the service writes. */
static void limits(void)
{
    static const char *const around[][2] = {
        {HEAD "<Blobs><Blob><Name>", "</Name></Blob></Blobs>"
                                     "</EnumerationResults>"},
        {HEAD "<NextMarker>", "</NextMarker></EnumerationResults>"},
        {HEAD "<Prefix>", "</Prefix></EnumerationResults>"},
        {HEAD "<", "/></EnumerationResults>"},
    };
    static const size_t most[] = {MHSMI_BLOB_NAME_MAX, MHSMI_MARKER_MAX,
                                  MHSMI_MARKER_MAX, 200};
    size_t i, more;

    for (i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
        for (more = 0; more < 2; more++) {
            struct seen seen = {.left = -1};
            char marker[MHSMI_MARKER_MAX + 1];
            size_t count = more ? 2 * most[i] : most[i], j;
            struct mhsmi_buf xml;

            mhsmi_buf_init(&xml, 65536);
            CHECK_FATAL(mhsmi_buf_puts(&xml, around[i][0]));
            for (j = 0; j < count; j++)
                CHECK_FATAL(mhsmi_buf_puts(&xml, "a"));
            CHECK_FATAL(mhsmi_buf_puts(&xml, around[i][1]));
            CHECK(read_page(mhsmi_buf_text(&xml), &seen, marker, NULL) ==
                  (more ? MHSM_ERR_PROTOCOL : MHSM_OK));
            mhsmi_buf_clear(&seen.text);
            mhsmi_buf_clear(&xml);
        }
    }
}

/* Who takes the blobs can stop. */
static void stopping(void)
{
    static const char xml[] =
        HEAD "<Blobs><Blob><Name>a</Name></Blob><Blob><Name>b</Name></Blob>"
             "</Blobs></EnumerationResults>";
    struct seen seen = {.left = 1};
    char marker[MHSMI_MARKER_MAX + 1];
    mhsm_error *err = NULL;

    CHECK(read_page(xml, &seen, marker, &err) == MHSM_ERR_MEMORY);
    CHECK_TEXT(mhsmi_buf_text(&seen.text), "a 0 0\n");
    mhsmi_buf_clear(&seen.text);
    mhsm_error_free(&err);
}

static void errors(void)
{
    static const char *const rows[][2] = {
        {"<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>"
         "ContainerNotFound</Code><Message>no\nsuch</Message></Error>",
         "ContainerNotFound"},
        {"<Error><Message/></Error>", ""},
        {"<Error><Code>a</Code>", ""},
        {"<Other><Code>a</Code></Other>", ""},
        {"{\"error\":1}", ""},
        {"", ""},
        {"<Error><Code>0123456789012345678901234567890123456789"
         "012345678901234567890123</Code></Error>",
         ""},
        {HEAD "<Blobs><Blob><Name>a</Name></Blob></Blobs><NextMarker>b"
              "</NextMarker></EnumerationResults>",
         ""},
    };
    struct mhsmi_blob_error error;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mhsmi_blob_error_read(rows[i][0], strlen(rows[i][0]), &error);
        CHECK_TEXT(error.code, rows[i][1]);
    }
}

int main(void)
{
    static const struct check checks[] = {
        {"pages", pages},       {"no pages", no_pages}, {"limits", limits},
        {"stopping", stopping}, {"errors", errors},     {NULL, NULL},
    };

    return check_main("blob list", checks);
}
