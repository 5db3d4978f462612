/*
 * What a task controls, given to what reads it in the launcher: arguments, names, files it executes,
 * memory it shares. For libFuzzer; the first byte of an input says which. Makes no system call that
 * could change anything but its own log, whose place is the environment's VT_FUZZ_LOG.
 */
#define _GNU_SOURCE
#include "../control.h"
#include "../interpreter.h"
#include "../log.h"
#include "../memory.h"
#include "../options.h"
#include "../place.h"
#include "../touch.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST_WORDS 64

static void expect(bool holds) {
    if (!holds) abort();
}

/* Words, each with a NUL behind it, as the kernel hands them over. */
static void parse_options(char *text) {
    char *words[MOST_WORDS + 2] = {"vt-launch"};
    size_t count = 1;
    for (char *rest = text; rest != NULL && count <= MOST_WORDS;) words[count++] = strsep(&rest, "\n");
    words[count] = NULL;
    struct vt_options options;
    if (vt_options_parse(&options, words) != NULL) return;
    expect(options.program[0] != NULL && options.control >= 0 && options.grace_ms >= 0);
}

static void read_program(const char *bytes, size_t size) {
    static int file = -1;
    char name[PATH_MAX], link[64];
    if (file < 0) file = memfd_create("program", MFD_CLOEXEC);
    expect(ftruncate(file, 0) == 0 && pwrite(file, bytes, size, 0) == (ssize_t)size);
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    enum vt_interpreter found = vt_interpreter_of(link, name);
    if (found == VT_INTERPRETER_SCRIPT || found == VT_INTERPRETER_LOADER) expect(strlen(name) < PATH_MAX);
}

static void place_names(const char *text, size_t size) {
    static struct vt_place place;
    if (size >= PATH_MAX) return;
    pid_t self = getpid();
    for (int follow = 0; follow < 2; follow++) {
        if (vt_place_path(&place, self, AT_FDCWD, text, strlen(text), follow != 0) != VT_PLACED) continue;
        expect(place.length == strlen(place.text) && place.text[0] == '/');
    }
}

static void read_memory(const char *bytes, size_t size) {
    static char text[PATH_MAX];
    uint64_t address = 0;
    memcpy(&address, bytes, size < sizeof address ? size : sizeof address);
    if (size % 2 == 0) address = (uint64_t)(uintptr_t)bytes;
    ssize_t length = vt_memory_string(getpid(), address, text, size % PATH_MAX + 1);
    expect(length < (ssize_t)PATH_MAX && (length < 0 || strlen(text) == (size_t)length));
}

static void say(const char *text) {
    static char line[8192];
    int file = memfd_create("control", MFD_CLOEXEC);
    vt_control_not_started(file, 2, text);
    ssize_t length = pread(file, line, sizeof line, 0);
    expect(length > 0 && line[length - 1] == '\n' && memchr(line, '\n', (size_t)length) == line + length - 1);
    close(file);
}

/* Whatever a task writes over what it shares with the supervisor: no record may land outside. */
static void write_log(const char *bytes, size_t size) {
    static struct vt_log log;
    static char whole[VT_HEADER_SIZE];
    if (log.header == NULL) {
        const char *path = getenv("VT_FUZZ_LOG");
        expect(path != NULL && vt_log_create(&log, path) == 0);
        memcpy(whole, log.header, sizeof whole);
    }
    struct vt_entry entry = {.op = VT_OP_OPEN, .pid = 1, .path = "/fuzz/name", .path_len = 10};
    vt_log_append(&log, &entry);
    /* The start goes over the chunk's head, the rest over the header, from where its first bytes say. */
    size_t head = size < 16 ? size : 16;
    if (log.chunk != NULL) memcpy(log.chunk, bytes, head);
    if (size > 18) {
        size_t at = ((uint8_t)bytes[16] | (size_t)(uint8_t)bytes[17] << 8) % VT_HEADER_SIZE, rest = size - 18;
        memcpy((char *)log.header + at, bytes + 18, rest < VT_HEADER_SIZE - at ? rest : VT_HEADER_SIZE - at);
    }
    for (int i = 0; i < 3; i++) {
        vt_log_append(&log, &entry);
        vt_log_remember(&log, vt_log_key(&log, &entry, 1, 2));
        vt_touch(&log, &entry, NULL);
        if (i == 1) vt_log_give_back(&log);
    }
    vt_log_give_back(&log);
    memcpy(log.header, whole, sizeof whole);
    expect(ftruncate(log.fd, VT_HEADER_SIZE) == 0);
    expect(ftruncate(log.fd, VT_HEADER_SIZE + (off_t)VT_LOG_CHUNK_LIMIT * VT_CHUNK_SIZE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    /* To its very end, so that each byte read too many is found. */
    char *bytes = malloc(size), *text = malloc(size);
    expect(bytes != NULL && text != NULL);
    memcpy(bytes, data + 1, size - 1);
    memcpy(text, data + 1, size - 1);
    bytes[size - 1] = text[size - 1] = '\0';
    switch (data[0] % 6) {
    case 0: parse_options(text); break;
    case 1: read_program(bytes, size - 1); break;
    case 2: place_names(text, size - 1); break;
    case 3: read_memory(bytes, size - 1); break;
    case 4: say(text); break;
    default: write_log(bytes, size - 1);
    }
    free(bytes);
    free(text);
    return 0;
}
