#include "wire/hello.h"

enum { SESSION_ID_MAX = 32, RECORD_LIMIT_MIN = 64 };

/* Both hellos' extensions are read by one loop; `read` takes one body, false: malformed. */
typedef bool extension_reader(void *hello, uint16_t type, struct rg_reader *body);

static const uint16_t known[] = {
    RG_EXTENSION_SERVER_NAME, RG_EXTENSION_FRAGMENT_LENGTH, RG_EXTENSION_GROUPS,
    RG_EXTENSION_SIGNATURES,  RG_EXTENSION_USE_SRTP,        RG_EXTENSION_EMS,
    RG_EXTENSION_VERSIONS,    RG_EXTENSION_RECORD_LIMIT,
};

/* A set bit for a type that is known, 0 for one that is not. */
static unsigned known_bit(uint16_t type) {
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i] == type) {
            return 1U << i;
        }
    }
    return 0;
}

static bool read_extensions(struct rg_reader *reader, void *hello, extension_reader *read) {
    struct rg_bytes block;
    struct rg_reader extensions;
    unsigned seen = 0;

    if (rg_reader_finished(reader)) {
        return true;
    }
    block = rg_read_vector16(reader);
    extensions = rg_reader_make(block.at, block.length);
    while (extensions.left > 0) {
        uint16_t type = rg_read_u16(&extensions);
        struct rg_bytes view = rg_read_vector16(&extensions);
        struct rg_reader body = rg_reader_make(view.at, view.length);
        unsigned bit = known_bit(type);

        if (extensions.failed || (seen & bit) != 0 || !read(hello, type, &body)) {
            return false;
        }
        seen |= bit;
    }
    return rg_reader_finished(reader);
}

static bool is_list(struct rg_bytes list) {
    return list.length > 0 && list.length % 2 == 0;
}

static bool read_list(struct rg_reader *body, struct rg_bytes *list) {
    *list = rg_read_vector16(body);
    return rg_reader_finished(body) && is_list(*list);
}

static bool read_versions(struct rg_reader *body, struct rg_bytes *list) {
    *list = rg_read_vector8(body);
    return rg_reader_finished(body) && is_list(*list);
}

static bool read_use_srtp(struct rg_reader *body, struct rg_bytes *profiles, struct rg_bytes *mki) {
    *profiles = rg_read_vector16(body);
    *mki = rg_read_vector8(body);
    return rg_reader_finished(body) && is_list(*profiles);
}

/* 1 to 4 stand for 2^9 to 2^12 bytes. */
static bool read_fragment_length(struct rg_reader *body, uint16_t *length) {
    uint8_t code = rg_read_u8(body);

    *length = (uint16_t)(1U << (8 + (code & 7U)));
    return rg_reader_finished(body) && code >= 1 && code <= 4;
}

static bool read_record_limit(struct rg_reader *body, uint16_t *limit) {
    *limit = rg_read_u16(body);
    return rg_reader_finished(body) && *limit >= RECORD_LIMIT_MIN;
}

static bool client_extension(void *out, uint16_t type, struct rg_reader *body) {
    struct rg_client_hello *hello = out;

    switch (type) {
    case RG_EXTENSION_FRAGMENT_LENGTH:
        return read_fragment_length(body, &hello->fragment_length);
    case RG_EXTENSION_GROUPS:
        return read_list(body, &hello->groups);
    case RG_EXTENSION_SIGNATURES:
        return read_list(body, &hello->signatures);
    case RG_EXTENSION_USE_SRTP:
        hello->use_srtp = true;
        return read_use_srtp(body, &hello->profiles, &hello->mki);
    case RG_EXTENSION_EMS:
        hello->extended_master_secret = true;
        return rg_reader_finished(body);
    case RG_EXTENSION_VERSIONS:
        return read_versions(body, &hello->versions);
    case RG_EXTENSION_RECORD_LIMIT:
        return read_record_limit(body, &hello->record_limit);
    default:
        return true;
    }
}

static bool holds_null(struct rg_bytes methods) {
    for (size_t i = 0; i < methods.length; i++) {
        if (methods.at[i] == 0) {
            return true;
        }
    }
    return false;
}

bool rg_client_hello_parse(struct rg_bytes body, struct rg_client_hello *hello) {
    struct rg_reader reader = rg_reader_make(body.at, body.length);
    struct rg_client_hello view = {.version = rg_read_u16(&reader)};
    struct rg_bytes methods;

    view.random = rg_read_bytes(&reader, RG_RANDOM);
    view.session_id = rg_read_vector8(&reader);
    view.cookie = rg_read_vector8(&reader);
    view.suites = rg_read_vector16(&reader);
    methods = rg_read_vector8(&reader);
    view.null_compression = holds_null(methods);
    if (reader.failed || view.session_id.length > SESSION_ID_MAX || !is_list(view.suites) ||
        methods.length == 0) {
        return false;
    }
    if (!read_extensions(&reader, &view, client_extension)) {
        return false;
    }
    *hello = view;
    return true;
}

static bool server_extension(void *out, uint16_t type, struct rg_reader *body) {
    struct rg_server_hello *hello = out;
    struct rg_bytes profiles;

    switch (type) {
    case RG_EXTENSION_USE_SRTP:
        if (!read_use_srtp(body, &profiles, &hello->mki) || profiles.length != 2) {
            return false;
        }
        hello->use_srtp = true;
        hello->profile = (uint16_t)(profiles.at[0] << 8 | profiles.at[1]);
        return true;
    case RG_EXTENSION_EMS:
        hello->extended_master_secret = true;
        return rg_reader_finished(body);
    case RG_EXTENSION_RECORD_LIMIT:
        return read_record_limit(body, &hello->record_limit);
    default:
        return true;
    }
}

bool rg_server_hello_parse(struct rg_bytes body, struct rg_server_hello *hello) {
    struct rg_reader reader = rg_reader_make(body.at, body.length);
    struct rg_server_hello view = {.version = rg_read_u16(&reader)};
    struct rg_bytes session_id;

    view.random = rg_read_bytes(&reader, RG_RANDOM);
    session_id = rg_read_vector8(&reader);
    view.suite = rg_read_u16(&reader);
    view.compression = rg_read_u8(&reader);
    if (reader.failed || session_id.length > SESSION_ID_MAX) {
        return false;
    }
    if (!read_extensions(&reader, &view, server_extension)) {
        return false;
    }
    *hello = view;
    return true;
}

bool rg_hello_verify_request_parse(struct rg_bytes body, struct rg_bytes *cookie) {
    struct rg_reader reader = rg_reader_make(body.at, body.length);
    struct rg_bytes view;

    rg_read_u16(&reader); /* server_version means nothing here (RFC 6347 4.2.1) */
    view = rg_read_vector8(&reader);
    if (!rg_reader_finished(&reader)) {
        return false;
    }
    *cookie = view;
    return true;
}

bool rg_list_has(struct rg_bytes list, uint16_t number) {
    for (size_t i = 0; i + 1 < list.length; i += 2) {
        if ((list.at[i] << 8 | list.at[i + 1]) == number) {
            return true;
        }
    }
    return false;
}
