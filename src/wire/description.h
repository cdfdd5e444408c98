/* What holds for every description, wherever it came from. */
#ifndef RG_WIRE_DESCRIPTION_H
#define RG_WIRE_DESCRIPTION_H

#include <stdbool.h>

#include <rtpgate/description.h>

/* Whether all fields are in their ranges: HOLDCONN and "absent" are. */
bool rg_description_well_formed(const struct rtpgate_description *description);

#endif
