/* SPDX-License-Identifier: MIT
 *
 * Where in the document an element is, is a path of names; what is wanted of it
 * is a table of such paths.
 */
#include "backup/blob_list.h"

#include <string.h>

#include <expat.h>

#include "base/buf.h"
#include "base/libcurl.h"

enum { path_max = 256, text_max = MHSMI_MARKER_MAX, depth_max = 12 };

struct reader {
    XML_Parser parser;
    struct mhsmi_buf path; /* "/EnumerationResults/Blobs/Blob" */
    size_t ends[depth_max];
    int depth;
    struct mhsmi_buf text; /* of the innermost element */
    int is_list;           /* the root is that of a list */
    char name[MHSMI_BLOB_NAME_MAX + 1];
    int64_t modified;
    uint64_t size;
    char *marker;
    mhsmi_blob_taker *take;
    void *context;
    int stopped; /* for want of memory */
    struct mhsmi_blob_error *error;
};

static void stop(struct reader *reader)
{
    (void)XML_StopParser(reader->parser, XML_FALSE);
}

static void take_name(struct reader *reader, const char *text)
{
    if (strlen(text) > MHSMI_BLOB_NAME_MAX)
        stop(reader);
    else
        memcpy(reader->name, text, strlen(text) + 1);
}

static void take_modified(struct reader *reader, const char *text)
{
    const struct mhsmi_libcurl *curl = mhsmi_libcurl();
    time_t at = curl != NULL ? curl->getdate(text, NULL) : -1;

    reader->modified = at > 0 ? (int64_t)at : 0;
}

static void take_size(struct reader *reader, const char *text)
{
    uint64_t size = 0;
    size_t i;

    for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 18; i++)
        size = size * 10 + (uint64_t)(text[i] - '0');
    if (i == 0 || text[i] != '\0')
        stop(reader);
    reader->size = size;
}

static void take_blob(struct reader *reader, const char *text)
{
    struct mhsmi_blob blob = {reader->name, reader->modified, reader->size};

    (void)text;
    if (reader->name[0] == '\0') {
        stop(reader);
    } else if (!reader->take(reader->context, &blob)) {
        reader->stopped = 1;
        stop(reader);
    }
    reader->name[0] = '\0';
    reader->modified = 0;
    reader->size = 0;
}

static void take_marker(struct reader *reader, const char *text)
{
    memcpy(reader->marker, text, strlen(text) + 1); /* text_max */
}

static void take_list(struct reader *reader, const char *text)
{
    (void)text;
    reader->is_list = 1;
}

static void take_code(struct reader *reader, const char *text)
{
    size_t size = strlen(text);

    if (reader->error != NULL && size < sizeof(reader->error->code))
        memcpy(reader->error->code, text, size + 1);
}

#define BLOB "/EnumerationResults/Blobs/Blob"

/* Called at the end of the element. */
static const struct {
    const char *path;
    void (*take)(struct reader *reader, const char *text);
    int of_list; /* not of an error */
} wanted[] = {
    {BLOB "/Name", take_name, 1},
    {BLOB "/Properties/Last-Modified", take_modified, 1},
    {BLOB "/Properties/Content-Length", take_size, 1},
    {BLOB, take_blob, 1},
    {"/EnumerationResults/NextMarker", take_marker, 1},
    {"/EnumerationResults", take_list, 1},
    {"/Error/Code", take_code, 0},
};

static void XMLCALL start_element(void *context, const char *name,
                                  const char **attributes)
{
    struct reader *reader = context;

    (void)attributes;
    mhsmi_buf_clear(&reader->text);
    if (reader->depth == depth_max) {
        stop(reader);
        return;
    }
    reader->ends[reader->depth++] = reader->path.size;
    if (!mhsmi_buf_join(&reader->path, "/", name, NULL))
        stop(reader);
}

static void XMLCALL add_text(void *context, const char *text, int size)
{
    struct reader *reader = context;

    if (!mhsmi_buf_append(&reader->text, text, (size_t)size))
        stop(reader);
}

static void XMLCALL end_element(void *context, const char *name)
{
    struct reader *reader = context;
    const char *path = mhsmi_buf_text(&reader->path);
    size_t i;

    (void)name;
    for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (wanted[i].of_list == (reader->error == NULL) &&
            strcmp(wanted[i].path, path) == 0)
            wanted[i].take(reader, mhsmi_buf_text(&reader->text));
    }
    mhsmi_buf_clear(&reader->text);
    reader->path.size = reader->ends[--reader->depth];
    if (reader->path.data != NULL)
        reader->path.data[reader->path.size] = '\0';
}

/* Documents of this service have none; entities come with it. */
static void XMLCALL refuse_doctype(void *context, const char *name,
                                   const char *system, const char *public,
                                   int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    stop(context);
}

static int read_document(struct reader *reader, const void *xml, size_t size)
{
    int ok = 0;

    mhsmi_buf_init(&reader->path, path_max);
    mhsmi_buf_init(&reader->text, text_max);
    reader->parser = XML_ParserCreate("UTF-8");
    if (reader->parser == NULL) {
        reader->stopped = 1;
    } else {
        XML_SetUserData(reader->parser, reader);
        XML_SetElementHandler(reader->parser, start_element, end_element);
        XML_SetCharacterDataHandler(reader->parser, add_text);
        XML_SetStartDoctypeDeclHandler(reader->parser, refuse_doctype);
        ok = size <= INT32_MAX && XML_Parse(reader->parser, xml, (int)size,
                                            XML_TRUE) == XML_STATUS_OK;
        XML_ParserFree(reader->parser);
    }
    mhsmi_buf_clear(&reader->text);
    mhsmi_buf_clear(&reader->path);
    return ok;
}

mhsm_status mhsmi_blob_page_read(const void *xml, size_t size,
                                 mhsmi_blob_taker *take, void *context,
                                 char *marker, mhsm_error **err)
{
    struct reader reader = {0};
    int ok;

    reader.take = take;
    reader.context = context;
    reader.marker = marker;
    marker[0] = '\0';
    ok = size != 0 && read_document(&reader, xml, size);
    if (reader.stopped)
        return mhsmi_error_memory(err);
    if (!ok || !reader.is_list)
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "the storage account's answer is no list of blobs");
    return MHSM_OK;
}

void mhsmi_blob_error_read(const void *xml, size_t size,
                           struct mhsmi_blob_error *out)
{
    struct reader reader = {0};

    out->code[0] = '\0';
    reader.error = out;
    if (size != 0 && !read_document(&reader, xml, size))
        out->code[0] = '\0';
}
