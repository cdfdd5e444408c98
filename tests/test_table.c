#include "net/table.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/alloc.h"
#include "suite.h"

static struct rg_table table;
static char peers[2]; /* only their addresses count here */

static rtpgate_peer *peer(size_t n) {
    return (rtpgate_peer *)(void *)&peers[n];
}

static void setup(void) {
    memset(&table, 0, sizeof(table));
}

static void teardown(void) {
    rg_table_clear(&table);
    ck_assert_ptr_null(table.by_address);
    ck_assert_ptr_null(table.by_path);
}

static struct rg_remote *v4(uint32_t address, uint16_t port) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(port)};
    from.sin_addr.s_addr = htonl(address);
    memset(from.sin_zero, (int)(table.last_path & 0xff), sizeof(from.sin_zero)); /* means nothing */
    return rg_table_find(&table, (struct sockaddr *)&from, sizeof(from));
}

START_TEST(an_address_has_one_path_for_ever) {
    const struct rg_remote *first = v4(1, 1);
    const struct rg_remote *second = v4(1, 2);
    const struct rg_remote *third = v4(2, 1);
    ck_assert_uint_eq(first->path, 1);
    ck_assert_uint_eq(second->path, 2);
    ck_assert_uint_eq(third->path, 3);
    ck_assert_ptr_eq(v4(1, 1), first);
    ck_assert_ptr_eq(rg_table_path(&table, 2), second);
    ck_assert_ptr_null(rg_table_path(&table, 0));
    ck_assert_ptr_null(rg_table_path(&table, 4));
}
END_TEST

START_TEST(families_are_told_apart_and_others_refused) {
    struct sockaddr_in6 from = {.sin6_family = AF_INET6, .sin6_port = htons(1)};
    struct sockaddr other = {.sa_family = AF_UNIX};
    ck_assert_int_eq(inet_pton(AF_INET6, "::1", &from.sin6_addr), 1);
    struct rg_remote *remote = rg_table_find(&table, (struct sockaddr *)&from, sizeof(from));
    ck_assert_ptr_nonnull(remote);
    from.sin6_flowinfo = 99; /* no part of the address */
    ck_assert_ptr_eq(rg_table_find(&table, (struct sockaddr *)&from, sizeof(from)), remote);
    from.sin6_scope_id = 2;
    ck_assert_ptr_ne(rg_table_find(&table, (struct sockaddr *)&from, sizeof(from)), remote);
    ck_assert_ptr_null(rg_table_find(&table, &other, sizeof(other)));
    ck_assert_ptr_null(rg_table_find(&table, (struct sockaddr *)&from, 4));
}
END_TEST

START_TEST(unbound_addresses_are_bounded_and_bound_ones_stay) {
    struct rg_remote *bound = v4(7, 7);
    rg_table_bind(&table, bound, peer(0));
    for (uint32_t i = 0; i < 2 * RG_UNBOUND_MAX; i++) {
        ck_assert_ptr_nonnull(v4(1000 + i, 1));
        ck_assert_uint_le(table.unbound, RG_UNBOUND_MAX);
    }
    ck_assert_uint_eq(table.forgotten, RG_UNBOUND_MAX);
    ck_assert_ptr_eq(v4(7, 7), bound);
    ck_assert_ptr_null(rg_table_path(&table, 2));
    ck_assert_ptr_nonnull(rg_table_path(&table, 2 * RG_UNBOUND_MAX + 1));
}
END_TEST

START_TEST(a_peer_that_goes_leaves_its_addresses_unbound) {
    for (uint16_t port = 1; port <= 6; port++) {
        rg_table_bind(&table, v4(1, port), peer(port % 2));
    }
    ck_assert_uint_eq(table.unbound, 0);
    rg_table_unbind_peer(&table, peer(0));
    ck_assert_uint_eq(table.unbound, 3);
    for (uint16_t port = 1; port <= 6; port++) {
        ck_assert(v4(1, port)->peer == (port % 2 == 0 ? NULL : peer(1)));
    }
}
END_TEST

START_TEST(without_memory_nothing_is_found) {
    rg_alloc_fail_from(1);
    ck_assert_ptr_null(v4(1, 1));
    rg_alloc_fail_from(0);
    ck_assert_ptr_nonnull(v4(1, 1));
}
END_TEST

START_TEST(an_ipv6_socket_knows_ipv4_in_its_mapped_form) {
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons(5)};
    table.map_v4 = true;
    const struct rg_remote *remote = v4(0x01020304, 5);
    ck_assert_int_eq(inet_pton(AF_INET6, "::ffff:1.2.3.4", &mapped.sin6_addr), 1);
    ck_assert_ptr_eq(rg_table_find(&table, (struct sockaddr *)&mapped, sizeof(mapped)), remote);
    ck_assert_uint_eq(remote->length, sizeof(mapped));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("table");
    TCase *tests = suite_case(suite, "addresses");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, an_address_has_one_path_for_ever);
    tcase_add_test(tests, families_are_told_apart_and_others_refused);
    tcase_add_test(tests, unbound_addresses_are_bounded_and_bound_ones_stay);
    tcase_add_test(tests, a_peer_that_goes_leaves_its_addresses_unbound);
    tcase_add_test(tests, without_memory_nothing_is_found);
    tcase_add_test(tests, an_ipv6_socket_knows_ipv4_in_its_mapped_form);
    return suite_run(suite);
}
