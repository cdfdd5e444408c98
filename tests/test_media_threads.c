#include <pthread.h>
#include <stdatomic.h>

#include "media.h"
#include "suite.h"

enum { THREADS = 8, PACKETS = 200 };

static atomic_int ready;
static atomic_int wrong;

/* One association of its own, packets to and fro. */
static void talk(const struct media_profile *profile) {
    static const enum rtpgate_kind kinds[] = {RTPGATE_KIND_RTP, RTPGATE_KIND_RTCP};
    struct rtpgate_srtp_keys keys = media_keys(profile, true);
    struct media_pair pair = {NULL, NULL};
    uint8_t packet[200];

    wrong += rtpgate_media_new(&pair.client, &keys) != 0;
    keys.local_is_client = false;
    wrong += rtpgate_media_new(&pair.server, &keys) != 0;
    for (unsigned i = 0; i < PACKETS && wrong == 0; i++) {
        enum rtpgate_kind kind = kinds[i % 2];
        int length;

        media_packet(kind, packet, 100, i, i % 3);
        length = rtpgate_media_protect(pair.client, kind, packet, 100, packet, sizeof packet);
        wrong += length <= 100 || media_receive(pair.server, kind, packet, (size_t)length) != 100;
    }
    media_pair_free(&pair);
}

/* All threads begin at once, so that they race for the first context of the process. */
static void *run(void *profile) {
    ready++;
    while (ready < THREADS) {
    }
    talk(profile);
    return NULL;
}

START_TEST(threads_with_their_own_associations_do_not_meet) {
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++) {
        void *profile = (void *)(uintptr_t)&media_profiles[i % MEDIA_PROFILES];

        ck_assert_int_eq(pthread_create(&threads[i], NULL, run, profile), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_int_eq(wrong, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_threads");
    TCase *tests = suite_case(suite, "media_threads");

    tcase_add_test(tests, threads_with_their_own_associations_do_not_meet);
    return suite_run(suite);
}
