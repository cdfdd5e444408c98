/* The life of a call: offers, answers, associations, the end. See call.h. */
#include "call.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "survive.h"

enum { DAY = 86400, MTU = 1400, TLS_ID_BYTES = 15, DEADLINE = 10 * 1000000 };

static int random_bytes(uint8_t *bytes, size_t length) {
    FILE *random = fopen("/dev/urandom", "rb");
    size_t count = random != NULL ? fread(bytes, 1, length, random) : 0;
    if (random != NULL) {
        (void)fclose(random);
    }
    return count == length ? 0 : RTPGATE_ERR_IO;
}

int call_new(struct call **out, rtpgate_endpoint *endpoint, rtpgate_identity *identity) {
    uint8_t random[CALL_ID / 2];
    struct call *call = calloc(1, sizeof(*call));
    if (call == NULL || random_bytes(random, sizeof(random)) != 0) {
        free(call);
        return RTPGATE_ERR_NOMEM;
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        (void)snprintf(call->id + 2 * i, 3, "%02x", random[i]);
    }
    call->endpoint = endpoint;
    call->identity = rtpgate_identity_ref(identity);
    call->timeline.start = call->heard = rtpgate_endpoint_now();
    *out = call;
    return 0;
}

void call_free(struct call *call) {
    if (call != NULL) {
        call_forget(call);
        rtpgate_endpoint_remove(call->endpoint, call->peer);
        rtpgate_peer_free(call->peer);
        rtpgate_identity_free(call->identity);
        free(call);
    }
}

/* What has been agreed while an offer is looked at; it becomes the call's when all went well. */
struct agreement {
    rtpgate_identity *identity;
    struct rtpgate_association association;
    struct rtpgate_description local;
    int verdict;
};

static int choose_identity(struct agreement *agreement, const struct call *call,
                           const struct wishes *wishes) {
    uint64_t date = (uint64_t)time(NULL);
    if (wishes->new_identity) {
        return rtpgate_identity_generate(&agreement->identity, date - DAY, date + 30 * DAY);
    }
    agreement->identity = rtpgate_identity_ref(call->identity);
    return 0;
}

/* What we would say of DTLS if there was a new association. */
static int describe(struct agreement *agreement, const struct offer *offer,
                    const struct wishes *wishes) {
    struct rtpgate_description *local = &agreement->local;
    uint8_t random[TLS_ID_BYTES];
    int status = rtpgate_identity_fingerprint(agreement->identity, RTPGATE_HASH_SHA256,
                                              &local->fingerprints[0]);
    local->fingerprint_count = 1;
    local->setup = wishes->setup;
    if (status == 0 && offer->dtls.tls_id[0] != '\0') { /* RFC 8842 5.3: only when it is offered */
        status = random_bytes(random, sizeof(random));
        if (status == 0) {
            status =
                rtpgate_tls_id_make(local->tls_id, sizeof(local->tls_id), random, sizeof(random));
        }
    }
    return status < 0 ? status : 0;
}

static int agree(struct agreement *agreement, const struct call *call, const struct offer *offer,
                 const struct wishes *wishes, const char **why) {
    struct rtpgate_exchange exchange = {.local = &agreement->local, .remote = &offer->dtls};
    int status = choose_identity(agreement, call, wishes);
    if (status == 0) {
        status = describe(agreement, offer, wishes);
    }
    if (status < 0) {
        return status;
    }
    agreement->association = call->association;
    agreement->verdict =
        rtpgate_negotiate_answer(&agreement->local, &agreement->association, &exchange, why);
    return agreement->verdict < 0 ? agreement->verdict
                                  : rtpgate_negotiate(&agreement->association, &exchange, why);
}

static int make_config(rtpgate_config **out, rtpgate_identity *identity,
                       const struct wishes *wishes, bool resumable) {
    const struct rtpgate_media_settings media = {.resumable = resumable};
    int status = rtpgate_config_new(out, identity);
    if (status == 0) {
        /* SCTP packets of browsers reach 1200 bytes: a record of the default 1200 is too small. */
        status = rtpgate_config_set_mtu(*out, MTU);
    }
    if (status == 0) {
        status = rtpgate_config_set_deadline(*out, DEADLINE);
    }
    if (status == 0) {
        status = rtpgate_config_set_media(*out, &media, sizeof(media));
    }
    if (status == 0 && wishes->profile_count > 0) {
        status = rtpgate_config_set_profiles(*out, wishes->profiles, wishes->profile_count);
    }
    return status;
}

/* The first association comes with the peer. */
static int make_association(struct call *call, rtpgate_config *config, enum rtpgate_role role,
                            uint64_t now) {
    if (call->peer != NULL) {
        return rtpgate_peer_restart(call->peer, config, role, now);
    }
    int status = rtpgate_peer_new(&call->peer, config, role, now);
    return status == 0 ? rtpgate_endpoint_add(call->endpoint, call->peer) : status;
}

static int expect_browser(struct call *call, const struct offer *offer, uint64_t now) {
    return rtpgate_session_set_remote(rtpgate_peer_session(call->peer), offer->dtls.fingerprints,
                                      offer->dtls.fingerprint_count, now);
}

static int begin_association(struct call *call, const struct agreement *agreement,
                             const struct offer *offer, const struct wishes *wishes) {
    rtpgate_config *config = NULL;
    uint64_t now = rtpgate_endpoint_now();
    int status = make_config(&config, agreement->identity, wishes, call->keeper != NULL);
    if (status == 0) {
        status = make_association(call, config, agreement->association.role, now);
    }
    rtpgate_config_free(config); /* the session has its own reference */
    if (status == 0 && !wishes->late) {
        status = expect_browser(call, offer, now);
    }
    memset(&call->session, 0, sizeof(call->session));
    call->associations += status == 0;
    call->started = false;
    return status;
}

static int begin_ice(struct call *call, const struct offer *offer) {
    struct ice_credentials credentials;
    if (strlen(call->remote_ufrag) == offer->ufrag.length &&
        memcmp(call->remote_ufrag, offer->ufrag.text, offer->ufrag.length) == 0) {
        return 0;
    }
    if (ice_new_credentials(&credentials) != 0) {
        return RTPGATE_ERR_IO;
    }
    call->ice[1] = call->ice[0]; /* checks with the old ones are under way */
    call->ice[0] = credentials;
    call->checked = false;
    memcpy(call->remote_ufrag, offer->ufrag.text, offer->ufrag.length);
    call->remote_ufrag[offer->ufrag.length] = '\0';
    return 0;
}

static bool wants_echo(const struct offer *offer) {
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct section *section = &offer->sections[i];
        if (section->kind == SECTION_MEDIA && section->sends && section->receives) {
            return true;
        }
    }
    return false;
}

static void write_answer(struct call *call, const struct offer *offer, const char *address,
                         const struct agreement *agreement, FILE *out) {
    char dtls[RTPGATE_DESCRIPTION_MAX_TEXT];
    struct terms terms = {.address = address,
                          .port = rtpgate_endpoint_port(call->endpoint),
                          .ufrag = call->ice[0].ufrag,
                          .password = call->ice[0].password,
                          .dtls = dtls,
                          .version = ++call->answers};
    if (rtpgate_description_format(&agreement->local, dtls, sizeof(dtls)) > 0) {
        answer_write(out, offer, &terms);
    }
}

static int take_offer(struct call *call, const struct offer *offer, const struct wishes *wishes,
                      struct agreement *agreement, const char **why) {
    int status = agree(agreement, call, offer, wishes, why);
    if (status >= 0) {
        status = begin_ice(call, offer);
    }
    if (status == 0 && agreement->verdict == RTPGATE_NEW) {
        return begin_association(call, agreement, offer, wishes);
    }
    if (status == 0 && call->wishes.late && !wishes->late) {
        status = expect_browser(call, offer, rtpgate_endpoint_now());
    }
    return status;
}

int call_answer(struct call *call, const struct offer *offer, const struct wishes *wishes,
                const char *address, FILE *out, const char **why) {
    struct agreement agreement = {.verdict = RTPGATE_KEEP};
    int status = take_offer(call, offer, wishes, &agreement, why);
    if (status != 0) {
        rtpgate_identity_free(agreement.identity);
        return status;
    }
    rtpgate_identity_free(call->identity);
    call->identity = agreement.identity;
    call->association = agreement.association;
    call->wishes = *wishes;
    call->echoes = wants_echo(offer) && !wishes->mute;
    write_answer(call, offer, address, &agreement, out);
    timeline_add(&call->timeline, rtpgate_endpoint_now(), LANE_SIGNAL, DIRECTION_NONE, 0,
                 "offer %u answered: %s", call->answers,
                 agreement.verdict == RTPGATE_NEW ? "a new association"
                                                  : "the association is kept");
    return 0;
}

bool call_is_addressed(const struct call *call, const uint8_t *stun, size_t length) {
    return ice_is_for(&call->ice[0], stun, length) || ice_is_for(&call->ice[1], stun, length);
}

enum rtpgate_state call_state(const struct call *call) {
    const rtpgate_session *session = rtpgate_peer_session(call->peer);
    bool media_alone = session == NULL && rtpgate_peer_media(call->peer) != NULL;
    return media_alone ? RTPGATE_STATE_READY : rtpgate_session_state(session);
}

bool call_is_over(const struct call *call) {
    return call->ended_at != 0 || call_state(call) > RTPGATE_STATE_READY;
}

void call_end(struct call *call, const char *why) {
    uint64_t now = rtpgate_endpoint_now();
    if (call->ended_at != 0) {
        return;
    }
    call->ended_at = now;
    timeline_add(&call->timeline, now, LANE_SIGNAL, DIRECTION_NONE, 0, "%s", why);
    (void)rtpgate_peer_close(call->peer, now);
    call_drain(call, NULL);
}
