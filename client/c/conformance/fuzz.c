/*
 * What the C client reads from a runner and says to it, for libFuzzer (e2e/conformance/c-client-fuzz.test.ts).
 * The first byte of an input says which of both. The client's source is included: what is put to the
 * test is no part of its interface.
 */
#include "../vt_client.c"

#define CHECK(condition) \
    if (!(condition)) __builtin_trap()

/* What follows is what a runner writes to the reply FIFO, before it is gone: `wanted` and the sequence first. */
static void hear(const uint8_t *data, size_t size) {
    if (size < 2) return;
    enum body wanted = REPLY_HELLO + data[0] % 5;
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK(write(ends[1], data + 2, size - 2) == (ssize_t)size - 2);
    close(ends[1]);
    struct connection connection = {.requests = -1, .replies = ends[0], .sequence = data[1]};
    enum outcome outcome = DONE;
    while (outcome == DONE) {
        struct field body;
        size_t length;
        outcome = read_reply(&connection, wanted, &body, &length);
        if (outcome != DONE) break;
        unsigned version = 0;
        enum vt_client_kind kind = VT_CLIENT_UNKNOWN;
        char *value = NULL;
        struct vt_client_variables variables = {0};
        struct vt_client_paths paths = {0};
        struct matches matches = {.paths = &paths};
        if (body.data != NULL) {
            use_version(&body, &version);
            use_kind(&body, &kind);
            use_value(&body, &value);
            use_variables(&body, &variables);
            use_paths(&body, &matches);
        }
        CHECK(version <= PROTOCOL_VERSION && kind <= VT_CLIENT_OTHER);
        free(value);
        vt_client_free_variables(&variables);
        vt_client_free_paths(&paths);
        memmove(connection.buffer, connection.buffer + length, connection.filled - length);
        connection.filled -= length;
    }
    CHECK(connection.capacity <= MAX_REPLY_BYTES + 8);
    forget(&connection);
}

/* One frame of what was written, from `*at` on: adds what it carries to `message`. */
static bool take_frame(const uint8_t **at, const uint8_t *end, uint32_t sequence, struct bytes *message) {
    const uint8_t *start = *at;
    uint64_t length, more = 0;
    struct field field;
    int taken;
    CHECK(take_varint(at, end, &length) && length <= (uint64_t)(end - *at));
    end = *at + length;
    CHECK(end - start <= MAX_FRAME_BYTES);
    CHECK(find_mark(*at, length) == 0 && find_mark(*at + 1, length - 1) == SIZE_MAX);
    while ((taken = take_field(at, end, &field)) > 0) {
        if (field.number == 4) CHECK(field.value == sequence);
        if (field.number == 6) more = field.value;
        if (field.number == 7 || field.number == 8) add_bytes(message, field.data, field.length);
    }
    CHECK(taken == 0);
    return more != 0;
}

/* A request with these bytes in it arrives as it was, in frames as they are to be. */
static void say(const uint8_t *data, size_t size) {
    if (size < 8) return;
    int ends[2];
    struct stat status;
    CHECK(pipe(ends) == 0 && fstat(ends[1], &status) == 0);
    struct connection connection = {.requests = ends[1], .replies = -1};
    connection.dev = status.st_dev;
    connection.ino = status.st_ino;
    memcpy(&connection.nonce, data, 4);
    memcpy(&connection.pid, data + 4, 4);
    connection.pid &= 0x7fffffff;
    struct bytes fields = {0}, request = {0}, written = {0}, message = {0};
    add_delimited(&fields, 1, data + 8, size - 8);
    add_delimited(&request, IGNORE_INPUT, fields.data, fields.length);
    CHECK(send_request(&connection, data[0], &request) == DONE);
    close(ends[1]);
    CHECK(reserve(&written, 1 << 16));
    for (ssize_t length; (length = read(ends[0], written.data + written.length, 4096)) > 0;)
        written.length += (size_t)length;
    close(ends[0]);
    const uint8_t *at = written.data, *end = at + written.length;
    for (uint32_t sequence = 1; take_frame(&at, end, sequence, &message); sequence++) {
    }
    CHECK(at == end && message.length == request.length);
    CHECK(memcmp(message.data, request.data, request.length) == 0);
    free(fields.data);
    free(request.data);
    free(written.data);
    free(message.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    if (data[0] % 2 == 0) hear(data + 1, size - 1);
    else say(data + 1, size - 1);
    return 0;
}
