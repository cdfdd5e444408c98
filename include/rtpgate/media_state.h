/*
 * SRTP state that survives its process: sealed, handed over, resumed without a handshake.
 *
 * A key stream that is used twice betrays both packets, with AEAD the key of the tags as well
 * (RFC 3711 9.1, RFC 7714 8.1). So:
 * - A state is resumed once. Nobody but you can see to that: two processes that resume the same
 *   one, or an older one, use indices twice. Give each state an `id` that its key never had (a
 *   counter), keep durably which id is the last, and forget it durably *before* you resume. A state
 *   of another id is refused.
 * - Keys are good for 2^32 states. Who has a key reads the media: keep it elsewhere than the
 * states.
 *
 * The media must have been made with the setting `resumable`: by you, or by a peer whose config
 * says so (rtpgate_config_set_media, rtpgate_peer_media, rtpgate_peer_resume). DTLS itself is not
 * resumed: application data, and the alert that closes the association, end with the process.
 */
#ifndef RTPGATE_MEDIA_STATE_H
#define RTPGATE_MEDIA_STATE_H

#include <stddef.h>
#include <stdint.h>

#include <rtpgate/export.h>
#include <rtpgate/media.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RTPGATE_MEDIA_STATE_KEY 32 /* bytes of a key that seals, from a random source */
#define RTPGATE_MEDIA_MAX_RESERVE 16384

/* The bytes that a state of `media` takes now: about 130, and 14 for each SSRC in each direction. 0
 * for NULL, when suspended, or not resumable. */
RTPGATE_API size_t rtpgate_media_state_size(const rtpgate_media *media);

/*
 * The orderly handover: ends `media`, and seals all that another process needs to go on.
 *
 * key: RTPGATE_MEDIA_STATE_KEY bytes. out: `capacity` bytes. On success the keys are gone from
 * `media` before the state is in `out`, and all but rtpgate_media_stats and rtpgate_media_free
 * answer RTPGATE_ERR_STATE. After an error `media` goes on as before and `out` is as it was.
 *
 * Returns the length; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_STATE when it is not resumable, or
 * suspended; RTPGATE_ERR_NOBUF below rtpgate_media_state_size; RTPGATE_ERR_EXPIRED when an SSRC has
 * no indices left; RTPGATE_ERR_NOMEM; RTPGATE_ERR_CRYPTO.
 */
RTPGATE_API int rtpgate_media_suspend(rtpgate_media *media, const uint8_t *key, uint64_t id,
                                      uint8_t *out, size_t capacity);

/* How many indices of each SSRC and direction a snapshot gives to this process: 1 to
 * RTPGATE_MEDIA_MAX_RESERVE. After a crash the rest of them is lost: as many packets of the peer
 * are refused, and our own numbers have a gap. */
struct rtpgate_media_reserve {
    unsigned rtp;
    unsigned rtcp;
};

/*
 * For crashes: seals a state behind the next indices, which `media` alone may use.
 *
 * From the first snapshot on no packet passes in either direction whose index the last *stored*
 * snapshot does not give to this process: RTPGATE_ERR_STATE, counted as `uncovered`. The next
 * snapshot covers it, a new SSRC, too: its first packets wait for that. So take one when about half
 * of what is reserved is used, and at once for a packet that you send and that waits; what is
 * refused on receipt is lost. A snapshot counts as stored when rtpgate_media_snapshot_stored said
 * so; the indices of the one before go on to be good.
 *
 * Arguments and errors as for rtpgate_media_suspend; RTPGATE_ERR_INVAL also for a `reserve` out of
 * range. After an error nothing has changed.
 */
RTPGATE_API int rtpgate_media_snapshot(rtpgate_media *media,
                                       const struct rtpgate_media_reserve *reserve,
                                       const uint8_t *key, uint64_t id, uint8_t *out,
                                       size_t capacity);

/* The last snapshot, which had `id`, is stored durably, and those before it will never be resumed.
 * Returns 0; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_STATE when there is none that waits, another
 * was the last, or `media` is suspended. */
RTPGATE_API int rtpgate_media_snapshot_stored(rtpgate_media *media, uint64_t id);

/*
 * Makes contexts that go on where those of a state ended, or behind what a snapshot reserved.
 *
 * out: written only on success. key, id: those of the state. state: `length` bytes. settings, size:
 * as for rtpgate_media_new_with, the same as before; the new contexts are resumable in any case.
 *
 * What comes with an index below is refused as REPLAY in both directions, also when it never
 * passed: packets that overtake each other at that moment are lost. Send with the sequence number
 * of rtpgate_media_next_index. When the peer sent more than 2^15 packets of an SSRC meanwhile, its
 * rollover counter cannot be known (RFC 3711 3.3.1): its packets fail as AUTH; negotiate a new
 * association. Each SSRC of the state costs about 2 KB. Nothing is limited until the first
 * snapshot of the new contexts: until then a crash cannot be survived.
 *
 * Returns 0; RTPGATE_ERR_AUTH for a wrong key, or when a byte was changed or is missing;
 * RTPGATE_ERR_REPLAY for an intact state of another id; RTPGATE_ERR_MALFORMED when it is too short,
 * of another version, or does not parse; the errors of rtpgate_media_new_with.
 */
RTPGATE_API int rtpgate_media_resume(rtpgate_media **out, const uint8_t *key, uint64_t id,
                                     const uint8_t *state, size_t length,
                                     const struct rtpgate_media_settings *settings, size_t size);

/*
 * The index (rollover counter * 65536 + sequence number) behind all RTP packets of `ssrc` that
 * passed, or may have passed before media was resumed: its lower 16 bits are the sequence number to
 * go on with. index: written only on success. Returns 0; RTPGATE_ERR_INVAL for a NULL;
 * RTPGATE_ERR_STATE when no packet passed, or `media` is suspended or not resumable.
 */
RTPGATE_API int rtpgate_media_next_index(const rtpgate_media *media,
                                         enum rtpgate_media_direction direction, uint32_t ssrc,
                                         uint64_t *index);

#ifdef __cplusplus
}
#endif

#endif
