/* All of rtpgate. */
#ifndef RTPGATE_RTPGATE_H
#define RTPGATE_RTPGATE_H

#include <rtpgate/classify.h>
#include <rtpgate/config.h>
#include <rtpgate/error.h>
#include <rtpgate/fingerprint.h>
#include <rtpgate/identity.h>
#include <rtpgate/names.h>
#include <rtpgate/session.h>
#include <rtpgate/srtp_keys.h>
#include <rtpgate/srtp_profile.h>
#include <rtpgate/version.h>

#endif
