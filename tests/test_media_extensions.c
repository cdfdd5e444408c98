/*
 * Encrypted header extensions (RFC 6904; RFC 7714 8.3 with AEAD): the vectors of RFC 6904 A prove a
 * computation of their own, and it proves the library.
 */
#include <rtpgate/media.h>

#include "computed.h"

enum { SSRC = 0x7c0ffee5, ROOM = 600, EXTENSION = 24, ELEMENTS_MAX = 200 };

static uint64_t seed = 1;

static unsigned draw(unsigned limit) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 32) % limit;
}

/* RFC 6904 3.1 and 3.2: labels 6 and 7; the same IV as for the payload of AES-CM, which RFC
 * 7714 8.3 wants with AEAD, too. It does not say how long the salt is then: for libsrtp as long as
 * that of AEAD, with zeros behind it. */
static void header_keystream(const struct rtpgate_srtp_keys *keys, uint32_t ssrc, uint64_t index,
                             uint8_t *out, size_t length) {
    const struct rtpgate_srtp_master *master = &keys->client;
    size_t key_length = keys->key_length;
    uint8_t key[32];
    uint8_t iv[AES_BLOCK] = {0};
    uint8_t bytes[4];

    derive(master->key, key_length, master->salt, 6, key, key_length);
    derive(master->key, key_length, master->salt, 7, iv, keys->salt_length);
    media_put_u32(bytes, ssrc);
    xor_into(iv + 4, bytes, 4);
    for (size_t i = 0; i < 6; i++) {
        iv[8 + i] ^= (uint8_t)(index >> (40 - 8 * i));
    }
    memset(out, 0, length);
    aes_cm(key, key_length, iv, out, length);
}

/* The keys of RFC 3711 B.3, which RFC 6904 A goes on with. */
static struct rtpgate_srtp_keys rfc_6904_keys(void) {
    struct rtpgate_srtp_keys keys = {.profile = RTPGATE_SRTP_AES128_CM_SHA1_80,
                                     .key_length = 16,
                                     .salt_length = 14,
                                     .local_is_client = true};

    from_hex(keys.client.key, 16, "e1f97a0d3e018be0d64fa32c06de4139");
    from_hex(keys.client.salt, 14, "0ec675ad498afeebb6960b3aabe6");
    return keys;
}

START_TEST(rfc_6904_a_1_key_derivation) {
    struct rtpgate_srtp_keys keys = rfc_6904_keys();
    uint8_t derived[16];
    uint8_t expected[16];

    derive(keys.client.key, 16, keys.client.salt, 6, derived, 16);
    from_hex(expected, 16, "549752054d6fb708622c4a2e596a1b93");
    ck_assert_mem_eq(derived, expected, 16);
    derive(keys.client.key, 16, keys.client.salt, 7, derived, 14);
    from_hex(expected, 14, "ab01818174c40d39a3781f7c2d27");
    ck_assert_mem_eq(derived, expected, 14);
}
END_TEST

static const char rfc_6904_plain[] = "17414273a475262748220000c8308e4655996386b395fb00";
static const char rfc_6904_mask[] = "00ffffffffffffffff0000000000ff00ffffffffffffff00";
static const char rfc_6904_sealed[] = "17588a9270f4e15e1c220000c8309546a994f0bc54789700";

START_TEST(rfc_6904_a_2_keystream) {
    struct rtpgate_srtp_keys keys = rfc_6904_keys();
    uint8_t stream[EXTENSION];
    uint8_t mask[EXTENSION];
    uint8_t extension[EXTENSION];
    uint8_t expected[EXTENSION];

    header_keystream(&keys, 0xcafebabe, 0x1234, stream, sizeof stream);
    from_hex(expected, EXTENSION, "1e19c8e1d481c779549ed1617aaa1b7afc0d933ae7ed6cc8");
    ck_assert_mem_eq(stream, expected, EXTENSION);
    from_hex(mask, EXTENSION, rfc_6904_mask);
    from_hex(extension, EXTENSION, rfc_6904_plain);
    for (size_t i = 0; i < EXTENSION; i++) {
        extension[i] ^= (uint8_t)(stream[i] & mask[i]);
    }
    from_hex(expected, EXTENSION, rfc_6904_sealed);
    ck_assert_mem_eq(extension, expected, EXTENSION);
}
END_TEST

START_TEST(the_extension_of_rfc_6904_a) {
    static const uint8_t hidden[] = {1, 3, 4};
    static const struct rtpgate_media_settings settings = {.encrypted_extensions = hidden,
                                                           .encrypted_extension_count = 3};
    struct rtpgate_srtp_keys keys = rfc_6904_keys();
    uint8_t packet[16 + EXTENSION + 20] = {0x90, 0x0f, 0x12, 0x34};
    uint8_t out[sizeof packet + RTPGATE_MEDIA_OVERHEAD];
    uint8_t expected[EXTENSION];
    rtpgate_media *media = NULL;

    media_put_u32(packet + 8, 0xcafebabe);
    media_put_u32(packet + 12, 0xbede0006);
    from_hex(packet + 16, EXTENSION, rfc_6904_plain);
    from_hex(expected, EXTENSION, rfc_6904_sealed);
    ck_assert_int_eq(rtpgate_media_new_with(&media, &keys, &settings, sizeof settings), 0);
    ck_assert_int_gt(
        rtpgate_media_protect(media, RTPGATE_KIND_RTP, packet, sizeof packet, out, sizeof out), 0);
    ck_assert_mem_eq(out, packet, 16);
    ck_assert_mem_eq(out + 16, expected, EXTENSION);
    rtpgate_media_free(media);
}
END_TEST

static bool is_hidden(const uint8_t *hidden, size_t count, unsigned id) {
    return memchr(hidden, (int)id, count) != NULL;
}

/* Random elements in the one-byte or two-byte form of RFC 8285 4.2 and 4.3, with padding behind
 * them, and the mask of RFC 6904 3.1. Returns the length of the extension without its header. */
static size_t fill(uint8_t *out, uint8_t *mask, bool two_bytes, const uint8_t *hidden,
                   size_t count) {
    size_t room = 4 * (size_t)draw(ELEMENTS_MAX / 4 + 1);
    size_t head = two_bytes ? 2 : 1;
    size_t at = 0;

    memset(out, 0, room);
    memset(mask, 0, room);
    while (at < room) {
        unsigned id = 1 + draw(two_bytes ? 255 : 14);
        size_t length = two_bytes ? draw(30) : 1 + draw(16);

        if (draw(20) == 0 || at + head + length > room) {
            break;
        }
        out[at] = (uint8_t)(two_bytes ? id : id << 4 | (length - 1));
        if (two_bytes) {
            out[at + 1] = (uint8_t)length;
        }
        for (size_t i = at + head; i < at + head + length; i++) {
            out[i] = (uint8_t)draw(256);
            mask[i] = is_hidden(hidden, count, id) ? 0xff : 0;
        }
        at += head + length;
    }
    return room;
}

struct extended {
    uint8_t plain[ROOM];
    uint8_t masked[ROOM]; /* the same with its elements encrypted */
    struct plain about;   /* the masked one */
};

static void make(struct extended *packet, const struct rtpgate_srtp_keys *keys, uint64_t index,
                 const uint8_t *hidden, size_t count) {
    bool two_bytes = draw(2) == 1;
    size_t csrcs = draw(16);
    size_t at = 12 + 4 * csrcs + 4;
    uint8_t mask[ELEMENTS_MAX];
    uint8_t stream[ELEMENTS_MAX];
    size_t extension;

    media_rtp(packet->plain, sizeof packet->plain, (unsigned)index, SSRC);
    packet->plain[0] = (uint8_t)(0x90 | csrcs);
    extension = fill(packet->plain + at, mask, two_bytes, hidden, count);
    media_put_u16(packet->plain + at - 4, two_bytes ? 0x1000 : 0xbede);
    media_put_u16(packet->plain + at - 2, (unsigned)(extension / 4));
    header_keystream(keys, SSRC, index, stream, extension);
    memcpy(packet->masked, packet->plain, sizeof packet->plain);
    for (size_t i = 0; i < extension; i++) {
        packet->masked[at + i] ^= (uint8_t)(stream[i] & mask[i]);
    }
    packet->about = (struct plain){RTPGATE_KIND_RTP, packet->masked, at + extension + draw(100),
                                   at + extension, index};
}

START_TEST(header_extensions_are_encrypted_as_the_rfcs_say) {
    static const uint8_t hidden[] = {1, 3, 4, 7, 11, 14, 15, 100, 200, 255};
    static const struct rtpgate_media_settings settings = {
        .encrypted_extensions = hidden, .encrypted_extension_count = sizeof hidden};
    const struct media_profile *profile = &media_profiles[_i];
    struct rtpgate_srtp_keys client = media_keys(profile, true);
    struct rtpgate_srtp_keys server = media_keys(profile, false);
    struct session_keys session =
        derive_all(&client.client, profile->key, profile->salt, RTPGATE_KIND_RTP);
    rtpgate_media *from = NULL;
    rtpgate_media *to = NULL;

    ck_assert_int_eq(rtpgate_media_new_with(&from, &client, &settings, sizeof settings), 0);
    ck_assert_int_eq(rtpgate_media_new_with(&to, &server, &settings, sizeof settings), 0);
    for (uint64_t index = 5; index < 400000; index += 1 + draw(1000)) {
        struct extended packet;
        uint8_t expected[ROOM + RTPGATE_MEDIA_OVERHEAD];
        uint8_t out[ROOM + RTPGATE_MEDIA_OVERHEAD];
        size_t length;

        make(&packet, &client, index, hidden, sizeof hidden);
        length = profile->salt == GCM_SALT
                     ? seal_gcm(&session, &packet.about, expected)
                     : seal_cm(&session, &packet.about, media_trailer(profile, RTPGATE_KIND_RTP),
                               expected);
        ck_assert_int_eq(rtpgate_media_protect(from, RTPGATE_KIND_RTP, packet.plain,
                                               packet.about.length, out, sizeof out),
                         (int)length);
        ck_assert_mem_eq(out, expected, length);
        ck_assert_int_eq(
            rtpgate_media_unprotect(to, RTPGATE_KIND_RTP, expected, length, out, sizeof out),
            (int)packet.about.length);
        ck_assert_mem_eq(out, packet.plain, packet.about.length);
    }
    rtpgate_media_free(from);
    rtpgate_media_free(to);
}
END_TEST

/* libsrtp leaves padding out of its count of the key stream, and reads padding before the first
 * element as one: elements would leave under a wrong key stream, or in the clear. */
START_TEST(elements_behind_padding_are_refused) {
    static const uint8_t hidden[] = {1, 3};
    static const struct rtpgate_media_settings settings = {.encrypted_extensions = hidden,
                                                           .encrypted_extension_count = 2};
    static const struct {
        const char *extension; /* with its header */
        bool good;
    } cases[] = {
        {"bede0002107711aabb000000", true},
        {"bede00021077001b11aabbcc", false},
        {"bede00020010771100000000", false},
        {"bede00020000000000000000", true},
        {"bede0002107700000000000f", false},
        {"bede000210770510aa000000", false},
        {"bede00021077f000aabb0011", true},
        {"10000002010177000000000a", false},
        {"10000002010177000301aa00", false},
        {"100000020101770302aabb00", true},
        {"10000002000101770302aabb", false},
        {"100000020101770300000000", true},
        {"bede0000", true},
    };
    struct rtpgate_srtp_keys client = media_keys(&media_profiles[_i], true);
    struct rtpgate_srtp_keys server = media_keys(&media_profiles[_i], false);
    rtpgate_media *from = NULL;
    rtpgate_media *to = NULL;

    ck_assert_int_eq(rtpgate_media_new_with(&from, &client, &settings, sizeof settings), 0);
    ck_assert_int_eq(rtpgate_media_new_with(&to, &server, &settings, sizeof settings), 0);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t extension = strlen(cases[i].extension) / 2;
        uint8_t packet[100 + RTPGATE_MEDIA_OVERHEAD];
        uint8_t out[sizeof packet];
        int code;

        media_rtp(packet, sizeof packet, i, SSRC);
        packet[0] |= 0x10;
        from_hex(packet + 12, extension, cases[i].extension);
        code = rtpgate_media_protect(from, RTPGATE_KIND_RTP, packet, 100, out, sizeof out);
        ck_assert_msg(cases[i].good ? code > 0 : code == RTPGATE_ERR_MALFORMED, "%s: %d",
                      cases[i].extension, code);
        code = media_receive(to, RTPGATE_KIND_RTP, packet, sizeof packet);
        ck_assert_msg(code == (cases[i].good ? RTPGATE_ERR_AUTH : RTPGATE_ERR_MALFORMED), "%s: %d",
                      cases[i].extension, code);
    }
    rtpgate_media_free(from);
    rtpgate_media_free(to);
}
END_TEST

/* Without a hidden element nobody counts. */
START_TEST(padding_is_of_no_matter_when_nothing_is_hidden) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint8_t packet[100];
    uint8_t out[sizeof packet + RTPGATE_MEDIA_OVERHEAD];
    int length;

    media_rtp(packet, sizeof packet, 1, SSRC);
    packet[0] |= 0x10;
    from_hex(packet + 12, 12, "bede00021077001b11aabbcc");
    length = rtpgate_media_protect(pair.client, RTPGATE_KIND_RTP, packet, sizeof packet, out,
                                   sizeof out);
    ck_assert_int_gt(length, 0);
    ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTP, out, (size_t)length),
                     sizeof packet);
    media_pair_free(&pair);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_extensions");
    TCase *tests = suite_case(suite, "media_extensions");

    tcase_add_test(tests, rfc_6904_a_1_key_derivation);
    tcase_add_test(tests, rfc_6904_a_2_keystream);
    tcase_add_test(tests, the_extension_of_rfc_6904_a);
    tcase_add_loop_test(tests, header_extensions_are_encrypted_as_the_rfcs_say, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, elements_behind_padding_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, padding_is_of_no_matter_when_nothing_is_hidden, 0, MEDIA_PROFILES);
    return suite_run(suite);
}
