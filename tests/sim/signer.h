/* Whoever reads the path can sign a flight 5 of his own over what he has read. */
#ifndef SIM_SIGNER_H
#define SIM_SIGNER_H

#include "sim/volley.h"

/* Adds the stranger's flight but its Finished, a datagram for each message, for the hello of a
 * client, which has message_seq 0, and the five messages of the server's flight 4. */
void sim_signer_answer(struct sim_volley *volley, const struct sim_message *hello,
                       const struct sim_message *flight4);

#endif
