#include <rtpgate/endpoint.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/table.h"

enum {
    DATAGRAM_MAX = 65536,
    TURNS_MAX =
        64, /* useless datagrams that one call passes over: a flood must not hold the caller */
    BUFFER_BYTES = 1 << 20, /* a key frame of several peers at once must fit between two turns */
};

struct member {
    struct member *next;
    rtpgate_peer *peer;
};

struct rtpgate_endpoint {
    int socket;
    uint16_t port;
    struct rg_table table;
    struct member *members;
    struct rtpgate_endpoint_stats stats;
    uint8_t datagram[DATAGRAM_MAX]; /* what the last arrival points into */
    uint8_t output[RTPGATE_MTU_MAX];
};

static bool parse_address(const char *text, uint16_t port, struct sockaddr_storage *out,
                          socklen_t *length) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memset(out, 0, sizeof(*out));
    if (text != NULL && inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(out, &v4, sizeof(v4));
        *length = sizeof(v4);
        return true;
    }
    if (text == NULL || inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
        memcpy(out, &v6, sizeof(v6));
        *length = sizeof(v6);
        return true;
    }
    return false;
}

static int open_socket(const struct sockaddr_storage *address, socklen_t length, bool dual) {
    int only = dual ? 0 : 1;
    int bytes = BUFFER_BYTES;
    int fd = socket(address->ss_family, SOCK_DGRAM, 0);
    if (fd < 0) {
        return -1;
    }
    bool good = fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
    good = good && (address->ss_family != AF_INET6 ||
                    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) == 0);
    /* A system that grants less only loses more. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    if (!good || bind(fd, (const struct sockaddr *)address, length) != 0) {
        int reason = errno;
        (void)close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

static uint16_t port_of(const struct sockaddr_storage *address) {
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    memcpy(&v4, address, sizeof(v4));
    memcpy(&v6, address, sizeof(v6));
    return ntohs(address->ss_family == AF_INET ? v4.sin_port : v6.sin6_port);
}

/* Without IPv6 in the system "every address" means IPv4's. */
static int bind_anywhere(struct sockaddr_storage *address, socklen_t length, uint16_t port,
                         const char *text) {
    int fd = open_socket(address, length, text == NULL);
    if (fd < 0 && text == NULL && errno == EAFNOSUPPORT &&
        parse_address("0.0.0.0", port, address, &length)) {
        fd = open_socket(address, length, false);
    }
    return fd;
}

int rtpgate_endpoint_new(rtpgate_endpoint **out, const char *address, uint16_t port) {
    struct sockaddr_storage own;
    socklen_t length = 0;
    if (out == NULL || !parse_address(address, port, &own, &length)) {
        return RTPGATE_ERR_INVAL;
    }
    struct rtpgate_endpoint *endpoint = rg_alloc(sizeof(*endpoint));
    if (endpoint == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    endpoint->socket = bind_anywhere(&own, length, port, address);
    length = sizeof(own);
    if (endpoint->socket < 0 ||
        getsockname(endpoint->socket, (struct sockaddr *)&own, &length) != 0) {
        int reason = errno;
        rtpgate_endpoint_free(endpoint);
        errno = reason;
        return RTPGATE_ERR_IO;
    }
    endpoint->port = port_of(&own);
    endpoint->table.map_v4 = own.ss_family == AF_INET6;
    *out = endpoint;
    return 0;
}

void rtpgate_endpoint_free(rtpgate_endpoint *endpoint) {
    if (endpoint == NULL) {
        return;
    }
    while (endpoint->members != NULL) {
        rtpgate_endpoint_remove(endpoint, endpoint->members->peer);
    }
    rg_table_clear(&endpoint->table);
    if (endpoint->socket >= 0) {
        (void)close(endpoint->socket);
    }
    rg_free_secret(endpoint, sizeof(*endpoint));
}

int rtpgate_endpoint_fd(const rtpgate_endpoint *endpoint) {
    return endpoint == NULL ? -1 : endpoint->socket;
}

uint16_t rtpgate_endpoint_port(const rtpgate_endpoint *endpoint) {
    return endpoint == NULL ? 0 : endpoint->port;
}

uint64_t rtpgate_endpoint_now(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return 0;
    }
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct member **find_member(struct rtpgate_endpoint *endpoint, const rtpgate_peer *peer) {
    struct member **at = &endpoint->members;
    while (*at != NULL && (*at)->peer != peer) {
        at = &(*at)->next;
    }
    return at;
}

int rtpgate_endpoint_add(rtpgate_endpoint *endpoint, rtpgate_peer *peer) {
    if (endpoint == NULL || peer == NULL || *find_member(endpoint, peer) != NULL) {
        return RTPGATE_ERR_INVAL;
    }
    struct member *member = rg_alloc(sizeof(*member));
    if (member == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    member->peer = peer;
    member->next = endpoint->members;
    endpoint->members = member;
    return 0;
}

void rtpgate_endpoint_remove(rtpgate_endpoint *endpoint, rtpgate_peer *peer) {
    if (endpoint == NULL || peer == NULL) {
        return;
    }
    struct member **at = find_member(endpoint, peer);
    struct member *member = *at;
    if (member != NULL) {
        (void)rtpgate_endpoint_flush(endpoint, peer);
        *at = member->next;
        rg_free(member);
        rg_table_unbind_peer(&endpoint->table, peer);
    }
}

int rtpgate_endpoint_bind(rtpgate_endpoint *endpoint, uint64_t path, rtpgate_peer *peer) {
    if (endpoint == NULL || peer == NULL || *find_member(endpoint, peer) == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    struct rg_remote *remote = rg_table_path(&endpoint->table, path);
    if (remote == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    rg_table_bind(&endpoint->table, remote, peer);
    return 0;
}

static bool is_whole(const struct sockaddr *address, socklen_t length) {
    return (length >= sizeof(struct sockaddr_in) && address->sa_family == AF_INET) ||
           (length >= sizeof(struct sockaddr_in6) && address->sa_family == AF_INET6);
}

int rtpgate_endpoint_path(rtpgate_endpoint *endpoint, const struct sockaddr *address,
                          socklen_t length, uint64_t *path) {
    if (endpoint == NULL || address == NULL || path == NULL || !is_whole(address, length)) {
        return RTPGATE_ERR_INVAL;
    }
    const struct rg_remote *remote = rg_table_find(&endpoint->table, address, length);
    if (remote == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    *path = remote->path;
    return 0;
}

int rtpgate_endpoint_address(const rtpgate_endpoint *endpoint, uint64_t path,
                             struct sockaddr *address, socklen_t *length) {
    if (endpoint == NULL || address == NULL || length == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    const struct rg_remote *remote = rg_table_path(&endpoint->table, path);
    if (remote == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    if (*length < remote->length) {
        return RTPGATE_ERR_NOBUF;
    }
    memcpy(address, &remote->address, remote->length);
    *length = remote->length;
    return 0;
}

int rtpgate_endpoint_send(rtpgate_endpoint *endpoint, uint64_t path, const uint8_t *data,
                          size_t length) {
    if (endpoint == NULL || data == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    const struct rg_remote *remote = rg_table_path(&endpoint->table, path);
    if (remote == NULL) {
        endpoint->stats.send_failures++;
        return RTPGATE_ERR_INVAL;
    }
    if (sendto(endpoint->socket, data, length, MSG_DONTWAIT,
               (const struct sockaddr *)&remote->address, remote->length) < 0) {
        endpoint->stats.send_failures++;
        return RTPGATE_ERR_IO;
    }
    endpoint->stats.datagrams_sent++;
    return 0;
}

int rtpgate_endpoint_flush(rtpgate_endpoint *endpoint, rtpgate_peer *peer) {
    uint64_t path = 0;
    int length = 0;
    if (endpoint == NULL || peer == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    while ((length = rtpgate_peer_output(peer, endpoint->output, sizeof(endpoint->output), &path)) >
           0) {
        /* What the system does not take is as good as lost on the way: timers send it again. */
        (void)rtpgate_endpoint_send(endpoint, path, endpoint->output, (size_t)length);
    }
    return length;
}

/* True when the caller has something to look at. */
static bool dispatch(struct rtpgate_endpoint *endpoint, struct rg_remote *remote, size_t length,
                     struct rtpgate_arrival *arrival, uint64_t now) {
    *arrival = (struct rtpgate_arrival){.kind = rtpgate_classify(endpoint->datagram, length, false),
                                        .peer = remote->peer,
                                        .path = remote->path,
                                        .data = endpoint->datagram,
                                        .length = length};
    if (remote->peer == NULL) {
        bool stun = arrival->kind == RTPGATE_KIND_STUN;
        endpoint->stats.dropped_unbound += stun ? 0 : 1;
        return stun;
    }
    int kind =
        rtpgate_peer_input(remote->peer, arrival->data, &arrival->length, remote->path, false, now);
    (void)rtpgate_endpoint_flush(endpoint, remote->peer);
    if (kind < 0) {
        endpoint->stats.dropped_packet++;
        return false;
    }
    arrival->kind = (enum rtpgate_kind)kind;
    return true;
}

/* An ICMP error of some earlier datagram, which anybody can forge, is no failure of the socket. */
static bool is_passing(int reason) {
    return reason == EINTR || reason == ECONNREFUSED || reason == EHOSTUNREACH ||
           reason == ENETUNREACH || reason == EMSGSIZE;
}

int rtpgate_endpoint_receive(rtpgate_endpoint *endpoint, struct rtpgate_arrival *arrival,
                             uint64_t now) {
    if (endpoint == NULL || arrival == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        struct sockaddr_storage from;
        socklen_t from_length = sizeof(from);
        ssize_t length = recvfrom(endpoint->socket, endpoint->datagram, sizeof(endpoint->datagram),
                                  MSG_DONTWAIT, (struct sockaddr *)&from, &from_length);
        if (length < 0 && is_passing(errno)) {
            continue;
        }
        if (length < 0) {
            return errno == EAGAIN ? 0 : RTPGATE_ERR_IO;
        }
        endpoint->stats.datagrams_received++;
        struct rg_remote *remote =
            rg_table_find(&endpoint->table, (struct sockaddr *)&from, from_length);
        if (remote != NULL && dispatch(endpoint, remote, (size_t)length, arrival, now)) {
            return 1;
        }
        endpoint->stats.dropped_unbound += remote == NULL ? 1 : 0;
    }
    return 0;
}

uint64_t rtpgate_endpoint_deadline(const rtpgate_endpoint *endpoint) {
    uint64_t when = RTPGATE_NEVER;
    for (const struct member *member = endpoint == NULL ? NULL : endpoint->members; member != NULL;
         member = member->next) {
        uint64_t deadline = rtpgate_peer_deadline(member->peer);
        when = deadline < when ? deadline : when;
    }
    return when;
}

int rtpgate_endpoint_expire(rtpgate_endpoint *endpoint, uint64_t now) {
    if (endpoint == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    for (struct member *member = endpoint->members; member != NULL; member = member->next) {
        if (rtpgate_peer_deadline(member->peer) <= now) {
            (void)rtpgate_peer_expire(member->peer, now);
        }
        (void)rtpgate_endpoint_flush(endpoint, member->peer);
    }
    return 0;
}

int rtpgate_endpoint_wait(rtpgate_endpoint *endpoint, int milliseconds) {
    if (endpoint == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    int wait = rtpgate_timeout_ms(rtpgate_endpoint_deadline(endpoint), rtpgate_endpoint_now());
    if (milliseconds >= 0 && (wait < 0 || milliseconds < wait)) {
        wait = milliseconds;
    }
    struct pollfd fd = {.fd = endpoint->socket, .events = POLLIN};
    return poll(&fd, 1, wait) < 0 && errno != EINTR ? RTPGATE_ERR_IO : 0;
}

int rtpgate_endpoint_stats(const rtpgate_endpoint *endpoint, struct rtpgate_endpoint_stats *stats,
                           size_t size) {
    if (endpoint == NULL || stats == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    struct rtpgate_endpoint_stats all = endpoint->stats;
    all.paths_forgotten = endpoint->table.forgotten;
    memset(stats, 0, size);
    memcpy(stats, &all, size < sizeof(all) ? size : sizeof(all));
    return 0;
}
