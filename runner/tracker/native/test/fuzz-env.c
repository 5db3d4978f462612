/*
 * The shim's messages to the runner and the runner's to it, given anything. For libFuzzer; the first
 * byte of an input says which.
 */
#include "../env-message.h"

#include <stdlib.h>
#include <string.h>

static void expect(bool holds) {
    if (!holds) abort();
}

static const uint8_t mark[] = {0x0d, 0xf6, 0x76, 0x74, 0xf7};

/* Whatever the numbers and the name: one frame, whole, with its mark in its place. */
static void write_frame(const uint8_t *bytes, size_t size) {
    uint32_t numbers[3];
    uint8_t frame[VT_FRAME_MOST];
    if (size < sizeof numbers) return;
    memcpy(numbers, bytes, sizeof numbers);
    const char *name = (const char *)bytes + sizeof numbers;
    size_t length = size - sizeof numbers;
    enum vt_env_request request = numbers[0] % 2 == 0 ? VT_ENV_GET : VT_ENV_WITHHELD;
    size_t written = vt_env_frame(frame, request, numbers[0], numbers[1], numbers[2], name, length);
    expect((written == 0) == (length == 0 || length > VT_ENV_NAME_MOST));
    if (written == 0) return;
    size_t content, prefix = (size_t)vt_env_reply_length(frame, written, &content);
    expect(prefix + content == written && written <= VT_FRAME_MOST);
    expect(memcmp(frame + prefix, mark, sizeof mark) == 0);
    bool found = false;
    for (size_t at = 0; at + length <= written && !found; at++) found = memcmp(frame + at, name, length) == 0;
    expect(found);
}

/* What is read lies within what there is. */
static void read_reply(const uint8_t *bytes, size_t size) {
    size_t length = 0;
    int prefix = vt_env_reply_length(bytes, size, &length);
    expect(prefix >= -1 && prefix <= 5 && length <= VT_REPLY_MOST);
    const uint8_t *value = NULL;
    size_t value_size = 0;
    if (vt_env_read_reply(bytes, size, &value, &value_size) != VT_ENV_REPLY_VALUE) return;
    expect(value >= bytes && value + value_size <= bytes + size);
    uint8_t sum = 0;
    for (size_t at = 0; at < value_size; at++) sum ^= value[at];
    volatile uint8_t used = sum;
    (void)used;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size == 0) return 0;
    /* In memory of its own: a byte too far is a byte outside. */
    uint8_t *copy = malloc(size);
    if (copy == NULL) return 0;
    memcpy(copy, bytes, size);
    if (copy[0] % 2 == 0) write_frame(copy + 1, size - 1);
    else read_reply(copy + 1, size - 1);
    free(copy);
    return 0;
}
