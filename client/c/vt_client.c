/* The channel is described in proto/PROTOCOL.md of vt; the names of its parts are used here. */
#define _GNU_SOURCE
#include "vt_client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CLIENT "c"
#define CLIENT_VERSION "0.1.0"
#define PROTOCOL_VERSION 1

#define MAX_FRAME_BYTES 512
#define MAX_REPLY_BYTES (16u << 20)
/* What is left of a frame for a chunk when every header field has its greatest length. */
#define CHUNK_BYTES (MAX_FRAME_BYTES - 35)

static const uint8_t MARK[] = {0x0d, 0xf6, 0x76, 0x74, 0xf7};

/* Field numbers of Request.kind and Reply.body, and of the label beside the kind. */
enum kind {
    HELLO = 1,
    IGNORE_INPUT,
    IGNORE_OUTPUT,
    DISABLE_CACHE,
    GET_ENV,
    GET_ENVS,
    OPEN_REPLIES,
    DECLARE_COMPLETE,
    DEPEND_ON_GLOB,
    DEPEND_ON_EXISTS,
    DEPEND_ON_JSON,
    LABEL = 15,
};
enum body {
    REPLY_HELLO = 4,
    REPLY_GET_ENV,
    REPLY_GET_ENVS,
    REPLY_DEPEND_ON_GLOB,
    REPLY_DEPEND_ON_EXISTS,
    REPLY_DEPEND_ON_JSON,
};

enum outcome {
    DONE,
    RUNNER_GONE,
    LOST, /* the runner lives and cannot be reached: it must not believe that it heard all */
};

/* One thread's conversation with the runner. */
struct connection {
    pid_t pid; /* whose it is: the child of a fork needs one of its own */
    char directory[PATH_MAX - 64]; /* room for the longest name below it */
    dev_t dev;
    ino_t ino;
    int requests; /* -1: the conversation has ended */
    bool owns_requests;
    int replies; /* -1: not claimed */
    uint32_t reply_channel;
    uint32_t nonce, sequence;
    unsigned version; /* 0: not asked for yet */
    unsigned questions; /* that have a moment of their own */
    char *label; /* of what it says; NULL: none */
    uint8_t *buffer; /* what was read of the replies */
    size_t filled, capacity;
};

/* ---- bytes that grow ------------------------------------------------------------------------ */

struct bytes {
    uint8_t *data;
    size_t length, capacity;
    bool failed; /* out of memory: what was added since is missing */
};

static bool reserve(struct bytes *bytes, size_t more) {
    if (bytes->failed) return false;
    if (bytes->length + more <= bytes->capacity) return true;
    size_t capacity = (bytes->length + more) * 2;
    uint8_t *data = realloc(bytes->data, capacity);
    if (data == NULL) {
        bytes->failed = true;
        return false;
    }
    bytes->data = data;
    bytes->capacity = capacity;
    return true;
}

static void add_bytes(struct bytes *bytes, const void *data, size_t length) {
    if (length == 0 || !reserve(bytes, length)) return;
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
}

static void add_varint(struct bytes *bytes, uint64_t value) {
    uint8_t encoded[10];
    size_t length = 0;
    for (; value > 0x7f; value >>= 7) encoded[length++] = (uint8_t)(value & 0x7f) | 0x80;
    encoded[length++] = (uint8_t)value;
    add_bytes(bytes, encoded, length);
}

/* ---- messages: fields of protobuf ------------------------------------------------------------ */

static void add_number(struct bytes *bytes, unsigned field, uint64_t value) {
    if (value == 0) return;
    add_varint(bytes, field << 3);
    add_varint(bytes, value);
}

static void add_delimited(struct bytes *bytes, unsigned field, const void *data, size_t length) {
    add_varint(bytes, field << 3 | 2);
    add_varint(bytes, length);
    add_bytes(bytes, data, length);
}

static void add_text(struct bytes *bytes, unsigned field, const char *text) {
    size_t length = strlen(text);
    if (length > 0) add_delimited(bytes, field, text, length);
}

/* Reads a varint; false at the end of the data. */
static bool take_varint(const uint8_t **at, const uint8_t *end, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 70 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        if (shift < 64) *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

struct field {
    unsigned number;
    uint64_t value; /* of a varint */
    const uint8_t *data; /* NULL unless length-delimited */
    size_t length;
};

/* The next field of a message, of whatever number: 1, or 0 at its end, or -1 if it is none. */
static int take_field(const uint8_t **at, const uint8_t *end, struct field *field) {
    if (*at == end) return 0;
    uint64_t tag, length;
    if (!take_varint(at, end, &tag)) return -1;
    *field = (struct field){.number = (unsigned)(tag >> 3)};
    switch (tag & 7) {
    case 0: return take_varint(at, end, &field->value) ? 1 : -1;
    case 1: length = 8; break;
    case 2:
        if (!take_varint(at, end, &length)) return -1;
        field->data = *at;
        break;
    case 5: length = 4; break;
    default: return -1;
    }
    if (length > (uint64_t)(end - *at)) return -1;
    field->length = (size_t)length;
    *at += length;
    return 1;
}

static char *copy_text(const uint8_t *data, size_t length) {
    char *text = malloc(length + 1);
    if (text == NULL) return NULL;
    if (length > 0) memcpy(text, data, length);
    text[length] = '\0';
    return text;
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static enum outcome failed(int error) {
    return error == ENOENT || error == ENOTDIR || error == ENXIO || error == EPIPE ? RUNNER_GONE : LOST;
}

static void pause_for(unsigned *microseconds, unsigned most) {
    struct timespec time = {.tv_nsec = (long)*microseconds * 1000};
    nanosleep(&time, NULL);
    *microseconds = *microseconds * 2 < most ? *microseconds * 2 : most;
}

static bool is_request_fifo(const struct connection *connection, int fd) {
    struct stat status;
    return fd >= 0 && fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) &&
           status.st_dev == connection->dev && status.st_ino == connection->ino;
}

static enum outcome open_requests(struct connection *connection) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/q", connection->directory);
    /* Without O_NONBLOCK this would wait for a reader if the runner is gone. */
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return failed(errno);
    if (!is_request_fifo(connection, fd)) {
        close(fd);
        return RUNNER_GONE;
    }
    connection->requests = fd;
    connection->owns_requests = true;
    return DONE;
}

/* write, with EPIPE as an error and no SIGPIPE, whatever the process does with that signal. */
static ssize_t write_without_signal(int fd, const void *data, size_t length) {
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ssize_t written = write(fd, data, length);
    int error = errno;
    if (written < 0 && error == EPIPE && !was_pending) {
        static const struct timespec now = {0};
        while (sigtimedwait(&pipe_signal, NULL, &now) < 0 && errno == EINTR) {
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return written;
}

static enum outcome write_frame(struct connection *connection, const struct bytes *frame) {
    for (unsigned wait = 250;;) {
        /* Whoever owns this process may have closed the descriptor and opened a file in its place:
         * a frame must never end up there. */
        if (!is_request_fifo(connection, connection->requests)) {
            enum outcome opened = open_requests(connection);
            if (opened != DONE) return opened;
        }
        if (write_without_signal(connection->requests, frame->data, frame->length) >= 0) return DONE;
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return failed(errno);
        pause_for(&wait, 8000);
    }
}

/* ---- requests -------------------------------------------------------------------------------- */

/* The frame around a request (field 7) or a chunk of one (field 8), its length before it. */
static void make_frame(const struct connection *connection, uint32_t reply_channel, bool more,
                       unsigned field, const uint8_t *data, size_t length, struct bytes *frame) {
    struct bytes content = {0};
    add_bytes(&content, MARK, sizeof MARK);
    add_number(&content, 2, (uint64_t)connection->pid);
    if (connection->nonce != 0) {
        uint32_t nonce = connection->nonce;
        uint8_t fixed[5] = {3 << 3 | 5, (uint8_t)nonce, (uint8_t)(nonce >> 8), (uint8_t)(nonce >> 16),
                            (uint8_t)(nonce >> 24)};
        add_bytes(&content, fixed, sizeof fixed);
    }
    add_number(&content, 4, connection->sequence);
    add_number(&content, 5, reply_channel);
    add_number(&content, 6, more);
    add_delimited(&content, field, data, length);
    frame->length = 0;
    add_varint(frame, content.length);
    add_bytes(frame, content.data, content.length);
    if (content.failed) frame->failed = true;
    free(content.data);
}

static size_t find_mark(const uint8_t *data, size_t length) {
    const uint8_t *found = length == 0 ? NULL : memmem(data, length, MARK, sizeof MARK);
    return found == NULL ? SIZE_MAX : (size_t)(found - data);
}

static enum outcome send_frame(struct connection *connection, struct bytes *frame) {
    return frame->failed ? LOST : write_frame(connection, frame);
}

static enum outcome send_request(struct connection *connection, uint32_t reply_channel,
                                 const struct bytes *request) {
    if (request->failed) return LOST;
    struct bytes frame = {0};
    enum outcome outcome;
    connection->sequence++;
    make_frame(connection, reply_channel, false, 7, request->data, request->length, &frame);
    if (!frame.failed && frame.length <= MAX_FRAME_BYTES &&
        find_mark(request->data, request->length) == SIZE_MAX) {
        outcome = send_frame(connection, &frame);
    } else {
        outcome = DONE;
        connection->sequence--;
        for (size_t at = 0, end; at < request->length && outcome == DONE; at = end) {
            end = request->length - at > CHUNK_BYTES ? at + CHUNK_BYTES : request->length;
            /* No piece may have a whole mark: the runner takes one for a frame's beginning. */
            size_t mark = find_mark(request->data + at, end - at);
            if (mark != SIZE_MAX) end = at + mark + 2;
            connection->sequence++;
            make_frame(connection, reply_channel, end < request->length, 8, request->data + at,
                       end - at, &frame);
            outcome = send_frame(connection, &frame);
        }
    }
    free(frame.data);
    return outcome;
}

/* Encodes and sends `kind`, whose fields are in `fields`; frees them. */
static enum outcome send_kind(struct connection *connection, uint32_t reply_channel, enum kind kind,
                              struct bytes *fields) {
    struct bytes request = {.failed = fields->failed};
    add_delimited(&request, kind, fields->data, fields->length);
    if (connection->label != NULL) add_text(&request, LABEL, connection->label);
    enum outcome outcome = send_request(connection, reply_channel, &request);
    free(request.data);
    free(fields->data);
    return outcome;
}

/* ---- replies --------------------------------------------------------------------------------- */

static int open_claimed(const char *path) {
    /* A plain open for reading would wait for ever if the runner, its writer, were gone by now. With
     * a writer of our own it does not, and without it again reading ends with the runner. */
    int first = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int writer = first < 0 ? -1 : open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    int reader = writer < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    int error = errno;
    if (first >= 0) close(first);
    if (writer >= 0) close(writer);
    errno = error;
    return reader;
}

/* DONE with `replies` still -1: none is free. */
static enum outcome try_claim(struct connection *connection) {
    char replies[PATH_MAX], from[PATH_MAX], to[PATH_MAX];
    snprintf(replies, sizeof replies, "%s/r", connection->directory);
    DIR *directory = opendir(replies);
    if (directory == NULL) return failed(errno);
    enum outcome outcome = DONE;
    for (struct dirent *entry; outcome == DONE && (entry = readdir(directory)) != NULL;) {
        char *end;
        if (entry->d_name[0] != 'f') continue;
        unsigned long number = strtoul(entry->d_name + 1, &end, 10);
        if (*end != '\0' || number == 0 || number > UINT32_MAX) continue;
        snprintf(from, sizeof from, "%s/r/f%lu", connection->directory, number);
        snprintf(to, sizeof to, "%s/r/c%lu", connection->directory, number);
        /* Of all who try, one succeeds. ENOENT: another did. */
        int fd = rename(from, to) < 0 ? -1 : open_claimed(to);
        if (fd >= 0) {
            connection->replies = fd;
            connection->reply_channel = (uint32_t)number;
            break;
        }
        if (errno != ENOENT) outcome = failed(errno);
    }
    closedir(directory);
    return outcome;
}

static enum outcome claim_replies(struct connection *connection) {
    for (unsigned wait = 1000;;) {
        enum outcome outcome = try_claim(connection);
        if (outcome != DONE || connection->replies >= 0) return outcome;
        struct bytes nothing = {0};
        outcome = send_kind(connection, 0, OPEN_REPLIES, &nothing);
        if (outcome != DONE) return outcome;
        pause_for(&wait, 16000);
    }
}

/* Reads on until the buffer has `count` bytes. */
static enum outcome fill(struct connection *connection, size_t count) {
    if (connection->capacity < count) {
        size_t capacity = count < 4096 ? 4096 : count;
        uint8_t *buffer = realloc(connection->buffer, capacity);
        if (buffer == NULL) return LOST;
        connection->buffer = buffer;
        connection->capacity = capacity;
    }
    while (connection->filled < count) {
        ssize_t length = read(connection->replies, connection->buffer + connection->filled,
                              connection->capacity - connection->filled);
        if (length == 0) return RUNNER_GONE;
        if (length < 0 && errno != EINTR) return failed(errno);
        if (length > 0) connection->filled += (size_t)length;
    }
    return DONE;
}

/* Puts the next message at the beginning of the buffer; `size` with its prefix. */
static enum outcome read_message(struct connection *connection, size_t *prefix, size_t *size) {
    uint64_t length = 0;
    for (*prefix = 0;;) {
        enum outcome outcome = fill(connection, *prefix + 1);
        if (outcome != DONE) return outcome;
        uint8_t byte = connection->buffer[*prefix];
        length |= (uint64_t)(byte & 0x7f) << (7 * *prefix);
        if (length > MAX_REPLY_BYTES || ++*prefix > 5) return LOST;
        if (byte < 0x80) break;
    }
    *size = *prefix + (size_t)length;
    return fill(connection, *size);
}

/* The body of the answer to the last frame, of the wanted kind; an Error and the like are an empty
 * one. It lies in the buffer, `*size` bytes of which are to be dropped after use. */
static enum outcome read_reply(struct connection *connection, enum body wanted, struct field *body,
                               size_t *size) {
    for (;;) {
        size_t prefix;
        enum outcome outcome = read_message(connection, &prefix, size);
        if (outcome != DONE) return outcome;
        const uint8_t *at = connection->buffer + prefix, *end = connection->buffer + *size;
        uint64_t sequence = 0;
        struct field field;
        int more;
        *body = (struct field){0};
        while ((more = take_field(&at, end, &field)) > 0) {
            if (field.number == 1 && field.data == NULL) sequence = field.value;
            if (field.number == (unsigned)wanted && field.data != NULL) *body = field;
        }
        if (more < 0) return LOST;
        if (sequence == connection->sequence) return DONE;
        memmove(connection->buffer, connection->buffer + *size, connection->filled - *size);
        connection->filled -= *size;
    }
}

/* ---- conversations --------------------------------------------------------------------------- */

static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static bool has_key;

static void forget(struct connection *connection) {
    if (connection->owns_requests && is_request_fifo(connection, connection->requests))
        close(connection->requests);
    if (connection->replies >= 0) close(connection->replies);
    free(connection->buffer);
    connection->buffer = NULL;
    connection->filled = connection->capacity = 0;
    connection->requests = connection->replies = -1;
    connection->owns_requests = false;
}

static void end_thread(void *ended) {
    struct connection *connection = ended;
    forget(connection);
    free(connection->label);
    free(connection);
}

static void make_key(void) { has_key = pthread_key_create(&key, end_thread) == 0; }

/* What is said from now on goes nowhere. */
static void conclude(struct connection *connection, enum outcome outcome) {
    if (outcome == DONE) return;
    if (outcome == LOST) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/lost-%ld", connection->directory, (long)getpid());
        mkdir(path, 0700); /* needs no descriptor; if it exists, word was left before */
    }
    forget(connection);
}

static uint32_t random_nonce(void) {
    uint32_t nonce;
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, &nonce, sizeof nonce);
    if (fd >= 0) close(fd);
    if (length == sizeof nonce) return nonce;
    /* Different in every thread of a process, and in a later process with its pid. */
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_nsec * 2654435761u ^ (uint32_t)now.tv_sec ^ (uint32_t)(uintptr_t)&now;
}

static struct bytes hello(void) {
    struct bytes fields = {0};
    add_number(&fields, 1, PROTOCOL_VERSION);
    add_text(&fields, 2, CLIENT);
    add_text(&fields, 3, CLIENT_VERSION);
    return fields;
}

static enum outcome begin(struct connection *connection, const char *directory) {
    *connection = (struct connection){
        .pid = getpid(), .requests = -1, .replies = -1, .label = connection->label};
    size_t length = strlen(directory);
    if (length >= sizeof connection->directory) return RUNNER_GONE;
    memcpy(connection->directory, directory, length + 1);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/q", directory);
    struct stat status;
    if (stat(path, &status) < 0) return failed(errno);
    if (!S_ISFIFO(status.st_mode)) return RUNNER_GONE;
    connection->dev = status.st_dev;
    connection->ino = status.st_ino;
    connection->nonce = random_nonce();
    const char *inherited = getenv("VT_IPC_FD");
    if (inherited != NULL && *inherited != '\0' && strspn(inherited, "0123456789") == strlen(inherited)) {
        errno = 0;
        long fd = strtol(inherited, NULL, 10);
        if (errno == 0 && fd <= INT_MAX && is_request_fifo(connection, (int)fd))
            connection->requests = (int)fd;
    }
    if (connection->requests < 0) {
        enum outcome opened = open_requests(connection);
        if (opened != DONE) return opened;
    }
    struct bytes fields = hello();
    return send_kind(connection, 0, HELLO, &fields);
}

/* This thread's conversation, begun when it is first needed; NULL when there is nobody to talk to. */
static struct connection *converse(void) {
    pthread_once(&key_once, make_key);
    if (!has_key) return NULL;
    struct connection *connection = pthread_getspecific(key);
    if (connection != NULL && connection->pid == getpid())
        return connection->requests < 0 ? NULL : connection;
    const char *directory = getenv("VT_IPC_DIR");
    if (directory == NULL || *directory == '\0') return NULL;
    if (connection == NULL) {
        connection = calloc(1, sizeof *connection);
        if (connection == NULL) return NULL;
        if (pthread_setspecific(key, connection) != 0) {
            free(connection);
            return NULL;
        }
    } else {
        forget(connection); /* of the parent, whose own descriptors are untouched */
    }
    conclude(connection, begin(connection, directory));
    return connection->requests < 0 ? NULL : connection;
}

static void report(enum kind kind, struct bytes *fields) {
    struct connection *connection = converse();
    if (connection == NULL) free(fields->data);
    else conclude(connection, send_kind(connection, 0, kind, fields));
}

/* Sends a question and finds the answer, which `use` is given: an empty one if there is none. */
static void ask(enum kind kind, struct bytes *fields, enum body wanted,
                bool (*use)(const struct field *body, void *result), void *result) {
    struct connection *connection = converse();
    if (connection == NULL) {
        free(fields->data);
        return;
    }
    struct field body;
    size_t size;
    enum outcome outcome = connection->replies >= 0 ? DONE : claim_replies(connection);
    if (outcome == DONE) outcome = send_kind(connection, connection->reply_channel, kind, fields);
    else free(fields->data);
    if (outcome == DONE) outcome = read_reply(connection, wanted, &body, &size);
    if (outcome == DONE) {
        if (body.data != NULL && !use(&body, result)) outcome = LOST;
        memmove(connection->buffer, connection->buffer + size, connection->filled - size);
        connection->filled -= size;
    }
    conclude(connection, outcome);
}

/* ---- the interface --------------------------------------------------------------------------- */

static void add_path(struct bytes *fields, unsigned field, const char *path) {
    struct bytes absolute = {0};
    if (path[0] != '/') {
        char directory[PATH_MAX];
        if (getcwd(directory, sizeof directory) == NULL) directory[0] = '\0'; /* the runner objects */
        add_bytes(&absolute, directory, strlen(directory));
        add_bytes(&absolute, "/", 1);
    }
    add_bytes(&absolute, path, strlen(path));
    if (absolute.failed) fields->failed = true;
    add_delimited(fields, field, absolute.data, absolute.length);
    free(absolute.data);
}

static void report_path(enum kind kind, const char *path) {
    int error = errno;
    struct bytes fields = {0};
    add_path(&fields, 1, path);
    report(kind, &fields);
    errno = error;
}

bool vt_client_is_inside_runner(void) {
    int error = errno;
    bool inside = converse() != NULL;
    errno = error;
    return inside;
}

static bool use_version(const struct field *body, void *result) {
    unsigned *version = result;
    const uint8_t *at = body->data, *end = at + body->length;
    struct field field;
    int more;
    while ((more = take_field(&at, end, &field)) > 0) {
        if (field.number != 1 || field.data != NULL) continue;
        *version = field.value < PROTOCOL_VERSION ? (unsigned)field.value : PROTOCOL_VERSION;
    }
    return more == 0;
}

unsigned vt_client_protocol_version(void) {
    int error = errno;
    struct connection *connection = converse();
    if (connection != NULL && connection->version == 0) {
        struct bytes fields = hello();
        unsigned version = 0;
        ask(HELLO, &fields, REPLY_HELLO, use_version, &version);
        connection->version = version > 1 ? version : 1;
    }
    /* The runner may have gone while it was asked. */
    unsigned version = connection == NULL || connection->requests < 0 ? 0 : connection->version;
    errno = error;
    return version;
}

void vt_client_ignore_input(const char *path) { report_path(IGNORE_INPUT, path); }

void vt_client_ignore_output(const char *path) { report_path(IGNORE_OUTPUT, path); }

void vt_client_disable_cache(const char *reason) {
    int error = errno;
    struct bytes fields = {0};
    if (reason != NULL) add_text(&fields, 1, reason);
    report(DISABLE_CACHE, &fields);
    errno = error;
}

static bool use_value(const struct field *body, void *result) {
    char **value = result;
    const uint8_t *at = body->data, *end = at + body->length;
    struct field field;
    int more;
    while ((more = take_field(&at, end, &field)) > 0) {
        if (field.number != 1 || field.data == NULL) continue;
        free(*value);
        *value = copy_text(field.data, field.length);
        if (*value == NULL) return false;
    }
    return more == 0;
}

char *vt_client_get_env(const char *name, bool tracked) {
    int error = errno;
    struct bytes fields = {0};
    char *value = NULL;
    add_text(&fields, 1, name);
    add_number(&fields, 2, tracked);
    ask(GET_ENV, &fields, REPLY_GET_ENV, use_value, &value);
    errno = error;
    return value;
}

static bool add_variable(struct vt_client_variables *variables, const struct field *message) {
    const uint8_t *at = message->data, *end = at + message->length;
    struct field field, name = {0}, value = {0};
    int more;
    while ((more = take_field(&at, end, &field)) > 0) {
        if (field.data == NULL) continue;
        if (field.number == 1) name = field;
        if (field.number == 2) value = field;
    }
    if (more < 0) return false;
    struct vt_client_variable *items =
        realloc(variables->items, (variables->count + 1) * sizeof *items);
    if (items == NULL) return false;
    variables->items = items;
    struct vt_client_variable item = {copy_text(name.data, name.length),
                                      copy_text(value.data, value.length)};
    items[variables->count++] = item;
    return item.name != NULL && item.value != NULL;
}

static bool use_variables(const struct field *body, void *result) {
    const uint8_t *at = body->data, *end = at + body->length;
    struct field field;
    int more;
    while ((more = take_field(&at, end, &field)) > 0) {
        if (field.number != 1 || field.data == NULL) continue;
        if (!add_variable(result, &field)) return false;
    }
    return more == 0;
}

static struct vt_client_variables query(unsigned pattern_field, const char *pattern, bool tracked) {
    int error = errno;
    struct bytes fields = {0};
    struct vt_client_variables variables = {0};
    /* A member of a oneof is sent even if it is empty. */
    add_delimited(&fields, pattern_field, pattern, strlen(pattern));
    add_number(&fields, 3, tracked);
    ask(GET_ENVS, &fields, REPLY_GET_ENVS, use_variables, &variables);
    errno = error;
    return variables;
}

struct vt_client_variables vt_client_get_envs(const char *glob, bool tracked) {
    return query(1, glob, tracked);
}

struct vt_client_variables vt_client_get_envs_by_prefix(const char *prefix, bool tracked) {
    return query(2, prefix, tracked);
}

/* Marks the moment from which on what this process looks at is for the question it asks next. Where it
 * cannot be marked the field is left out, and all looks count. */
static void add_moment(struct bytes *fields, unsigned field) {
    struct connection *connection = converse();
    if (connection == NULL) return;
    char name[64], path[PATH_MAX];
    snprintf(name, sizeof name, "since-%lx-%u", (unsigned long)connection->nonce,
             ++connection->questions);
    snprintf(path, sizeof path, "%s/%s", connection->directory, name);
    if (mkdir(path, 0700) == 0) add_text(fields, field, name);
}

static bool use_kind(const struct field *body, void *result) {
    enum vt_client_kind *kind = result;
    const uint8_t *at = body->data, *end = at + body->length;
    struct field field;
    int more;
    while ((more = take_field(&at, end, &field)) > 0) {
        if (field.number != 1 || field.data != NULL) continue;
        *kind = field.value <= VT_CLIENT_OTHER ? (enum vt_client_kind)field.value : VT_CLIENT_OTHER;
    }
    return more == 0;
}

enum vt_client_kind vt_client_depend_on_exists(const char *path) {
    int error = errno;
    struct bytes fields = {0};
    enum vt_client_kind kind = VT_CLIENT_UNKNOWN;
    add_path(&fields, 1, path);
    add_moment(&fields, 2);
    ask(DEPEND_ON_EXISTS, &fields, REPLY_DEPEND_ON_EXISTS, use_kind, &kind);
    errno = error;
    return kind;
}

struct matches {
    bool answered;
    struct vt_client_paths *paths;
};

static bool use_paths(const struct field *body, void *result) {
    struct matches *matches = result;
    struct vt_client_paths *paths = matches->paths;
    const uint8_t *at = body->data, *end = at + body->length;
    struct field field;
    int more;
    while ((more = take_field(&at, end, &field)) > 0) {
        if (field.number != 1 || field.data == NULL) continue;
        char **items = realloc(paths->items, (paths->count + 1) * sizeof *items);
        if (items == NULL) return false;
        paths->items = items;
        char *path = copy_text(field.data, field.length);
        if (path == NULL) return false;
        items[paths->count++] = path;
    }
    matches->answered = more == 0;
    return more == 0;
}

static void add_texts(struct bytes *fields, unsigned field, const char *const *texts) {
    /* Each is sent even if it is empty: what it means is for the runner to say. */
    for (; texts != NULL && *texts != NULL; texts++) add_delimited(fields, field, *texts, strlen(*texts));
}

bool vt_client_depend_on_glob(const char *directory, const char *const *include,
                              const char *const *exclude, struct vt_client_paths *paths) {
    int error = errno;
    struct bytes fields = {0};
    struct matches matches = {.paths = paths};
    *paths = (struct vt_client_paths){0};
    add_path(&fields, 1, directory == NULL ? "." : directory);
    add_texts(&fields, 2, include);
    add_texts(&fields, 3, exclude);
    add_moment(&fields, 4);
    ask(DEPEND_ON_GLOB, &fields, REPLY_DEPEND_ON_GLOB, use_paths, &matches);
    if (!matches.answered) vt_client_free_paths(paths);
    errno = error;
    return matches.answered;
}

void vt_client_free_paths(struct vt_client_paths *paths) {
    for (size_t at = 0; at < paths->count; at++) free(paths->items[at]);
    free(paths->items);
    *paths = (struct vt_client_paths){0};
}

char *vt_client_depend_on_json(const char *path, const char *pointer) {
    int error = errno;
    struct bytes fields = {0};
    char *value = NULL;
    add_path(&fields, 1, path);
    add_text(&fields, 2, pointer);
    add_moment(&fields, 3);
    ask(DEPEND_ON_JSON, &fields, REPLY_DEPEND_ON_JSON, use_value, &value);
    errno = error;
    return value;
}

void vt_client_declare_complete(const char *const *inputs, const char *const *outputs, pid_t process) {
    int error = errno;
    struct bytes fields = {0};
    for (; *inputs != NULL; inputs++) add_path(&fields, 1, *inputs);
    for (; *outputs != NULL; outputs++) add_path(&fields, 2, *outputs);
    add_number(&fields, 3, (uint64_t)process);
    report(DECLARE_COMPLETE, &fields);
    errno = error;
}

void vt_client_speak_for(const char *label) {
    int error = errno;
    struct connection *connection = converse();
    if (connection != NULL) {
        char *copy = label == NULL || *label == '\0' ? NULL : strdup(label);
        free(connection->label);
        connection->label = copy;
    }
    errno = error;
}

void vt_client_free_variables(struct vt_client_variables *variables) {
    for (size_t at = 0; at < variables->count; at++) {
        free(variables->items[at].name);
        free(variables->items[at].value);
    }
    free(variables->items);
    *variables = (struct vt_client_variables){0};
}
