#include "matrix/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/pair.h"

enum { STOCK_DIES_MIN = 100 };

static bool is_alert(const struct sim_attack *attack) {
    return attack->family == SIM_ALERTS || strcmp(attack->name, "flood of alerts") == 0;
}

/* Whether something of it comes later than the first datagram that it answers. */
static bool goes_on(const struct cell *cell) {
    return cell->repeated || sim_attack_is_stranger(cell->attack) ||
           strcmp(cell->attack->name, "ClientHellos of three") == 0 ||
           strcmp(cell->attack->name, "all hellos") == 0;
}

static bool is_late(const struct cell *cell) {
    return cell->network == LATE || cell->network == LATE_BREAK;
}

static bool breaks_off(const struct cell *cell) {
    return cell->network == BREAK || cell->network == LATE_BREAK || cell->network == SWALLOWED;
}

static const char *excuse_misled_client(const struct cell *cell) {
    bool first =
        cell->moment == BEFORE_START || (cell->moment == BEFORE_DATAGRAM && cell->datagram == 0);
    bool versions = cell->attack->family == SIM_TO_SERVER || cell->attack->family == SIM_FLOODS;
    if (!first && !cell_proves_always()) {
        return "GnuTLS was shown a forged flight 5, and its client takes up no second flight 4: "
               "the price of RTPGATE_PROOF_AFTER_ANOMALY";
    }
    if (cell->network == MOVED && cell->repeated && versions) {
        return "between every two datagrams of its client's flight 5 come more versions than we "
               "keep, for 15 s";
    }
    return first ? "its client ends at the answer to a hello that was forged before its own" : NULL;
}

static const char *excuse_misled_server(const struct cell *cell) {
    /* Its ServerKeyExchange, and the CertificateRequest that follows. */
    size_t signed_one = cell->peer == PEER_COOKIES ? 7 : 3;
    size_t last_one = signed_one + (cell->network == MOVED ? 2 : 1);
    bool comes_to_it = cell->datagram >= signed_one || (cell->repeated && is_late(cell));
    if (cell->moment == BEFORE_DATAGRAM && comes_to_it && cell->datagram <= last_one) {
        return "its server ends where what is not signed was forged just between two datagrams of "
               "its flight 4";
    }
    return sim_attack_reads(cell->attack) && cell->peer == PEER_COOKIES
               ? "behind a cookie this alters its ServerHello where nothing signs it"
               : NULL;
}

/* Stock GnuTLS ends at an answer that does not fit, for which nobody but it can be blamed:
 * design.md does not promise otherwise. */
static const char *excuse_misled(const struct cell *cell) {
    if (breaks_off(cell) && goes_on(cell)) {
        return "the network is dead for a second or more, and nothing but the forgery is heard";
    }
    if (is_late(cell) && sim_attack_reads(cell->attack)) {
        return "until the fingerprint comes whoever signs is believed, and the peer is not "
               "answered";
    }
    return cell->target == SIM_SERVER ? excuse_misled_client(cell) : excuse_misled_server(cell);
}

/* NULL: this cell must not be dead. */
static const char *excuse(const struct cell *cell, enum outcome outcome) {
    const struct sim_attack *attack = cell->attack;
    bool elsewhere = cell->origin == VALID_PATH || cell->network == MOVED;
    bool races = attack->family == SIM_REPLAYS && elsewhere;
    if (outcome == MISLED && attack->why == NULL && !(races && cell->target == SIM_SERVER)) {
        return excuse_misled(cell);
    }
    if (is_alert(attack) && cell->repeated && cell->network == SILENCE) {
        return "one alert after the other and six seconds of silence: the grace is over";
    }
    if (outcome == STRAYED && (races || attack->why != NULL)) {
        return races ? "alive; output goes to where Finished was replayed from until the peer "
                       "sends data"
                     : attack->why;
    }
    if (races && cell->target == SIM_SERVER) {
        return "the final flight goes to the valid path from which flight 5 was replayed";
    }
    return attack->why;
}

static void note(struct tally *tally, const struct cell *cell, const char *why) {
    for (size_t i = 0; i < tally->known_count; i++) {
        struct known *known = &tally->known[i];
        if (known->target == cell->target && strcmp(known->why, why) == 0) {
            known->attacks += known->attack != cell->attack ? 1 : 0;
            known->attack = cell->attack;
            known->cells++;
            return;
        }
    }
    if (tally->known_count == KNOWN_MAX) {
        (void)fputs("matrix: too many known cells\n", stderr);
        abort();
    }
    tally->known[tally->known_count++] = (struct known){cell->attack, why, cell->target, 1, 1};
}

void tally_count(struct tally *tally, const struct cell *cell, size_t column, enum outcome outcome,
                 const char *text) {
    char where[200];
    if (outcome == NOTHING_SENT) {
        return;
    }
    const char *why = outcome != ALIVE && column < STOCK ? excuse(cell, outcome) : NULL;
    bool wrong = outcome != ALIVE && column < STOCK && why == NULL;
    bool dead = outcome == DEAD || outcome == MISLED || wrong;
    tally->cells[cell->attack->family][column]++;
    tally->dead[cell->attack->family][column] += dead ? 1 : 0;
    tally->wrong += wrong ? 1 : 0;
    if (why != NULL) {
        note(tally, cell, why);
    }
    if (wrong || (tally->verbose && dead && column >= FACING)) {
        cell_describe(cell, where, sizeof(where));
        (void)printf("dead%s: %s: %s\n", column < STOCK ? "" : " (stock)", where, text);
    }
}

void tally_print(const struct tally *tally) {
    (void)puts("| dead / cells | our client | our server | our client, GnuTLS server "
               "| our server, GnuTLS client | GnuTLS client | GnuTLS server |\n"
               "|---|---|---|---|---|---|---|");
    for (enum sim_family family = 0; family < SIM_FAMILIES; family++) {
        (void)printf("| %s%s |", family < SIM_REPLAYS ? "" : "reader: ", sim_family_name(family));
        for (size_t i = 0; i < COLUMNS; i++) {
            (void)printf(" %u/%u |", tally->dead[family][i], tally->cells[family][i]);
        }
        (void)puts("");
    }
    (void)puts("");
    for (size_t i = 0; i < tally->known_count; i++) {
        const struct known *known = &tally->known[i];
        (void)printf("- to the %s, %u attacks, %u cells: %s\n",
                     known->target == SIM_CLIENT ? "client" : "server", known->attacks,
                     known->cells, known->why);
    }
}

int tally_failed(const struct tally *tally, bool stock) {
    unsigned died = 0;
    unsigned cells = 0;
    for (size_t family = 0; family < SIM_FAMILIES; family++) {
        for (size_t column = OURS; column < STOCK; column++) {
            cells += tally->cells[family][column];
        }
        died += tally->dead[family][STOCK] + tally->dead[family][STOCK + 1];
    }
    if (stock && died < STOCK_DIES_MIN) {
        (void)printf("\nstock GnuTLS died in %u cells only: do the attacks still bite?\n", died);
        return 1;
    }
    (void)printf("\n%u of our %u cells are dead and must not be\n", tally->wrong, cells);
    return cells == 0 || tally->wrong != 0;
}
