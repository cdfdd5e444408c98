/*
 * libsrtp with the ciphers that it came with and libsrtp with ours do the same to random packets:
 * contexts that were made before the exchange keep theirs. RTPGATE_PACKETS says how many packets
 * (default 40000), RTPGATE_SEED from which seed (default 1).
 */
#include <stdbool.h>
#include <stdlib.h>

#include <srtp2/srtp.h>

#include "media.h"
#include "srtp/crypto.h"
#include "suite.h"

enum { LONGEST = 1500, SSRCS = 3, MASTER = 46 };

typedef void set_policy(srtp_crypto_policy_t *policy);

/* Every policy that uses a cipher of ours: also those that are no DTLS-SRTP profile. */
static const struct {
    set_policy *rtp;
    set_policy *rtcp;
} policies[] = {
    {srtp_crypto_policy_set_rtp_default, srtp_crypto_policy_set_rtp_default},
    {srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32, srtp_crypto_policy_set_rtp_default},
    {srtp_crypto_policy_set_aes_gcm_128_16_auth, srtp_crypto_policy_set_aes_gcm_128_16_auth},
    {srtp_crypto_policy_set_aes_gcm_256_16_auth, srtp_crypto_policy_set_aes_gcm_256_16_auth},
    {srtp_crypto_policy_set_aes_gcm_128_8_auth, srtp_crypto_policy_set_aes_gcm_128_8_auth},
    {srtp_crypto_policy_set_aes_gcm_256_8_auth, srtp_crypto_policy_set_aes_gcm_256_8_only_auth},
    {srtp_crypto_policy_set_aes_gcm_128_8_only_auth,
     srtp_crypto_policy_set_aes_gcm_128_8_only_auth},
    {srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
     srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    {srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
     srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    {srtp_crypto_policy_set_aes_cm_128_null_auth, srtp_crypto_policy_set_rtp_default},
    {srtp_crypto_policy_set_null_cipher_hmac_sha1_80,
     srtp_crypto_policy_set_null_cipher_hmac_sha1_80},
};

enum { POLICIES = sizeof policies / sizeof policies[0] };

/* A sender and a receiver; [1] also encrypts header extensions 1 and 2 (RFC 6904). */
struct ends {
    srtp_t sender;
    srtp_t receiver;
};
static struct ends theirs[POLICIES][2];
static struct ends ours[POLICIES][2];
static unsigned sequences[POLICIES][2][SSRCS];

struct packet {
    uint8_t bytes[LONGEST + SRTP_MAX_TRAILER_LEN];
    int length;
};

typedef srtp_err_status_t transform(srtp_t session, void *packet, int *length);

static uint64_t seed = 1;

static unsigned draw(unsigned limit) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 32) % limit;
}

static srtp_t make(size_t which, bool extensions, srtp_ssrc_type_t type) {
    static int encrypted[] = {1, 2};
    static uint8_t master[MASTER];
    srtp_policy_t policy;
    srtp_t session = NULL;

    memset(&policy, 0, sizeof policy);
    for (size_t i = 0; i < sizeof master; i++) {
        master[i] = (uint8_t)(17 * i + which);
    }
    policies[which].rtp(&policy.rtp);
    policies[which].rtcp(&policy.rtcp);
    policy.ssrc.type = type;
    policy.key = master;
    policy.window_size = 1024;
    policy.enc_xtn_hdr = extensions ? encrypted : NULL;
    policy.enc_xtn_hdr_count = extensions ? 2 : 0;
    ck_assert_int_eq(srtp_create(&session, &policy), srtp_err_status_ok);
    return session;
}

static void make_all(struct ends ends[POLICIES][2]) {
    for (size_t i = 0; i < POLICIES; i++) {
        for (size_t k = 0; k < 2; k++) {
            ends[i][k].sender = make(i, k == 1, ssrc_any_outbound);
            ends[i][k].receiver = make(i, k == 1, ssrc_any_inbound);
        }
    }
}

static void free_all(struct ends ends[POLICIES][2]) {
    for (size_t i = 0; i < POLICIES; i++) {
        for (size_t k = 0; k < 2; k++) {
            ck_assert_int_eq(srtp_dealloc(ends[i][k].sender), srtp_err_status_ok);
            ck_assert_int_eq(srtp_dealloc(ends[i][k].receiver), srtp_err_status_ok);
        }
    }
}

/* Elements of random lengths, with padding between, in the one-byte or two-byte form of RFC 8285;
 * or random bytes. Returns the length of the extension. */
static size_t fill_extension(uint8_t *out) {
    unsigned form = draw(5);
    size_t words = draw(40);
    size_t length = 4 * words;
    size_t at = 0;

    media_put_u16(out, form < 2 ? 0xbede : form < 4 ? 0x1000 : draw(65536));
    media_put_u16(out + 2, (unsigned)words);
    while (form < 4 && at < length) {
        size_t element = draw(3) == 0 ? draw(16) : draw(4);

        if (draw(4) == 0 || at + element + 2 > length) {
            out[4 + at++] = 0;
        } else if (form < 2) {
            out[4 + at] = (uint8_t)((1 + draw(14)) << 4 | element);
            at += element + 2;
        } else {
            out[4 + at] = (uint8_t)(1 + draw(5));
            out[4 + at + 1] = (uint8_t)element;
            at += element + 2;
        }
    }
    return 4 + length;
}

static void fill_rtp(struct packet *packet, unsigned *sequence, uint32_t ssrc) {
    unsigned csrcs = draw(3) == 0 ? draw(16) : 0;
    size_t header = 12 + 4 * (size_t)csrcs;
    bool extended = draw(2) == 0;

    *sequence += 1 + (draw(20) == 0 ? draw(1000) : 0);
    packet->bytes[0] = (uint8_t)(0x80 | draw(2) << 5 | (extended ? 0x10 : 0) | csrcs);
    media_put_u16(packet->bytes + 2, *sequence & 0xffff);
    media_put_u32(packet->bytes + 8, ssrc);
    if (extended) {
        header += fill_extension(packet->bytes + header);
    }
    packet->length = (int)(header + draw(draw(3) == 0 ? 40 : LONGEST - (unsigned)header));
}

static void fill_rtcp(struct packet *packet, uint32_t ssrc) {
    packet->length = (int)(8 + draw(draw(3) == 0 ? 40 : LONGEST - 8));
    packet->bytes[0] = (uint8_t)(0x80 | draw(32));
    media_put_u32(packet->bytes + 4, ssrc);
}

/* Both do `call` to the packet: the same status, and the same bytes. */
static srtp_err_status_t run_both(transform *call, srtp_t their, srtp_t our,
                                  struct packet *packet) {
    static struct packet copy;
    srtp_err_status_t status;

    copy = *packet;
    status = call(their, copy.bytes, &copy.length);
    ck_assert_int_eq(call(our, packet->bytes, &packet->length), status);
    if (status == srtp_err_status_ok) {
        ck_assert_int_eq(packet->length, copy.length);
        ck_assert_mem_eq(packet->bytes, copy.bytes, (size_t)copy.length);
    }
    return status;
}

struct tally {
    unsigned long protected;
    unsigned long opened;
    unsigned long refused;
};

static void exchange_one(struct tally *tally) {
    static struct packet packet;
    size_t which = draw(POLICIES);
    size_t kind = draw(2);
    uint32_t ssrc = draw(SSRCS);
    bool rtp = draw(4) > 0;
    struct ends *their = &theirs[which][kind];
    struct ends *our = &ours[which][kind];

    for (size_t i = 0; i < sizeof packet.bytes; i++) {
        packet.bytes[i] = (uint8_t)draw(256);
    }
    if (rtp) {
        fill_rtp(&packet, &sequences[which][kind][ssrc], ssrc);
    } else {
        fill_rtcp(&packet, ssrc);
    }
    if (run_both(rtp ? srtp_protect : srtp_protect_rtcp, their->sender, our->sender, &packet) !=
        srtp_err_status_ok) {
        return;
    }
    tally->protected ++;
    if (draw(8) == 0) {
        packet.bytes[draw((unsigned)packet.length)] ^= (uint8_t)(1u << draw(8));
    }
    if (run_both(rtp ? srtp_unprotect : srtp_unprotect_rtcp, their->receiver, our->receiver,
                 &packet) == srtp_err_status_ok) {
        tally->opened++;
    } else {
        tally->refused++;
    }
}

static unsigned long number(const char *name, unsigned long otherwise) {
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

START_TEST(random_packets_come_out_the_same) {
    unsigned long packets = number("RTPGATE_PACKETS", 40000);
    struct tally tally = {0, 0, 0};

    seed = number("RTPGATE_SEED", 1) * 0x9e3779b97f4a7c15u + 1;
    ck_assert_int_eq(srtp_init(), srtp_err_status_ok);
    make_all(theirs);
    ck_assert_int_eq(rg_crypto_install(), srtp_err_status_ok);
    make_all(ours);
    for (unsigned long i = 0; i < packets; i++) {
        exchange_one(&tally);
    }
    ck_assert_uint_gt(tally.protected, packets * 8 / 10);
    ck_assert_uint_gt(tally.opened, packets * 7 / 10);
    ck_assert_uint_gt(tally.refused, packets / 20);
    free_all(theirs);
    free_all(ours);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_differential");
    TCase *tests = suite_case(suite, "media_differential");

    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, random_packets_come_out_the_same);
    return suite_run(suite);
}
