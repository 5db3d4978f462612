/*
 * Records that somebody may have damaged or made, with a sum that is right: libFuzzer. The first byte says how far one gets.
 */
#define _GNU_SOURCE
#include "../answer.h"
#include "../invocation.h"
#include "../present.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    return 0;
}

/* Makes what the reader looks at first what it wants to see, so that inputs get further. */
static void make_whole(uint8_t *bytes, size_t length) {
    struct vt_record_header *header = (void *)bytes;
    if (length < sizeof *header) return;
    memcpy(header->magic, VT_RECORD_MAGIC, sizeof header->magic);
    header->version = VT_REPEAT_VERSION;
    header->length = (uint32_t)length;
    const size_t summed = offsetof(struct vt_record_header, made);
    vt_record_sum(bytes + summed, length - summed, header->sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    const size_t length = size - 1;
    uint8_t *bytes = malloc(length + 1);
    memcpy(bytes, data + 1, length);
    if ((data[0] & 1) == 0) make_whole(bytes, length);
    struct vt_record record;
    if (vt_record_read(&record, bytes, length)) {
        vt_is_as_recorded(&record, 0, record.header->directory_count);
        const uint8_t key[VT_SHA256_SIZE] = {0};
        vt_record_unseal(&record, key);
        const struct vt_answer answer = {
            .record = &record, .cache = "/nonexistent", .name = "0", .store = -1, .elapsed = data[0]};
        vt_answer(&answer);
    }
    free(bytes);
    return 0;
}
