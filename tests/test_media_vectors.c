/* The vectors of RFC 3711 and RFC 7714 prove the computation, and it proves the library. */
#include <rtpgate/media.h>

#include "computed.h"

START_TEST(rfc_3711_b_2_keystream) {
    uint8_t key[16];
    uint8_t iv[16] = {0};
    uint8_t stream[48] = {0};
    uint8_t expected[48];

    from_hex(key, 16, "2b7e151628aed2a6abf7158809cf4f3c");
    from_hex(iv, 14, "f0f1f2f3f4f5f6f7f8f9fafbfcfd");
    from_hex(expected, 48,
             "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab"
             "41e95b3bb0a2e8dd477901e4fca894c0");
    aes_cm(key, sizeof key, iv, stream, sizeof stream);
    ck_assert_mem_eq(stream, expected, sizeof stream);
}
END_TEST

START_TEST(rfc_3711_b_3_key_derivation) {
    struct rtpgate_srtp_master master = {{0}, {0}};
    struct session_keys session;
    uint8_t expected[SHA1];

    from_hex(master.key, 16, "e1f97a0d3e018be0d64fa32c06de4139");
    from_hex(master.salt, 14, "0ec675ad498afeebb6960b3aabe6");
    session = derive_all(&master, 16, 14, RTPGATE_KIND_RTP);
    from_hex(expected, 16, "c61e7a93744f39ee10734afe3ff7a087");
    ck_assert_mem_eq(session.key, expected, 16);
    from_hex(expected, 14, "30cbbc08863d8c85d49db34a9ae1");
    ck_assert_mem_eq(session.salt, expected, 14);
    from_hex(expected, SHA1, "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
    ck_assert_mem_eq(session.auth, expected, SHA1);
}
END_TEST

/* The session keys of RFC 7714 16 and 17. */
static struct session_keys rfc_7714_keys(size_t key_length) {
    struct session_keys keys = {.key_length = key_length};

    for (size_t i = 0; i < key_length; i++) {
        keys.key[i] = (uint8_t)i;
    }
    from_hex(keys.salt, GCM_SALT, "517569642070726f2071756f");
    return keys;
}

static void expect_sealed_gcm(size_t key_length, const struct plain *plain, const char *expected) {
    struct session_keys keys = rfc_7714_keys(key_length);
    uint8_t out[200];
    uint8_t bytes[200];
    size_t length = seal_gcm(&keys, plain, out);

    from_hex(bytes, length, expected);
    ck_assert_mem_eq(out, bytes, length);
}

START_TEST(rfc_7714_16_srtp) {
    uint8_t packet[50];
    struct plain plain = {RTPGATE_KIND_RTP, packet, sizeof packet, 12, 0xf17b};

    from_hex(packet, sizeof packet,
             "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064"
             "697669736120696e207061727465732074726573");
    expect_sealed_gcm(16, &plain,
                      "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd5"
                      "0d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce");
    expect_sealed_gcm(32, &plain,
                      "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3"
                      "b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13");
}
END_TEST

START_TEST(rfc_7714_17_srtcp) {
    uint8_t packet[52];
    struct plain plain = {RTPGATE_KIND_RTCP, packet, sizeof packet, 8, 0x5d4};

    from_hex(packet, sizeof packet,
             "81c8000d4d6172734e5450314e545032525450200000042a0000e930"
             "4c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef");
    expect_sealed_gcm(16, &plain,
                      "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32d"
                      "c676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf872"
                      "45d9eade800005d4");
    expect_sealed_gcm(32, &plain,
                      "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1"
                      "110555be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4");
}
END_TEST

/* The library's packet is the computed one, byte for byte. */
static void expect_computed(rtpgate_media *media, const struct media_profile *profile,
                            const struct session_keys *keys, const struct plain *plain) {
    uint8_t out[1600];
    uint8_t expected[1600];
    size_t trailer = media_trailer(profile, plain->kind);
    size_t tag = plain->kind == RTPGATE_KIND_RTP ? trailer : trailer - 4;
    size_t length = profile->salt == GCM_SALT ? seal_gcm(keys, plain, expected)
                                              : seal_cm(keys, plain, tag, expected);

    ck_assert_int_eq(
        rtpgate_media_protect(media, plain->kind, plain->bytes, plain->length, out, sizeof out),
        (int)length);
    ck_assert_mem_eq(out, expected, length);
}

START_TEST(rtp_is_protected_as_the_rfcs_say) {
    const struct media_profile *profile = &media_profiles[_i];
    struct rtpgate_srtp_keys keys = media_keys(profile, false);
    struct session_keys session =
        derive_all(&keys.server, profile->key, profile->salt, RTPGATE_KIND_RTP);
    rtpgate_media *media = media_end(profile, false);
    uint8_t packet[1500];

    for (uint64_t index = 5; index < 4 * 65536; index += 20011) {
        struct plain plain = {RTPGATE_KIND_RTP, packet, 40 + index % 1000, 12 + 4 + 8, index};

        media_rtp(packet, plain.length, (unsigned)index, 0xcafebabe);
        packet[0] = 0x91; /* a CSRC and an extension of one word */
        media_put_u32(packet + 16, 0xbede0001);
        expect_computed(media, profile, &session, &plain);
    }
    rtpgate_media_free(media);
}
END_TEST

START_TEST(rtcp_is_protected_as_the_rfcs_say) {
    const struct media_profile *profile = &media_profiles[_i];
    struct rtpgate_srtp_keys keys = media_keys(profile, true);
    struct session_keys session =
        derive_all(&keys.client, profile->key, profile->salt, RTPGATE_KIND_RTCP);
    rtpgate_media *media = media_end(profile, true);
    uint8_t packet[1500];

    for (uint64_t index = 1; index < 300; index++) { /* the first of libsrtp is 1 */
        struct plain plain = {RTPGATE_KIND_RTCP, packet, 8 + 4 * index, 8, index};

        media_rtcp(packet, plain.length, 0xcafebabe);
        expect_computed(media, profile, &session, &plain);
    }
    rtpgate_media_free(media);
}
END_TEST

START_TEST(computed_packets_are_taken) {
    const struct media_profile *profile = &media_profiles[_i];
    struct rtpgate_srtp_keys keys = media_keys(profile, true);
    struct session_keys session =
        derive_all(&keys.server, profile->key, profile->salt, RTPGATE_KIND_RTCP);
    rtpgate_media *media = media_end(profile, true);
    uint8_t packet[100];
    uint8_t sealed[200];
    struct plain plain = {RTPGATE_KIND_RTCP, packet, sizeof packet, 8, 0};

    for (uint64_t index = 0; index < 0x7fffffff; index = 2 * index + 1) {
        size_t length;

        media_rtcp(packet, sizeof packet, 0xcafebabe);
        plain.index = index;
        length = profile->salt == GCM_SALT ? seal_gcm(&session, &plain, sealed)
                                           : seal_cm(&session, &plain, 10, sealed);
        ck_assert_int_eq(media_receive(media, RTPGATE_KIND_RTCP, sealed, length), sizeof packet);
    }
    rtpgate_media_free(media);
}
END_TEST

/* The packet that implementations of RFC 3711 test each other with; its keys are those of B.3. */
START_TEST(the_well_known_packet) {
    struct rtpgate_srtp_keys keys = {.profile = RTPGATE_SRTP_AES128_CM_SHA1_80,
                                     .key_length = 16,
                                     .salt_length = 14,
                                     .local_is_client = true};
    uint8_t packet[28];
    uint8_t sealed[38];
    uint8_t out[38];
    rtpgate_media *media;

    from_hex(keys.client.key, 16, "e1f97a0d3e018be0d64fa32c06de4139");
    from_hex(keys.client.salt, 14, "0ec675ad498afeebb6960b3aabe6");
    from_hex(packet, 28, "800f1234decafbadcafebabeabababababababababababababababab");
    from_hex(sealed, 38,
             "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb");
    ck_assert_int_eq(rtpgate_media_new(&media, &keys), 0);
    ck_assert_int_eq(rtpgate_media_protect(media, RTPGATE_KIND_RTP, packet, 28, out, 38), 38);
    ck_assert_mem_eq(out, sealed, 38);
    rtpgate_media_free(media);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_vectors");
    TCase *tests = suite_case(suite, "media_vectors");

    tcase_add_test(tests, rfc_3711_b_2_keystream);
    tcase_add_test(tests, rfc_3711_b_3_key_derivation);
    tcase_add_test(tests, rfc_7714_16_srtp);
    tcase_add_test(tests, rfc_7714_17_srtcp);
    tcase_add_loop_test(tests, rtp_is_protected_as_the_rfcs_say, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, rtcp_is_protected_as_the_rfcs_say, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, computed_packets_are_taken, 0, MEDIA_PROFILES);
    tcase_add_test(tests, the_well_known_packet);
    return suite_run(suite);
}
