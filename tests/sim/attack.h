/*
 * Everything that an attacker may send, by what he knows. Whoever is off the path knows what is
 * public: both certificates, and whatever both sides have sent to him in handshakes of his own. A
 * reader knows each datagram of the handshake before it arrives.
 */
#ifndef SIM_ATTACK_H
#define SIM_ATTACK_H

#include <stdbool.h>

#include "base/bytes.h"
#include "sim/volley.h"

enum sim_family {
    /* off the path */
    SIM_ALERTS,
    SIM_HELLOS,
    SIM_VERIFY_REQUESTS,
    SIM_TO_CLIENT,
    SIM_TO_SERVER,
    SIM_ELSEWHERE,
    SIM_FRAGMENTS,
    SIM_RECORDS,
    SIM_CONTENT_TYPES,
    SIM_PROTECTED,
    SIM_FLOODS,
    /* readers */
    SIM_REPLAYS,
    SIM_SIGNED,
    SIM_SEALED,
    SIM_UNSIGNED,
    SIM_STRANGERS,
    SIM_FAMILIES
};

struct sim_scene {
    size_t target;                    /* SIM_CLIENT or SIM_SERVER */
    const struct sim_volley *seen;    /* of this handshake; empty for whoever does not read */
    const struct sim_volley *lured;   /* the client with a stranger as server */
    const struct sim_volley *probed;  /* the server with a stranger as client */
    const struct sim_volley *earlier; /* both, in another handshake */
    struct rg_bytes costly;           /* a DER certificate whose key costs too much; may be empty */
    unsigned shot;                    /* how often this attack was made before */
};

/* An attack that is made anew at each place; an empty volley: there is nothing to send here. */
struct sim_attack {
    const char *name;
    enum sim_family family;
    void (*make)(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter);
    unsigned parameter;
    const char *why; /* it may end an association; NULL: it must not */
};

extern const struct sim_attack sim_attacks_records[]; /* alerts, records, content types, floods */
extern const size_t sim_attacks_records_count;
extern const struct sim_attack sim_attacks_hellos[]; /* hellos, HelloVerifyRequests */
extern const size_t sim_attacks_hellos_count;
extern const struct sim_attack sim_attacks_messages[]; /* other whole messages, fragments */
extern const size_t sim_attacks_messages_count;
extern const struct sim_attack sim_attacks_copies[]; /* what looks like the peer's */
extern const size_t sim_attacks_copies_count;
extern const struct sim_attack sim_attacks_together[]; /* each of these families in one go */
extern const size_t sim_attacks_together_count;
extern const struct sim_attack sim_attacks_reader[];
extern const size_t sim_attacks_reader_count;

/* All of them, those off the path first. NULL beyond the last. */
const struct sim_attack *sim_attack(size_t i);
/* Adds all attacks of a family but those for which the target must expect `costly`. */
void sim_attack_family(struct sim_volley *volley, const struct sim_scene *scene,
                       enum sim_family family);
/* Whether this is a whole family in one go. */
bool sim_attack_is_family(const struct sim_attack *attack);
/* Whether it is no datagrams but a stranger (stranger.h), whose kind its parameter is. */
bool sim_attack_is_stranger(const struct sim_attack *attack);
/* Whether only somebody who reads the path can do this. */
bool sim_attack_reads(const struct sim_attack *attack);
/* Whether the target must expect the certificate `costly`, too, for this to mean anything. */
bool sim_attack_is_expected(const struct sim_attack *attack);
const char *sim_family_name(enum sim_family family);

/* Records the handshakes that a scene knows, with identities 0, 1 and the stranger 2. */
void sim_scene_record(struct sim_scene *scene);
/* The whole messages that endpoint `from` has sent, that with message_seq 0 first. */
void sim_scene_messages(const struct sim_volley *seen, size_t from, struct sim_message *out,
                        size_t count);

/* Bytes that the scene's target sends until its deadline, for a peer that is silent and a volley
 * that comes within a second. */
size_t sim_scene_answer(const struct sim_scene *scene, const struct sim_volley *volley);

#endif
