/* SPDX-License-Identifier: MIT
 *
 * Step: TLS, which is also the first request.  Names whoever issued the
 * certificates, since that is how an inspecting proxy shows.
 */
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/text.h"
#include "doctor/step.h"

enum { name_max = 300, day = 24 * 3600, soon = 14 * day };

/* Who issues certificates to Azure's services. */
static const char *const azure_issuers[] = {"Microsoft", "DigiCert"};

/* The caller frees; NULL when out of memory. */
static char *name_text(const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL, *octets = NULL;
    long size;

    if (bio != NULL &&
        X509_NAME_print_ex(bio, name, 0,
                           XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        size = BIO_get_mem_data(bio, &octets);
        text = mhsmi_strndup(size > 0 ? octets : "", (size_t)size);
    }
    BIO_free(bio);
    if (text != NULL)
        mhsmi_text_clean(text, name_max);
    return text;
}

static int64_t time_of(const ASN1_TIME *time)
{
    struct tm tm;

    return ASN1_TIME_to_tm(time, &tm) ? (int64_t)timegm(&tm) : 0;
}

static char *issuer_of(const struct doctor *doctor, int at)
{
    const STACK_OF(X509) *chain = doctor->probe.chain;

    if (chain == NULL || at >= sk_X509_num(chain))
        return NULL;
    return name_text(X509_get_issuer_name(sk_X509_value(chain, at)));
}

static void tell_certificate(struct doctor *doctor, struct json_object *list,
                             const X509 *certificate)
{
    char *subject = name_text(X509_get_subject_name(certificate));
    char *issuer = name_text(X509_get_issuer_name(certificate));
    int64_t end = time_of(X509_get0_notAfter(certificate));
    struct json_object *row = json_object_new_object();
    char until[DOCTOR_TIME_SIZE];

    (void)doctor_time(end, until);
    if (subject == NULL || issuer == NULL || row == NULL ||
        !mhsmi_json_add_string(row, "subject", subject) ||
        !mhsmi_json_add_string(row, "issuer", issuer) ||
        !mhsmi_json_add_string(row, "notAfter", until) ||
        json_object_array_add(list, json_object_get(row)) != 0)
        doctor->out_of_memory = 1;
    else
        doctor_say(doctor, DOCTOR_OK, NULL, NULL,
                   "certificate %s, issued by %s, until %s", subject, issuer,
                   until);
    json_object_put(row);
    mhsmi_free(subject);
    mhsmi_free(issuer);
}

static void tell_chain(struct doctor *doctor)
{
    struct json_object *list = json_object_new_array();
    int i, count = doctor->probe.chain != NULL
                       ? sk_X509_num(doctor->probe.chain)
                       : 0;

    for (i = 0; list != NULL && i < count; i++)
        tell_certificate(doctor, list, sk_X509_value(doctor->probe.chain, i));
    doctor_fact_json(doctor, "certificates", list);
}

/* Azure's name, and a certificate that none of Azure's issuers made. */
static int is_inspected(const struct doctor *doctor)
{
    char *issuer = issuer_of(doctor, 0);
    int known = issuer == NULL;
    size_t i;

    for (i = 0; !known && i < sizeof(azure_issuers) / sizeof(azure_issuers[0]);
         i++)
        known = mhsmi_text_find(issuer, azure_issuers[i]) != NULL;
    mhsmi_free(issuer);
    return !known && mhsmi_endpoint_resource(doctor->url.host) != NULL;
}

static const char inspected[] =
    "something on the way inspects TLS: this issuer makes no certificates for "
    "Azure, and whoever it is can read the tokens";
static const char let_pass[] =
    "have the inspecting proxy leave the HSM's host alone, or, if it may see "
    "the tokens, set ca-file to its root certificate";

static const struct {
    int error;
    const char *means, *next;
} refusals[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED,
     "the certificate has expired, or this machine's clock is ahead",
     "compare the clock; then renew the certificate"},
    {X509_V_ERR_CERT_NOT_YET_VALID,
     "the certificate is not valid yet: this machine's clock is behind",
     "set the clock"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     "none of the trusted roots vouches for the issuer",
     "set ca-file to the issuer's root certificate; for Azure's own, install "
     "ca-certificates and leave ca-file unset"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
     "none of the trusted roots vouches for the issuer",
     "set ca-file to the issuer's root certificate; for Azure's own, install "
     "ca-certificates and leave ca-file unset"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
     "the chain ends in a root that is not trusted here",
     "set ca-file to that root certificate, if it is the right one"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
     "the certificate is self-signed, and not trusted here",
     "set ca-file to that very certificate, if it is the right one"},
    {X509_V_OK, NULL, NULL},
};

static void tell_refusal(struct doctor *doctor)
{
    const struct doctor_probe *probe = &doctor->probe;
    size_t i, last = sizeof(refusals) / sizeof(refusals[0]) - 1;
    char *issuer;

    if (is_inspected(doctor)) {
        issuer = issuer_of(doctor, 0);
        doctor_say(doctor, DOCTOR_FAIL, inspected, let_pass,
                   "the certificate was issued by %s",
                   issuer != NULL ? issuer : "?");
        mhsmi_free(issuer);
    }
    for (i = 0; i < last && refusals[i].error != probe->verify_error; i++)
        continue;
    if (probe->verify_error != X509_V_OK)
        doctor_say(doctor, DOCTOR_FAIL, refusals[i].means, refusals[i].next,
                   "the certificate is not accepted: %s",
                   X509_verify_cert_error_string(probe->verify_error));
    else if (probe->shaken && probe->status == MHSM_ERR_TLS)
        doctor_say(doctor, DOCTOR_FAIL,
                   "another host answers at this address, or the HSM is not "
                   "called by the name in its certificate",
                   "give the HSM's ordinary name as endpoint, and check where "
                   "it leads",
                   "%s", mhsm_error_message(probe->error));
}

static void tell_session(struct doctor *doctor)
{
    const struct doctor_probe *probe = &doctor->probe;

    if (!probe->shaken)
        return;
    doctor_say(doctor, DOCTOR_OK, NULL, NULL, "%s, %s%s%s, %s", probe->protocol,
               probe->cipher, probe->group != NULL ? ", group " : "",
               probe->group != NULL ? probe->group : "", probe->http);
    doctor_fact(doctor, "protocol", probe->protocol);
    doctor_fact(doctor, "cipher", probe->cipher);
    doctor_fact(doctor, "group", probe->group);
    doctor_fact(doctor, "http", probe->http);
    doctor_fact_number(doctor, "connectMicroseconds", probe->connect_us);
    doctor_fact_number(doctor, "tlsMicroseconds", probe->tls_us);
}

static void tell_expiry(struct doctor *doctor)
{
    int64_t end, now = mhsmi_clock_unix();

    if (doctor->probe.chain == NULL || sk_X509_num(doctor->probe.chain) == 0)
        return;
    end = time_of(X509_get0_notAfter(sk_X509_value(doctor->probe.chain, 0)));
    if (end > now && end - now < soon)
        doctor_say(doctor, DOCTOR_WARN, NULL,
                   "Azure renews its certificates by itself; renew any other",
                   "the certificate ends in %lld days",
                   (long long)((end - now) / day));
}

static int run_probe(struct doctor *doctor)
{
    struct mhsmi_buf path;
    char *url = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = MHSM_ERR_MEMORY;

    mhsmi_buf_init(&path, name_max);
    if (doctor_path(doctor, &path))
        url = mhsmi_asprintf("%s%s", doctor->endpoint, mhsmi_buf_text(&path));
    if (url != NULL)
        st = doctor_probe_run(&doctor->probe, &doctor->transport, url,
                              doctor->deadline_ms, &err);
    else
        doctor->out_of_memory = 1;
    if (err != NULL)
        doctor_say_error(doctor, DOCTOR_FAIL, err, NULL);
    mhsm_error_free(&err);
    mhsmi_free(url);
    mhsmi_buf_clear(&path);
    return st == MHSM_OK;
}

void doctor_tls(struct doctor *doctor)
{
    const struct doctor_probe *probe = &doctor->probe;

    if (!run_probe(doctor))
        return;
    if (probe->address != NULL)
        doctor_say(doctor, DOCTOR_OK, NULL, NULL, "connected to %s%s",
                   probe->address, doctor->proxy != NULL ? " (the proxy)" : "");
    tell_session(doctor);
    tell_chain(doctor);
    tell_expiry(doctor);
    if (probe->status == MHSM_OK) {
        doctor->has |= DOCTOR_HAS_ANSWER;
        if (is_inspected(doctor))
            doctor_say(doctor, DOCTOR_WARN, inspected, let_pass,
                       "the certificate is accepted, but not one of Azure's");
        return;
    }
    tell_refusal(doctor);
    if (doctor->mark != DOCTOR_FAIL)
        doctor_say_error(doctor, DOCTOR_FAIL, probe->error, NULL);
}
