/* SPDX-License-Identifier: MIT
 *
 * Reads of the HSM, each sent once: what a retry would hide is what people
 * came to see.
 */
#include <string.h>

#include "auth/service_error.h"
#include "auth/transport.h"
#include "base/clock.h"
#include "doctor/step.h"

enum { url_max = 2048, answer_max = 1024 * 1024 };

int doctor_path(const struct doctor *doctor, struct mhsmi_buf *path)
{
    const char *version = mhsm_config_get(doctor->config, "api-version");
    const char *key = doctor->request->key;

    if (key != NULL)
        return mhsmi_buf_printf(path, "/keys/%s?api-version=%s", key, version);
    return mhsmi_buf_printf(path, "/keys?api-version=%s&maxresults=1", version);
}

mhsm_status doctor_get(struct doctor *doctor, const char *path,
                       struct mhsmi_response *response, mhsm_error **err)
{
    char uuid[MHSMI_UUID_SIZE];
    struct mhsmi_header headers[] = {
        {"Accept", "application/json"},
        {"x-ms-client-request-id", uuid},
        {"Authorization", mhsmi_buf_text(&doctor->bearer)},
    };
    struct mhsmi_request request = {.transport = &doctor->transport,
                                    .method = "GET",
                                    .headers = headers,
                                    .header_count = 2,
                                    .max_response = answer_max,
                                    .deadline_ms = doctor->deadline_ms};
    struct mhsmi_buf url;
    mhsm_status st;

    if (!mhsmi_uuid(uuid))
        return mhsmi_error(err, MHSM_ERR_INTERNAL,
                           "the kernel gives no random octets");
    if (doctor->bearer.size != 0)
        request.header_count = 3;
    mhsmi_buf_init(&url, url_max);
    if (!mhsmi_buf_printf(&url, "%s%s", doctor->endpoint, path)) {
        st = mhsmi_error_memory(err);
    } else {
        request.url = mhsmi_buf_text(&url);
        st = mhsmi_engine_perform(&request, response, NULL, err);
    }
    mhsmi_buf_clear(&url);
    return st;
}

mhsm_status doctor_read(struct doctor *doctor, const char *path,
                        const char *what, const char *action,
                        struct json_object **answer, mhsm_error **err)
{
    struct mhsmi_call call = {
        .method = "GET", .path = path, .what = what, .action = action};
    struct mhsmi_response response;
    mhsm_status st;

    mhsmi_response_init(&response);
    st = doctor_get(doctor, path, &response, err);
    if (st == MHSM_OK && response.status / 100 != 2) {
        st = mhsmi_service_error(&response, &call, err);
    } else if (st == MHSM_OK) {
        *answer = mhsmi_json_parse(response.body.data, response.body.size);
        if (*answer == NULL)
            st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                             "cannot %s: the answer (%zu octets) is not JSON",
                             what, response.body.size);
    }
    mhsmi_response_clear(&response);
    return st;
}
