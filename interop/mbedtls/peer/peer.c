/*
 * Plays one remote with Mbed TLS and libsrtp as associate does with rtpgate: it takes the same
 * options and the same commands, and prints the same facts.
 */
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "association.h"
#include "media.h"

enum { ASSOCIATIONS = 2, TICK = 10, SRTP_ROOM = SRTP_MAX_TRAILER_LEN + 4 };

static struct remote {
    struct options options;
    int socket;
    struct sockaddr_in address; /* the other side's */
    struct association associations[ASSOCIATIONS];
    struct contexts contexts[ASSOCIATIONS];
    int newest;
    int ready; /* how many had their keys; the newest of them is in use */
    bool unverified;
    struct media media;
    unsigned unauthentic;
    unsigned replayed;
    const char *end;
    bool input_open;
    char line[1024];
    size_t line_length;
} remote = {.input_open = true};

static uint64_t now(void) {
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static struct association *newest(void) {
    return &remote.associations[remote.newest];
}

static void send_to_other(const unsigned char *datagram, size_t length) {
    (void)sendto(remote.socket, datagram, length, 0, (struct sockaddr *)&remote.address,
                 sizeof remote.address);
}

static void finish(const char *how) {
    remote.end = how;
}

/* The keys. */

static void use_keys(void) {
    struct association *association = newest();
    unsigned char material[MATERIAL];
    mbedtls_dtls_srtp_info info;
    mbedtls_ssl_get_dtls_srtp_negotiation_result(&association->ssl, &info);
    export_material(&association->secrets, material);
    remote.contexts[remote.newest] =
        make_contexts(material, association->client, info.chosen_dtls_srtp_profile);
    remote.ready = remote.newest + 1;
    (void)printf("state ready\nremote %s\n", association->seen);
    (void)printf("profile %s\nkeymat ", name_of(info.chosen_dtls_srtp_profile));
    for (size_t i = 0; i < sizeof material; i++) {
        (void)printf("%02x", material[i]);
    }
    (void)printf("\nassociation %d\n", remote.ready);
}

static void judge(void) {
    struct association *association = newest();
    if (association->expected[0] == '\0') {
        remote.unverified = true;
        (void)printf("state unverified\n");
    } else if (strcmp(association->expected, association->seen) == 0) {
        remote.unverified = false;
        use_keys();
    } else {
        (void)printf("failed the fingerprint is another one\n");
        finish("failed");
    }
}

static void read_data(void) {
    unsigned char text[DATAGRAM_MAX];
    int length = mbedtls_ssl_read(&newest()->ssl, text, sizeof text - 1);
    if (length > 0) {
        text[length] = '\0';
        (void)printf("data %s", (char *)text);
    } else if (length == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        (void)printf("closed by the peer\n");
        finish("closed");
    } else if (length != MBEDTLS_ERR_SSL_WANT_READ && length != MBEDTLS_ERR_SSL_TIMEOUT) {
        (void)printf("failed -0x%04x\n", (unsigned)-length);
        finish("failed");
    }
}

static void drive(void) {
    if (is_ready(newest())) {
        read_data();
        return;
    }
    int result = shake_hands(newest());
    if (result == 0) {
        judge();
    } else if (result != MBEDTLS_ERR_SSL_WANT_READ) {
        (void)printf("failed -0x%04x\n", (unsigned)-result);
        finish("failed");
    }
}

/* Media. */

static bool open_packet(srtp_t inbound, bool rtcp, const unsigned char *datagram, size_t length) {
    unsigned char packet[DATAGRAM_MAX];
    int opened = (int)length;
    (void)memcpy(packet, datagram, length);
    srtp_err_status_t status = rtcp ? srtp_unprotect_rtcp(inbound, packet, &opened)
                                    : srtp_unprotect(inbound, packet, &opened);
    if (status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old) {
        remote.replayed++;
        return true;
    }
    if (status == srtp_err_status_ok) {
        take_packet(&remote.media, rtcp, packet, (size_t)opened);
    }
    return status == srtp_err_status_ok;
}

static void take_media(const unsigned char *datagram, size_t length) {
    bool rtcp = length > 1 && datagram[1] >= 192 && datagram[1] <= 223;
    for (int i = remote.ready; i > 0; i--) {
        if (open_packet(remote.contexts[i - 1].inbound, rtcp, datagram, length)) {
            return;
        }
    }
    remote.unauthentic++;
}

static void send_media(void) {
    unsigned char packet[PACKET_MAX + SRTP_ROOM];
    bool rtcp = false;
    int length = (int)next_packet(&remote.media, &rtcp, packet, now());
    if (length > 0) {
        srtp_t outbound = remote.contexts[remote.ready - 1].outbound;
        srtp_err_status_t status = rtcp ? srtp_protect_rtcp(outbound, packet, &length)
                                        : srtp_protect(outbound, packet, &length);
        if (status != srtp_err_status_ok) {
            die("libsrtp", "a packet was not protected");
        }
        send_to_other(packet, (size_t)length);
    }
}

/* Commands. */

static void restart(char *arguments) {
    char *role = strtok(arguments, " ");
    char *identity = strtok(NULL, " ");
    char *fingerprint = strtok(NULL, "");
    if (fingerprint == NULL || remote.newest + 1 == ASSOCIATIONS) {
        die("restart", "needs a role, a file and a fingerprint, and happens once");
    }
    remote.options.client = read_role(role);
    copy(remote.options.identity, sizeof remote.options.identity, identity);
    copy(remote.options.fingerprint, sizeof remote.options.fingerprint, fingerprint);
    remote.newest++;
    begin(newest(), &remote.options, send_to_other);
}

static void obey(char *line) {
    unsigned more = 0;
    unsigned least = 0;
    if (strncmp(line, "data ", 5) == 0) {
        size_t length = strlen(line);
        line[length++] = '\n';
        must("data", mbedtls_ssl_write(&newest()->ssl, (unsigned char *)line + 5, length - 5));
    } else if (sscanf(line, "media %u %u", &more, &least) == 2) {
        want_media(&remote.media, more, least, now());
    } else if (strncmp(line, "expect ", 7) == 0) {
        copy(newest()->expected, sizeof newest()->expected, line + 7);
        judge();
    } else if (strncmp(line, "restart ", 8) == 0) {
        restart(line + 8);
    } else {
        die(line, "is not a command");
    }
}

static void read_input(void) {
    char byte = 0;
    if (read(STDIN_FILENO, &byte, 1) != 1) {
        remote.input_open = false;
        (void)mbedtls_ssl_close_notify(&newest()->ssl);
        finish("closed");
    } else if (byte == '\n') {
        remote.line[remote.line_length] = '\0';
        remote.line_length = 0;
        obey(remote.line);
    } else if (remote.line_length < sizeof remote.line - 2) {
        remote.line[remote.line_length++] = byte;
    }
}

/* The loop. */

static void receive(void) {
    unsigned char datagram[DATAGRAM_MAX];
    struct sockaddr_in from = {0};
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(remote.socket, datagram, sizeof datagram, MSG_DONTWAIT,
                              (struct sockaddr *)&from, &size);
    if (length <= 0) {
        return;
    }
    if (datagram[0] >= 128) {
        take_media(datagram, (size_t)length);
        return;
    }
    remote.address = from;
    (void)memcpy(newest()->datagram, datagram, (size_t)length);
    newest()->length = (size_t)length;
    do {
        drive();
    } while (remote.end == NULL && is_ready(newest()) &&
             (newest()->length > 0 || mbedtls_ssl_check_pending(&newest()->ssl)));
}

static int patience(void) {
    uint64_t time = now();
    uint64_t due = remote.media.due;
    return due <= time ? 0 : due - time < TICK * 1000 ? 1 : TICK;
}

static void step(void) {
    bool wants_input = remote.input_open && is_ready(newest());
    struct pollfd waits[2] = {{.fd = remote.socket, .events = POLLIN},
                              {.fd = wants_input ? STDIN_FILENO : -1, .events = POLLIN}};
    (void)poll(waits, 2, patience());
    if (waits[0].revents != 0) {
        receive();
    } else if (!is_ready(newest())) {
        drive(); /* its timer */
    }
    if (waits[1].revents != 0 && remote.end == NULL && is_ready(newest())) {
        read_input();
    }
    if (remote.end == NULL) {
        send_media();
    }
}

static void open_socket(void) {
    struct sockaddr_in local = {.sin_family = AF_INET};
    socklen_t size = sizeof local;
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    remote.address = local;
    remote.address.sin_port = htons(remote.options.port);
    remote.socket = socket(AF_INET, SOCK_DGRAM, 0);
    if (remote.socket < 0 || bind(remote.socket, (struct sockaddr *)&local, size) != 0 ||
        getsockname(remote.socket, (struct sockaddr *)&local, &size) != 0) {
        die("socket", "cannot be opened");
    }
    (void)printf("port %u\n", ntohs(local.sin_port));
}

static void release(void) {
    for (int i = 0; i <= remote.newest; i++) {
        end(&remote.associations[i]);
    }
    for (int i = 0; i < remote.ready; i++) {
        (void)srtp_dealloc(remote.contexts[i].inbound);
        (void)srtp_dealloc(remote.contexts[i].outbound);
    }
    (void)srtp_shutdown();
    (void)close(remote.socket);
}

int main(int argc, char **argv) {
    remote.options = read_options(argc, argv);
    uint64_t limit = now() + remote.options.limit * 1000;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (srtp_init() != srtp_err_status_ok) {
        die("libsrtp", "does not start");
    }
    open_socket();
    start_media(&remote.media, remote.options.client);
    begin(newest(), &remote.options, send_to_other);
    while (remote.end == NULL && now() < limit) {
        step();
    }
    print_media(&remote.media);
    (void)printf("unauthentic %u\nreplayed %u\n", remote.unauthentic, remote.replayed);
    (void)printf("end %s\n", remote.end != NULL ? remote.end : "limit");
    release();
    return remote.end != NULL && strcmp(remote.end, "closed") == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
