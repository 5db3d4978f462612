#define _GNU_SOURCE
#include "answer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Of a time as text: see duration_text. */
enum { LONGEST_TIME = 48 };

/* All of it, however slowly the reader takes it. False when it cannot be written. */
static bool write_whole(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        const ssize_t written = write(fd, bytes, length);
        if (written >= 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            if (poll(&wait, 1, -1) < 0 && errno != EINTR) return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* As runner/report/duration-text.ts. `milliseconds` is not negative. */
static int duration_text(char *text, double milliseconds) {
    /* Math.round; more than a hundred years are none. */
    const uint64_t whole = milliseconds < 4e12 ? (uint64_t)(milliseconds + 0.5) : 0;
    if (whole < 1000) return snprintf(text, LONGEST_TIME, "%dms", (int)whole);
    const uint64_t tenths = (whole + 50) / 100;
    if (tenths < 600) {
        const char *form = tenths % 10 == 0 ? "%ds" : "%d.%ds";
        return snprintf(text, LONGEST_TIME, form, (int)(tenths / 10), (int)(tenths % 10));
    }
    const uint64_t seconds = (whole + 500) / 1000;
    return snprintf(text, LONGEST_TIME, "%lldm %ds", (long long)(seconds / 60), (int)(seconds % 60));
}

/* Every task has taken its share of the time. */
static double share(const struct vt_answer *answer) { return answer->elapsed / answer->record->header->hit_count; }

static double saved(const struct vt_answer *answer, uint32_t hit) {
    const double duration = answer->record->hits[hit].duration - share(answer);
    return duration > 0 ? duration : 0;
}

static int total_text(char *text, const struct vt_answer *answer) {
    double total = 0;
    for (uint32_t hit = 0; hit < answer->record->header->hit_count; hit++) total += saved(answer, hit);
    if (!(total > 0)) return 0;
    char time[LONGEST_TIME];
    duration_text(time, total);
    return snprintf(text, LONGEST_TIME, ", %s saved", time);
}

/* Appends the text of a piece and returns the new end. There is room for it. */
static char *put(char *end, const struct vt_piece *piece, const struct vt_answer *answer) {
    switch (piece->kind) {
    case VT_PIECE_TOTAL: return end + total_text(end, answer);
    case VT_PIECE_DURATION: return end + duration_text(end, share(answer));
    case VT_PIECE_SAVED: return end + duration_text(end, saved(answer, piece->index));
    default: return (char *)memcpy(end, answer->record->texts + piece->text, piece->length) + piece->length;
    }
}

/* Room for these pieces together. */
static char *room_for(const struct vt_piece *piece, const struct vt_piece *end) {
    size_t size = 1;
    for (; piece < end; piece++) size += piece->length + LONGEST_TIME;
    return malloc(size);
}

static bool print(const struct vt_answer *answer) {
    const struct vt_piece *piece = answer->record->pieces;
    const struct vt_piece *end = piece + answer->record->header->details;
    char *text = room_for(piece, end);
    if (text == NULL) return false;
    signal(SIGPIPE, SIG_IGN); /* As Node has it: whoever stops reading does not end vt. */
    bool is_closed[] = {false, false, false};
    while (piece < end) {
        const int stream = piece->kind == VT_PIECE_ERR ? STDERR_FILENO : STDOUT_FILENO;
        char *filled = text;
        for (; piece < end && (piece->kind == VT_PIECE_ERR) == (stream == STDERR_FILENO); piece++)
            filled = put(filled, piece, answer);
        if (!is_closed[stream]) is_closed[stream] = !write_whole(stream, text, (size_t)(filled - text));
    }
    free(text);
    return true;
}

/* Replaced as a whole, by the name of this process, as cache/replace-file.ts does it. */
static void keep_details(const struct vt_answer *answer) {
    const struct vt_piece *piece = answer->record->pieces + answer->record->header->details;
    const struct vt_piece *end = answer->record->pieces + answer->record->header->piece_count;
    if (piece == end) return;
    char path[PATH_MAX], draft[PATH_MAX + 16];
    if (snprintf(path, sizeof path, "%s/last-details.txt", answer->cache) >= (int)sizeof path) return;
    snprintf(draft, sizeof draft, "%s.%d", path, (int)getpid());
    char *text = room_for(piece, end);
    if (text == NULL) return;
    char *filled = text;
    for (; piece < end; piece++) filled = put(filled, piece, answer);
    const int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
        const bool is_whole = fchmod(fd, 0600) == 0 && write_whole(fd, text, (size_t)(filled - text));
        close(fd);
        if (!is_whole || rename(draft, path) != 0) unlink(draft);
    }
    free(text);
}

/* One line for all hits: what they were stands beside the record. See cache/hit-notes.ts. */
static void leave_note(const struct vt_answer *answer) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const long long ended = (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    char line[256];
    const int length = snprintf(line, sizeof line, "{\"repeat\":\"%s\",\"ended\":%lld,\"duration\":%.3f}\n",
                                answer->name, ended, share(answer));
    const int fd = openat(answer->store, "hits.log", O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return;
    if (length > 0 && (size_t)length < sizeof line) write_whole(fd, line, (size_t)length);
    close(fd);
    utimensat(answer->store, ".", NULL, 0); /* Other versions of vt remove a store that nobody uses. */
}

bool vt_answer(const struct vt_answer *answer) {
    if (!print(answer)) return false;
    keep_details(answer);
    leave_note(answer);
    return true;
}
