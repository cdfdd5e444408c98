/* A process whose libsrtp keeps the ciphers that it came with. */
#include "base/alloc.h"
#include "media.h"
#include "suite.h"

enum { SSRC = 5, PACKET = 300 };

START_TEST(contexts_have_no_cipher_of_ours) {
    struct rtpgate_srtp_keys keys = media_keys(&media_profiles[_i], true);
    rtpgate_media *media = NULL;
    unsigned long before = rg_alloc_count();

    ck_assert_int_eq(rtpgate_media_new(&media, &keys), 0);
    ck_assert_uint_eq(rg_alloc_count() - before, 1); /* the media itself; ours allocate, too */
    rtpgate_media_free(media);
}
END_TEST

START_TEST(packets_pass) {
    static const enum rtpgate_kind kinds[] = {RTPGATE_KIND_RTP, RTPGATE_KIND_RTCP};
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint8_t packet[PACKET + RTPGATE_MEDIA_OVERHEAD];

    for (unsigned i = 0; i < 20; i++) {
        size_t length = media_protected(pair.client, kinds[i % 2], packet, PACKET, i, SSRC);

        ck_assert_int_eq(media_receive(pair.server, kinds[i % 2], packet, length), PACKET);
    }
    media_pair_free(&pair);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_keep");
    TCase *tests = suite_case(suite, "media_keep");

    if (rtpgate_media_keep_libsrtp_ciphers() != 0) {
        return 1;
    }
    tcase_add_loop_test(tests, contexts_have_no_cipher_of_ours, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, packets_pass, 0, MEDIA_PROFILES);
    return suite_run(suite);
}
