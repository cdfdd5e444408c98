/* What the rest needs of the media contexts beside the public header. */
#ifndef RG_SRTP_MEDIA_H
#define RG_SRTP_MEDIA_H

/* Initialises libsrtp, once a process; it takes milliseconds, which a handshake should not wait
 * for. Returns 0, RTPGATE_ERR_NOMEM or RTPGATE_ERR_CRYPTO. */
int rg_media_prepare(void);

#endif
