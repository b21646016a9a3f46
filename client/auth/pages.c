/* SPDX-License-Identifier: MIT
 *
 * Pages and the links between them.  Nothing of a page is kept when the next
 * has come.
 */
#include "auth/pages.h"

#include <string.h>

#include "base/error.h"

enum { pages_max = 100000, link_max = 8000 };

struct mhsmi_pages {
    struct mhsmi_session *session;
    const struct mhsmi_service *service;
    const char *member;
    char *endpoint, *path, *query, *what, *action;
    char *next; /* link to the next page */
    int begun, failed;
    struct json_object *page; /* owns what `items` points to */
    struct json_object *items;
    size_t at;
    /* Brent's cycle detection: one remembered link, replaced ever more
     * rarely, meets any circle without remembering all. */
    char *landmark;
    size_t count, until_landmark, stride;
};

mhsm_status mhsmi_pages_new(struct mhsmi_session *session,
                            const struct mhsmi_call *call, const char *member,
                            struct mhsmi_pages **pages, mhsm_error **err)
{
    struct mhsmi_pages *made = mhsmi_alloc(sizeof(*made));

    if (made == NULL)
        return mhsmi_error_memory(err);
    made->session = session;
    made->service = call->service;
    made->member = member;
    made->stride = 1;
    made->until_landmark = 1;
    made->endpoint = mhsmi_strdup(call->endpoint);
    made->path = mhsmi_strdup(call->path);
    made->query = mhsmi_strdup(call->query != NULL ? call->query : "");
    made->what = mhsmi_strdup(call->what);
    made->action = mhsmi_strdup(call->action);
    if (made->endpoint == NULL || made->path == NULL || made->query == NULL ||
        made->what == NULL || made->action == NULL) {
        mhsmi_pages_free(made);
        return mhsmi_error_memory(err);
    }
    *pages = made;
    return MHSM_OK;
}

void mhsmi_pages_free(struct mhsmi_pages *pages)
{
    if (pages == NULL)
        return;
    json_object_put(pages->page);
    mhsmi_free(pages->endpoint);
    mhsmi_free(pages->path);
    mhsmi_free(pages->query);
    mhsmi_free(pages->what);
    mhsmi_free(pages->action);
    mhsmi_free(pages->next);
    mhsmi_free(pages->landmark);
    mhsmi_free(pages);
}

const char *mhsmi_pages_endpoint(const struct mhsmi_pages *pages)
{
    return pages->endpoint;
}

static mhsm_status broken(const struct mhsmi_pages *pages, const char *why,
                          mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_PROTOCOL, "cannot %s: %s", pages->what,
                       why);
}

mhsm_status mhsmi_pages_broken(struct mhsmi_pages *pages, const char *why,
                               mhsm_error **err)
{
    pages->failed = 1;
    return broken(pages, why, err);
}

/* Take the page's link; refuse one that leads back. */
static mhsm_status take_link(struct mhsmi_pages *pages, const char *link,
                             mhsm_error **err)
{
    mhsmi_free(pages->next);
    pages->next = NULL;
    if (link == NULL || link[0] == '\0')
        return MHSM_OK;
    if (strlen(link) > link_max)
        return broken(pages, "the link to the next page is too long", err);
    if ((pages->landmark != NULL && strcmp(pages->landmark, link) == 0) ||
        ++pages->count > pages_max)
        return broken(pages, "the pages go round in a circle", err);
    pages->next = mhsmi_strdup(link);
    if (pages->next == NULL)
        return mhsmi_error_memory(err);
    if (--pages->until_landmark != 0)
        return MHSM_OK;
    pages->stride *= 2;
    pages->until_landmark = pages->stride;
    mhsmi_free(pages->landmark);
    pages->landmark = mhsmi_strdup(link);
    return pages->landmark != NULL ? MHSM_OK : mhsmi_error_memory(err);
}

/* A list is of the HSM that sent its first page. */
static mhsm_status stay_at(struct mhsmi_pages *pages, const char *served,
                           mhsm_error **err)
{
    char *endpoint;

    if (strcmp(pages->endpoint, served) == 0)
        return MHSM_OK;
    endpoint = mhsmi_strdup(served);
    if (endpoint == NULL)
        return mhsmi_error_memory(err);
    mhsmi_free(pages->endpoint);
    pages->endpoint = endpoint;
    return MHSM_OK;
}

static mhsm_status fetch_page(struct mhsmi_pages *pages, mhsm_error **err)
{
    struct mhsmi_call call = {0};
    struct json_object *page = NULL;
    const char *served = NULL;
    mhsm_status st;

    call.service = pages->service;
    call.method = "GET";
    call.endpoint = pages->endpoint;
    call.path = pages->path;
    call.query = pages->query[0] != '\0' ? pages->query : NULL;
    call.url = pages->next;
    call.retry = MHSMI_RETRY_REPEATABLE;
    call.what = pages->what;
    call.action = pages->action;
    call.served = &served;
    st = mhsmi_session_call(pages->session, &call, &page, err);
    if (st == MHSM_OK)
        st = stay_at(pages, served, err);
    if (st != MHSM_OK) {
        json_object_put(page);
        return st;
    }
    json_object_put(pages->page);
    pages->page = page;
    pages->items = mhsmi_json_array(page, pages->member);
    pages->at = 0;
    pages->begun = 1;
    if (pages->items == NULL) {
        st = broken(pages, "the answer is no list", err);
        pages->begun = 0;
        return st;
    }
    st = take_link(pages, mhsmi_json_string(page, "nextLink"), err);
    /* The rest cannot be reached: that must not look like the end. */
    pages->failed = st != MHSM_OK;
    return st;
}

mhsm_status mhsmi_pages_next(struct mhsmi_pages *pages,
                             struct json_object **item, mhsm_error **err)
{
    mhsm_status st;

    if (pages->failed)
        return broken(pages, "the listing has failed before", err);
    /* A page may be empty and still have a successor. */
    while (pages->items == NULL ||
           pages->at == json_object_array_length(pages->items)) {
        if (pages->begun && pages->next == NULL) {
            *item = NULL;
            return MHSM_OK;
        }
        st = fetch_page(pages, err);
        if (st != MHSM_OK)
            return st;
    }
    *item = json_object_array_get_idx(pages->items, pages->at++);
    return *item != NULL ? MHSM_OK
                         : mhsmi_pages_broken(pages, "an item is null", err);
}
