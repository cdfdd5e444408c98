/* See survive.h. */
#include "survive.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STATE_MAX = 4096,
    SUFFIX = 6, /* of a name that ends in ".state" */
    PATH_LENGTH = 512,
    PERIOD = 100000, /* microseconds between two snapshots */
};

/* Indices for a tenth of a second, with room: what is left of them is the gap after a crash. */
static const struct rtpgate_media_reserve reserve = {64, 16};

/* A file: read by the same program on the same machine alone, so the struct is written as it is. */
struct stored {
    char id[CALL_ID + 1];
    bool echoes;
    struct ice_credentials ice;
    struct sockaddr_storage address; /* of the browser */
    socklen_t address_length;
    uint64_t state_id;
    size_t length;
    uint8_t state[STATE_MAX];
};

bool keeper_open(struct keeper *keeper, const char *folder, const char *key_file) {
    FILE *file = fopen(key_file, "rb");
    size_t count = file != NULL ? fread(keeper->key, 1, sizeof(keeper->key), file) : 0;
    bool end = file != NULL && fgetc(file) == EOF;
    if (file != NULL) {
        (void)fclose(file);
    }
    keeper->folder = folder;
    return count == sizeof(keeper->key) && end;
}

void keeper_clear(struct keeper *keeper) {
    rtpgate_zero(keeper->key, sizeof(keeper->key));
}

static bool flush_folder(const char *folder) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return good;
}

static bool write_file(const char *path, const struct stored *stored) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
    bool good =
        fd >= 0 && write(fd, stored, sizeof(*stored)) == (ssize_t)sizeof(*stored) && fsync(fd) == 0;
    if (fd >= 0) {
        good = close(fd) == 0 && good;
    }
    return good;
}

/* There is the old file or the new one, whenever the power goes. */
static bool store(const struct keeper *keeper, const struct stored *stored) {
    char path[PATH_LENGTH];
    char fresh[PATH_LENGTH];
    int length = snprintf(path, sizeof(path), "%s/%s.state", keeper->folder, stored->id);
    (void)snprintf(fresh, sizeof(fresh), "%s/%s.new", keeper->folder, stored->id);
    return length < PATH_LENGTH && write_file(fresh, stored) && rename(fresh, path) == 0 &&
           flush_folder(keeper->folder);
}

static bool describe(struct stored *stored, struct call *call) {
    memset(stored, 0, sizeof(*stored));
    memcpy(stored->id, call->id, sizeof(stored->id));
    stored->echoes = call->echoes;
    stored->ice = call->ice[0];
    stored->address_length = sizeof(stored->address);
    stored->state_id = ++call->kept.id;
    return rtpgate_endpoint_address(call->endpoint, call->path, (struct sockaddr *)&stored->address,
                                    &stored->address_length) == 0;
}

static bool is_due(const struct call *call, const struct rtpgate_media_stats *stats,
                   uint64_t packets, uint64_t now) {
    return stats->uncovered != call->kept.uncovered ||
           (packets != call->kept.packets && now - call->kept.at >= PERIOD);
}

void call_keep(struct call *call, bool at_once) {
    rtpgate_media *media = call->keeper != NULL ? rtpgate_peer_media(call->peer) : NULL;
    struct rtpgate_media_stats stats;
    struct stored stored;
    uint64_t now = rtpgate_endpoint_now();
    if (!call->nominated || call->ended_at != 0 ||
        rtpgate_media_stats(media, &stats, sizeof(stats)) != 0) {
        return;
    }
    uint64_t packets =
        stats.rtp_protected + stats.rtcp_protected + stats.rtp_unprotected + stats.rtcp_unprotected;
    if ((!at_once && !is_due(call, &stats, packets, now)) || !describe(&stored, call)) {
        return;
    }
    int length = rtpgate_media_snapshot(media, &reserve, call->keeper->key, stored.state_id,
                                        stored.state, sizeof(stored.state));
    if (length > 0) {
        stored.length = (size_t)length;
        if (store(call->keeper, &stored)) {
            (void)rtpgate_media_snapshot_stored(media, stored.state_id);
        }
    }
    call->kept.at = now;
    call->kept.packets = packets;
    call->kept.uncovered = stats.uncovered;
}

static void complain(const char *id, const char *why) {
    (void)fprintf(stderr, "call %s does not go on: %s\n", id, why);
}

bool call_suspend(struct call *call) {
    rtpgate_media *media = call->keeper != NULL ? rtpgate_peer_media(call->peer) : NULL;
    struct stored stored;
    if (media == NULL || call->ended_at != 0) {
        return false;
    }
    if (!call->nominated || !describe(&stored, call)) {
        complain(call->id, "the browser has chosen no path yet");
        return false;
    }
    int length = rtpgate_media_suspend(media, call->keeper->key, stored.state_id, stored.state,
                                       sizeof(stored.state));
    stored.length = length > 0 ? (size_t)length : 0;
    call->kept.suspended = length > 0 && store(call->keeper, &stored);
    if (!call->kept.suspended) {
        complain(call->id, length < 0 ? rtpgate_strerror(length) : "its file cannot be written");
    }
    return call->kept.suspended;
}

void call_forget(const struct call *call) {
    char path[PATH_LENGTH];
    if (call->keeper != NULL && !call->kept.suspended) {
        (void)snprintf(path, sizeof(path), "%s/%s.state", call->keeper->folder, call->id);
        (void)unlink(path);
    }
}

static struct call *make_call(const struct stored *stored, rtpgate_media *media,
                              rtpgate_endpoint *endpoint, rtpgate_identity *identity) {
    struct call *call = NULL;
    uint64_t now = rtpgate_endpoint_now();
    if (call_new(&call, endpoint, identity) != 0 ||
        rtpgate_peer_resume(&call->peer, media, now) != 0) {
        call_free(call);
        rtpgate_media_free(media);
        return NULL;
    }
    memcpy(call->id, stored->id, sizeof(call->id));
    call->echoes = stored->echoes;
    call->ice[0] = stored->ice;
    call->kept.id = stored->state_id;
    call->resumed = true;
    if (rtpgate_endpoint_add(endpoint, call->peer) != 0 ||
        rtpgate_endpoint_path(endpoint, (const struct sockaddr *)&stored->address,
                              stored->address_length, &call->path) != 0) {
        call_free(call);
        return NULL;
    }
    call_learn_path(call, call->path, now);
    call->nominated = true;
    return call;
}

/* Takes one file out of the folder; false when there is none. */
static bool take_file(const char *folder, struct stored *stored, bool *good) {
    char path[PATH_LENGTH] = "";
    DIR *directory = opendir(folder);
    struct dirent *entry = NULL;
    while (directory != NULL && path[0] == '\0' && (entry = readdir(directory)) != NULL) {
        size_t length = strlen(entry->d_name);
        if (length > SUFFIX && strcmp(entry->d_name + length - SUFFIX, ".state") == 0) {
            (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        }
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    FILE *file = path[0] != '\0' ? fopen(path, "rb") : NULL;
    *good = file != NULL && fread(stored, sizeof(*stored), 1, file) == 1;
    if (file != NULL) {
        (void)fclose(file);
    }
    /* Forgotten durably before it is used, or a second crash would use its indices again. */
    return path[0] != '\0' && unlink(path) == 0 && flush_folder(folder);
}

struct call *call_resume(const struct keeper *keeper, rtpgate_endpoint *endpoint,
                         rtpgate_identity *identity) {
    static const struct rtpgate_media_settings settings = {.resumable = true};
    struct call *call = NULL;
    struct stored stored;
    bool good = false;
    while (call == NULL && take_file(keeper->folder, &stored, &good)) {
        rtpgate_media *media = NULL;
        if (!good || stored.length > sizeof(stored.state)) {
            complain("(unknown)", "its file cannot be read");
            continue;
        }
        int code = rtpgate_media_resume(&media, keeper->key, stored.state_id, stored.state,
                                        stored.length, &settings, sizeof(settings));
        call = code == 0 ? make_call(&stored, media, endpoint, identity) : NULL;
        if (call == NULL) {
            complain(stored.id, rtpgate_strerror(code < 0 ? code : RTPGATE_ERR_NOMEM));
        }
    }
    if (call != NULL) {
        call->keeper = keeper;
    }
    return call;
}
