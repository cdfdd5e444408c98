/* See web.h. */
#include "web.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "wishes.h"

enum { CONNECTIONS = 64, PATIENCE = 30, FILE_MAX = 1 << 20 };

struct web {
    struct gate *gate;
    struct MHD_Daemon *daemon;
};

/* One request; its body comes in pieces. */
struct request {
    struct MHD_Connection *connection;
    struct gate *gate;
    const char *method;
    const char *url;
    size_t length;
    bool too_long;
    char body[OFFER_MAX_BYTES];
};

/* Where a call is, and what is known of it. */
static void add_places(struct MHD_Response *response, const char *id) {
    char text[CALL_ID + 32];
    (void)snprintf(text, sizeof(text), "/session/%s", id);
    (void)MHD_add_response_header(response, "Location", text);
    (void)snprintf(text, sizeof(text), "</stats/%s>; rel=\"stats\"", id);
    (void)MHD_add_response_header(response, "Link", text);
}

static enum MHD_Result send_headers(const struct request *request, unsigned status,
                                    struct MHD_Response *response, const char *type,
                                    const char *id) {
    if (response == NULL) {
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, "Content-Type", type);
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (id != NULL) {
        add_places(response, id);
    }
    enum MHD_Result result = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* One sentence for a person. */
static enum MHD_Result say(const struct request *request, unsigned status, const char *sentence) {
    char text[512];
    int length = snprintf(text, sizeof(text), "%s\n", sentence);
    return send_headers(
        request, status,
        MHD_create_response_from_buffer((size_t)length, text, MHD_RESPMEM_MUST_COPY),
        "text/plain; charset=utf-8", NULL);
}

/* What was written to a stream of open_memstream, which is handed over. */
static enum MHD_Result send_text(const struct request *request, unsigned status, char *text,
                                 size_t length, const char *type, const char *id) {
    return send_headers(request, status,
                        MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE), type,
                        id);
}

static enum MHD_Result send_file(const struct request *request, const char *name,
                                 const char *type) {
    char path[1024];
    int length = snprintf(path, sizeof(path), "%s/%s", request->gate->page, name);
    FILE *file = length < (int)sizeof(path) ? fopen(path, "rb") : NULL;
    char *bytes = file != NULL ? malloc(FILE_MAX) : NULL;
    size_t count = bytes != NULL ? fread(bytes, 1, FILE_MAX, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    if (count == 0) {
        free(bytes);
        return say(request, MHD_HTTP_NOT_FOUND, "The page's files are not where --page says.");
    }
    return send_text(request, MHD_HTTP_OK, bytes, count, type, NULL);
}

/* Where the call with this id is; NULL when there is none. */
static struct call **find_call(struct gate *gate, const char *id) {
    for (size_t i = 0; i < GATE_CALLS; i++) {
        if (gate->calls[i] != NULL && strcmp(gate->calls[i]->id, id) == 0) {
            return &gate->calls[i];
        }
    }
    return NULL;
}

/* Of two calls that are over, whether `a` is forgotten first: whoever has not hung up may still ask
 * how it ended. */
static bool goes_before(const struct call *a, const struct call *b) {
    bool hung_up = a->ended_at != 0;
    return hung_up != (b->ended_at != 0) ? hung_up : a->heard < b->heard;
}

/* A free place, or that of a call that is over; NULL when there is none. */
static struct call **find_place(struct gate *gate) {
    struct call **over = NULL;
    for (size_t i = 0; i < GATE_CALLS; i++) {
        struct call **place = &gate->calls[i];
        if (*place == NULL) {
            return place;
        }
        if (call_is_over(*place) && (over == NULL || goes_before(*place, *over))) {
            over = place;
        }
    }
    return over;
}

/* The descriptions of DTLS contradict the RFCs, or there is no memory. */
static enum MHD_Result refuse(const struct request *request, int error, const char *why) {
    char sentence[256];
    bool theirs = error == RTPGATE_ERR_MALFORMED || error == RTPGATE_ERR_INVAL;
    (void)snprintf(sentence, sizeof(sentence), "The offer cannot be answered: %s.", why);
    return say(request, theirs ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_INTERNAL_SERVER_ERROR, sentence);
}

/* Answers an offer for a call that exists. */
static enum MHD_Result answer(const struct request *request, struct call *call, unsigned status) {
    struct offer offer;
    struct wishes wishes;
    char *text = NULL;
    size_t length = 0;
    const char *wrong = offer_read(&offer, request->body, request->length);
    if (wrong == NULL) {
        wrong = wishes_read(&wishes, request->connection, request->gate->test);
    }
    FILE *out = wrong == NULL ? open_memstream(&text, &length) : NULL;
    if (out == NULL) {
        offer_free(&offer);
        return say(request, MHD_HTTP_BAD_REQUEST, wrong != NULL ? wrong : "No memory.");
    }
    const char *why = NULL;
    int error = call_answer(call, &offer, &wishes, request->gate->address, out, &why);
    offer_free(&offer);
    (void)fclose(out);
    if (error != 0) {
        free(text);
        return refuse(request, error, why != NULL ? why : rtpgate_strerror(error));
    }
    return send_text(request, status, text, length, "application/sdp", call->id);
}

static enum MHD_Result begin_call(const struct request *request) {
    struct call **place = find_place(request->gate);
    struct call *call = NULL;
    if (place == NULL) {
        return say(request, MHD_HTTP_SERVICE_UNAVAILABLE, "There are too many calls already.");
    }
    if (call_new(&call, request->gate->endpoint, request->gate->identity) != 0) {
        return say(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "There is no memory for a call.");
    }
    call->keeper = request->gate->keeper;
    enum MHD_Result result = answer(request, call, MHD_HTTP_CREATED);
    if (call->answers > 0) {
        call_free(*place);
        *place = call;
    } else {
        call_free(call);
    }
    return result;
}

static bool is_sdp(const struct request *request) {
    const char *type =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Content-Type");
    return type != NULL && strncmp(type, "application/sdp", 15) == 0 &&
           (type[15] == '\0' || type[15] == ';' || type[15] == ' ');
}

/* What is wrong with the request before the offer itself is looked at; 0: nothing. */
static unsigned unacceptable(const struct request *request, const char **sentence) {
    if (request->too_long) {
        *sentence = "An offer has at most 64 kilobytes.";
        return MHD_HTTP_CONTENT_TOO_LARGE;
    }
    *sentence = "An offer has the Content-Type application/sdp.";
    return is_sdp(request) ? 0 : MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
}

static enum MHD_Result on_offer(const struct request *request, struct call *call) {
    const char *sentence;
    unsigned status = unacceptable(request, &sentence);
    if (status != 0) {
        return say(request, status, sentence);
    }
    return call == NULL ? begin_call(request) : answer(request, call, MHD_HTTP_OK);
}

static enum MHD_Result on_session(const struct request *request, const char *id) {
    struct call **place = find_call(request->gate, id);
    if (place == NULL || (*place)->ended_at != 0) {
        return say(request, MHD_HTTP_NOT_FOUND, "There is no such call (any more).");
    }
    if (strcmp(request->method, "PATCH") == 0) {
        return on_offer(request, *place);
    }
    if (strcmp(request->method, "DELETE") != 0) {
        return say(request, MHD_HTTP_METHOD_NOT_ALLOWED, "A call takes PATCH and DELETE.");
    }
    call_end(*place, "the page ended the call");
    return say(request, MHD_HTTP_OK, "The call has ended.");
}

static enum MHD_Result on_stats(const struct request *request, const char *id) {
    struct call **place = find_call(request->gate, id);
    char *text = NULL;
    size_t length = 0;
    FILE *out = place != NULL ? open_memstream(&text, &length) : NULL;
    if (out == NULL) {
        return say(request, MHD_HTTP_NOT_FOUND, "There is no such call (any more).");
    }
    call_report(*place, out);
    (void)fclose(out);
    return send_text(request, MHD_HTTP_OK, text, length, "application/json", NULL);
}

static enum MHD_Result on_page(const struct request *request) {
    static const struct {
        const char *url;
        const char *name;
        const char *type;
    } files[] = {
        {"/", "index.html", "text/html; charset=utf-8"},
        {"/style.css", "style.css", "text/css; charset=utf-8"},
        {"/page.js", "page.js", "text/javascript; charset=utf-8"},
        {"/timeline.js", "timeline.js", "text/javascript; charset=utf-8"},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        if (strcmp(request->url, files[i].url) == 0) {
            return send_file(request, files[i].name, files[i].type);
        }
    }
    return say(request, MHD_HTTP_NOT_FOUND, "There is no such page.");
}

static enum MHD_Result route(const struct request *request) {
    bool get = strcmp(request->method, "GET") == 0;
    if (strcmp(request->url, "/whip") == 0) {
        return strcmp(request->method, "POST") == 0
                   ? on_offer(request, NULL)
                   : say(request, MHD_HTTP_METHOD_NOT_ALLOWED, "Post an SDP offer here.");
    }
    if (strncmp(request->url, "/session/", 9) == 0) {
        return on_session(request, request->url + 9);
    }
    if (get && strncmp(request->url, "/stats/", 7) == 0) {
        return on_stats(request, request->url + 7);
    }
    return get ? on_page(request)
               : say(request, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET is answered here.");
}

static void take_body(struct request *request, const char *data, size_t size) {
    if (size > sizeof(request->body) - request->length) {
        request->too_long = true;
        return;
    }
    memcpy(request->body + request->length, data, size);
    request->length += size;
}

static enum MHD_Result on_request(void *closure, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state) {
    struct request *request = *state;
    (void)version;
    if (request == NULL) {
        request = calloc(1, sizeof(*request));
        *state = request;
        return request != NULL ? MHD_YES : MHD_NO;
    }
    request->connection = connection;
    request->gate = closure;
    request->url = url;
    request->method = method;
    if (*size > 0) {
        take_body(request, data, *size);
        *size = 0;
        return MHD_YES;
    }
    return route(request);
}

static void on_completed(void *closure, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
    (void)closure;
    (void)connection;
    (void)code;
    free(*state);
    *state = NULL;
}

struct web *web_new(struct gate *gate, const char *address, uint16_t port) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct web *web = calloc(1, sizeof(*web));
    if (web == NULL || inet_pton(AF_INET, address, &own.sin_addr) != 1) {
        free(web);
        return NULL;
    }
    web->gate = gate;
    web->daemon = MHD_start_daemon(
        MHD_USE_EPOLL, port, NULL, NULL, on_request, gate, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&own, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PATIENCE, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, NULL, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
    if (web->daemon == NULL) {
        free(web);
        return NULL;
    }
    return web;
}

void web_free(struct web *web) {
    if (web != NULL) {
        MHD_stop_daemon(web->daemon);
        free(web);
    }
}

uint16_t web_port(const struct web *web) {
    return MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

int web_fd(const struct web *web) {
    return MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int web_timeout(const struct web *web) {
    unsigned MHD_LONG_LONG milliseconds;
    if (MHD_get_timeout(web->daemon, &milliseconds) != MHD_YES) {
        return -1;
    }
    return milliseconds > INT_MAX ? INT_MAX : (int)milliseconds;
}

void web_run(struct web *web) {
    (void)MHD_run(web->daemon);
}
