/* All of rtpgate but <rtpgate/endpoint.h>, the part with a socket. */
#ifndef RTPGATE_RTPGATE_H
#define RTPGATE_RTPGATE_H

#include <rtpgate/classify.h>
#include <rtpgate/config.h>
#include <rtpgate/description.h>
#include <rtpgate/error.h>
#include <rtpgate/fingerprint.h>
#include <rtpgate/identity.h>
#include <rtpgate/media.h>
#include <rtpgate/names.h>
#include <rtpgate/negotiate.h>
#include <rtpgate/peer.h>
#include <rtpgate/session.h>
#include <rtpgate/srtp_keys.h>
#include <rtpgate/srtp_profile.h>
#include <rtpgate/version.h>

#endif
