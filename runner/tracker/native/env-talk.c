#define _GNU_SOURCE
#include "env-talk.h"

#include "quiet-call.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#define SIGNALS 8 /* bytes of the kernel's set */
#define FIRST_PART 4096u
#define ENTRIES 2048u
#define CLAIM_PAUSE_MOST 16000000L /* nanoseconds */
#define WRITE_PAUSE_MOST 8000000L

/* Notified like any other call: what is done here is the task's. */
static long call(long number, long a, long b, long c, long d, long e) { return vt_quiet_call(0, number, a, b, c, d, e); }

static enum vt_talk failed(long error) {
    return error == -ENOENT || error == -ENOTDIR || error == -ENXIO || error == -EPIPE ? VT_TALK_GONE : VT_TALK_LOST;
}

static void pause_for(long *nanoseconds, long most) {
    struct timespec time = {.tv_nsec = *nanoseconds};
    call(SYS_nanosleep, (long)&time, 0, 0, 0, 0);
    *nanoseconds = *nanoseconds * 2 < most ? *nanoseconds * 2 : most;
}

static void close_fd(long fd) {
    if (fd >= 0) call(SYS_close, fd, 0, 0, 0, 0);
}

static long open_path(const char *path, long flags) {
    return call(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC | O_NOCTTY, 0, 0);
}

/* `directory` with `name` and perhaps a number behind it. */
struct path {
    char text[PATH_MAX];
};

static bool join(struct path *path, const char *directory, const char *name, uint32_t number) {
    size_t length = strlen(directory), name_length = strlen(name);
    if (length + name_length + 12 >= sizeof path->text) return false;
    memcpy(path->text, directory, length);
    memcpy(path->text + length, name, name_length);
    char *end = path->text + length + name_length, digits[10];
    int count = 0;
    for (uint32_t rest = number; rest > 0; rest /= 10) digits[count++] = (char)('0' + rest % 10);
    while (count > 0) *end++ = digits[--count];
    *end = '\0';
    return true;
}

static uint32_t pid_here(void) { return (uint32_t)call(SYS_getpid, 0, 0, 0, 0, 0); }

/* Never 0. Without the kernel's random numbers: no two threads, and no later process, at one moment. */
static uint32_t random_nonce(void) {
    uint32_t nonce = 0;
    if (call(SYS_getrandom, (long)&nonce, sizeof nonce, 1 /* GRND_NONBLOCK */, 0, 0) != sizeof nonce) {
        struct timespec now = {0};
        call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0);
        nonce = (uint32_t)now.tv_nsec * 2654435761u ^ (uint32_t)now.tv_sec ^ (uint32_t)call(SYS_gettid, 0, 0, 0, 0, 0);
    }
    return nonce == 0 ? 1 : nonce;
}

void vt_talk_leave_word(const char *directory) {
    struct path path;
    if (join(&path, directory, "/lost-", pid_here())) call(SYS_mkdirat, AT_FDCWD, (long)path.text, 0700, 0, 0);
}

/* EPIPE as an error and no SIGPIPE, whatever the program does with that signal. */
static long write_once(long fd, const uint8_t *frame, size_t size) {
    uint64_t pipe_signal = 1ull << (SIGPIPE - 1), before = 0, pending = 0;
    call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&pipe_signal, (long)&before, SIGNALS, 0);
    call(SYS_rt_sigpending, (long)&pending, SIGNALS, 0, 0, 0);
    long written = call(SYS_write, fd, (long)frame, (long)size, 0, 0);
    if (written == -EPIPE && (pending & pipe_signal) == 0) {
        struct timespec now = {0};
        while (call(SYS_rt_sigtimedwait, (long)&pipe_signal, 0, (long)&now, SIGNALS, 0) == -EINTR) {
        }
    }
    call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, SIGNALS, 0);
    return written;
}

static enum vt_talk write_frame(long fd, const uint8_t *frame, size_t size) {
    for (long wait = 250000;;) {
        long written = write_once(fd, frame, size);
        if (written == (long)size) return VT_TALK_DONE;
        if (written == -EINTR) continue;
        if (written != -EAGAIN) return written < 0 ? failed(written) : VT_TALK_LOST;
        pause_for(&wait, WRITE_PAUSE_MOST);
    }
}

/* The writing end of the request FIFO. Without O_NONBLOCK it would wait for a reader that is gone. */
static enum vt_talk open_requests(const char *directory, long *fd) {
    struct path path;
    struct stat status;
    if (!join(&path, directory, "/q", 0)) return VT_TALK_LOST;
    *fd = open_path(path.text, O_WRONLY | O_NONBLOCK);
    if (*fd < 0) return failed(*fd);
    if (call(SYS_fstat, *fd, (long)&status, 0, 0, 0) == 0 && S_ISFIFO(status.st_mode)) return VT_TALK_DONE;
    close_fd(*fd);
    return VT_TALK_GONE;
}

enum vt_talk vt_talk_tell(const char *directory, enum vt_env_request request, const char *name, size_t length) {
    uint8_t frame[VT_FRAME_MOST];
    size_t size = vt_env_frame(frame, request, pid_here(), random_nonce(), 0, name, length);
    long fd;
    if (size == 0) return VT_TALK_LOST;
    enum vt_talk talk = open_requests(directory, &fd);
    if (talk != VT_TALK_DONE) return talk;
    talk = write_frame(fd, frame, size);
    close_fd(fd);
    return talk;
}

/* With a writer of one's own the open does not wait for one, and without it reading ends with the runner. */
static long open_claimed(const char *path) {
    long first = open_path(path, O_RDONLY | O_NONBLOCK);
    long writer = first < 0 ? first : open_path(path, O_WRONLY | O_NONBLOCK);
    long reader = writer < 0 ? writer : open_path(path, O_RDONLY);
    close_fd(first);
    close_fd(writer);
    return reader;
}

/* The number of a free reply FIFO's name; 0: it is none. */
static uint32_t free_number(const char *name) {
    uint64_t number = 0;
    if (name[0] != 'f' || name[1] == '\0' || name[1] == '0') return 0;
    for (const char *at = name + 1; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || number > UINT32_MAX / 10) return 0;
        number = number * 10 + (uint64_t)(*at - '0');
    }
    return number > UINT32_MAX ? 0 : (uint32_t)number;
}

struct linux_dirent {
    uint64_t inode;
    int64_t offset;
    unsigned short size;
    unsigned char kind;
    char name[];
};

/* DONE with `*reader` still -1: none is free. */
static enum vt_talk try_claim(const char *directory, long *reader, uint32_t *number) {
    struct path path, claimed;
    char entries[ENTRIES] __attribute__((aligned(8)));
    if (!join(&path, directory, "/r", 0)) return VT_TALK_LOST;
    long list = open_path(path.text, O_RDONLY | O_DIRECTORY);
    if (list < 0) return failed(list);
    enum vt_talk talk = VT_TALK_DONE;
    while (*reader < 0 && talk == VT_TALK_DONE) {
        long size = call(SYS_getdents64, list, (long)entries, sizeof entries, 0, 0);
        if (size <= 0) {
            if (size < 0) talk = failed(size);
            break;
        }
        for (long at = 0; at < size && *reader < 0 && talk == VT_TALK_DONE;) {
            const struct linux_dirent *entry = (const struct linux_dirent *)(entries + at);
            at += entry->size;
            *number = free_number(entry->name);
            if (*number == 0) continue;
            if (!join(&path, directory, "/r/f", *number) || !join(&claimed, directory, "/r/c", *number)) {
                talk = VT_TALK_LOST;
                break;
            }
            /* Of all who try, one succeeds. */
            long error = call(SYS_renameat2, AT_FDCWD, (long)path.text, AT_FDCWD, (long)claimed.text, 0);
            if (error == 0) error = *reader = open_claimed(claimed.text);
            if (error < 0 && error != -ENOENT) talk = failed(error);
        }
    }
    close_fd(list);
    return talk;
}

static enum vt_talk claim(const char *directory, long requests, long *reader, uint32_t *number) {
    for (long wait = 1000000;;) {
        enum vt_talk talk = try_claim(directory, reader, number);
        if (talk != VT_TALK_DONE || *reader >= 0) return talk;
        /* OpenReplies{}, which has no fields: request 7, of a sender of its own. */
        uint32_t nonce = random_nonce(), pid = pid_here();
        uint8_t frame[40], *end = frame + 1;
        static const uint8_t mark[] = {0x0d, 0xf6, 0x76, 0x74, 0xf7};
        memcpy(end, mark, sizeof mark);
        end += sizeof mark;
        *end++ = 2 << 3;
        for (uint32_t rest = pid; ; rest >>= 7) {
            *end++ = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
            if (rest <= 0x7f) break;
        }
        *end++ = 3 << 3 | 5;
        for (int shift = 0; shift < 32; shift += 8) *end++ = (uint8_t)(nonce >> shift);
        static const uint8_t rest[] = {4 << 3, 1, 7 << 3 | 2, 2, 7 << 3 | 2, 0};
        memcpy(end, rest, sizeof rest);
        end += sizeof rest;
        frame[0] = (uint8_t)(end - frame - 1);
        talk = write_frame(requests, frame, (size_t)(end - frame));
        if (talk != VT_TALK_DONE) return talk;
        pause_for(&wait, CLAIM_PAUSE_MOST);
    }
}

static char *map(size_t size) {
    long mapped = call(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    return mapped < 0 && mapped >= -4095 ? NULL : (char *)mapped;
}

static enum vt_talk read_some(long fd, uint8_t *into, size_t room, size_t *filled) {
    long size;
    do size = call(SYS_read, fd, (long)(into + *filled), (long)(room - *filled), 0, 0);
    while (size == -EINTR);
    if (size == 0) return VT_TALK_GONE;
    if (size < 0) return failed(size);
    *filled += (size_t)size;
    return VT_TALK_DONE;
}

/* Reads the one answer there will be. What it lies in is never freed: the value is kept there. */
static enum vt_talk read_answer(long fd, char **value) {
    uint8_t first[FIRST_PART];
    size_t filled = 0, length = 0;
    int prefix;
    while ((prefix = vt_env_reply_length(first, filled, &length)) == 0) {
        enum vt_talk talk = read_some(fd, first, sizeof first, &filled);
        if (talk != VT_TALK_DONE) return talk;
    }
    if (prefix < 0 || filled > (size_t)prefix + length) return VT_TALK_LOST;
    uint8_t *reply = (uint8_t *)map(length + 1);
    if (reply == NULL) return VT_TALK_LOST;
    filled -= (size_t)prefix;
    memcpy(reply, first + prefix, filled);
    enum vt_talk talk = VT_TALK_DONE;
    while (talk == VT_TALK_DONE && filled < length) talk = read_some(fd, reply, length, &filled);
    const uint8_t *found;
    size_t size;
    enum vt_env_reply kind = talk != VT_TALK_DONE ? VT_ENV_REPLY_ABSENT : vt_env_read_reply(reply, length, &found, &size);
    if (kind == VT_ENV_REPLY_VALUE && memchr(found, '\0', size) == NULL) {
        memmove(reply, found, size);
        reply[size] = '\0';
        *value = (char *)reply;
        return VT_TALK_DONE;
    }
    call(SYS_munmap, (long)reply, (long)length + 1, 0, 0, 0);
    return talk == VT_TALK_DONE && kind != VT_ENV_REPLY_ABSENT ? VT_TALK_LOST : talk;
}

enum vt_talk vt_talk_ask(const char *directory, const char *name, size_t length, char **value) {
    uint8_t frame[VT_FRAME_MOST];
    uint32_t number = 0;
    long requests, reader = -1;
    *value = NULL;
    enum vt_talk talk = open_requests(directory, &requests);
    if (talk != VT_TALK_DONE) return talk;
    talk = claim(directory, requests, &reader, &number);
    if (talk == VT_TALK_DONE) {
        size_t size = vt_env_frame(frame, VT_ENV_GET, pid_here(), random_nonce(), number, name, length);
        talk = size == 0 ? VT_TALK_LOST : write_frame(requests, frame, size);
    }
    if (talk == VT_TALK_DONE) talk = read_answer(reader, value);
    close_fd(requests);
    close_fd(reader);
    return talk;
}
