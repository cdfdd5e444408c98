#include "matrix/bills.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

enum { LINE_MAX_LENGTH = 512, SLACK = 3, SHARE = 16 };

static struct bill *find(struct bills *bills, const struct cell *cell) {
    for (size_t i = bills->count; i-- > 0;) {
        if (bills->at[i].attack == cell->attack && bills->at[i].target == cell->target) {
            return &bills->at[i];
        }
    }
    if (bills->count == BILLS_MAX) {
        (void)fputs("matrix: too many bills\n", stderr);
        abort();
    }
    bills->at[bills->count] = (struct bill){.attack = cell->attack, .target = cell->target};
    return &bills->at[bills->count++];
}

void bills_add(struct bills *bills, const struct cell *cell, const struct account *account) {
    struct bill *bill = find(bills, cell);
    uint64_t heap = account->heap / 1024;
    bill->cells++;
    bill->late += account->late / 1000;
    bill->engines += account->engines;
    bill->sent += account->sent;
    bill->heap = heap > bill->heap ? heap : bill->heap;
    bill->counters |= account->counters;
    bill->causes |= account->causes;
}

/* Counters by name, and the causes of which there was advice. */
static void put_counted(const struct bill *bill, FILE *out) {
    const char *comma = "";
    for (size_t i = 0; i < account_counters_count; i++) {
        if ((bill->counters >> i & 1U) != 0) {
            (void)fprintf(out, "%s%s", comma, account_counters[i]);
            comma = ",";
        }
    }
    for (int cause = 1; cause < 64; cause++) {
        if ((bill->causes >> cause & 1U) != 0) {
            (void)fprintf(out, "%s-%d", comma, cause);
            comma = ",";
        }
    }
}

static void put(const struct bill *bill, FILE *out) {
    (void)fprintf(out, "%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t",
                  bill->attack->name, bill->target == SIM_CLIENT ? "client" : "server", bill->cells,
                  bill->late, bill->engines, bill->sent, bill->heap);
    put_counted(bill, out);
    (void)fputs("\n", out);
}

void bills_print(const struct bills *bills, FILE *out) {
    (void)fprintf(out, "# GnuTLS %s\n", gnutls_check_version(NULL));
    (void)fputs("attack\ttarget\tcells\tms\tengines\tdatagrams\tKB\tcounted\n", out);
    for (size_t i = 0; i < bills->count; i++) {
        put(&bills->at[i], out);
    }
}

static void read_counted(struct bill *bill, char *names) {
    bill->counters = 0;
    bill->causes = 0;
    for (char *name = strtok(names, "\t,\n"); name != NULL; name = strtok(NULL, "\t,\n")) {
        if (name[0] == '-') {
            bill->causes |= UINT64_C(1) << strtoul(name + 1, NULL, 10);
        }
        for (size_t i = 0; i < account_counters_count; i++) {
            bill->counters |= strcmp(name, account_counters[i]) == 0 ? UINT32_C(1) << i : 0;
        }
    }
}

/* Whether the line is of the bill's attack and target; then what stands in it. */
static bool read_line(char *line, const struct bill *bill, struct bill *expected) {
    size_t length = strlen(bill->attack->name);
    const char *target = bill->target == SIM_CLIENT ? "\tclient\t" : "\tserver\t";
    if (strncmp(line, bill->attack->name, length) != 0 ||
        strncmp(line + length, target, strlen(target)) != 0) {
        return false;
    }
    char *at = line + length + strlen(target);
    uint64_t *const numbers[] = {&expected->cells, &expected->late, &expected->engines,
                                 &expected->sent, &expected->heap};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        *numbers[i] = strtoull(at, &at, 10);
    }
    read_counted(expected, at);
    return true;
}

/* Another version of GnuTLS may say the same with other messages. */
static bool is_near(uint64_t a, uint64_t b, bool exact) {
    uint64_t more = a > b ? a : b;
    uint64_t less = a > b ? b : a;
    return more - less <= (exact ? 0 : SLACK + less / SHARE);
}

static bool is_as_expected(const struct bill *bill, const struct bill *expected, bool exact) {
    return bill->cells == expected->cells && bill->counters == expected->counters &&
           bill->causes == expected->causes && is_near(bill->late, expected->late, exact) &&
           is_near(bill->engines, expected->engines, exact) &&
           is_near(bill->sent, expected->sent, exact) &&
           bill->heap <= expected->heap + SLACK + expected->heap / SHARE;
}

static bool is_of_this_gnutls(FILE *file) {
    char line[LINE_MAX_LENGTH];
    char expected[LINE_MAX_LENGTH];
    (void)snprintf(expected, sizeof(expected), "# GnuTLS %s\n", gnutls_check_version(NULL));
    rewind(file);
    return fgets(line, sizeof(line), file) != NULL && strcmp(line, expected) == 0;
}

static bool check(const struct bill *bill, FILE *file, bool exact) {
    char line[LINE_MAX_LENGTH];
    char found[LINE_MAX_LENGTH] = "none\n";
    struct bill expected = *bill;
    bool known = false;
    rewind(file);
    while (!known && fgets(line, sizeof(line), file) != NULL) {
        (void)strcpy(found, line);
        known = read_line(line, bill, &expected);
    }
    if (known && is_as_expected(bill, &expected, exact)) {
        return true;
    }
    (void)printf("bill: expected: %sbill: found:    ", known ? found : "none\n");
    put(bill, stdout);
    return false;
}

size_t bills_compare(const struct bills *bills, FILE *file) {
    size_t different = 0;
    bool exact = is_of_this_gnutls(file);
    for (size_t i = 0; i < bills->count; i++) {
        different += check(&bills->at[i], file, exact) ? 0 : 1;
    }
    return different;
}
