#include "control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct line {
    char text[4096];
    size_t length;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof line->text - line->length;
    int length = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    if (length > 0) line->length += (size_t)length < room ? (size_t)length : room - 1;
}

/* Bytes above 0x7f pass as they are: the runner decodes the line as UTF-8. */
static void add_quoted(struct line *line, const char *text) {
    add(line, "\"");
    for (; *text != '\0' && line->length < sizeof line->text - 64; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\') add(line, "\\%c", byte);
        else if (byte < 0x20) add(line, "\\u%04x", byte);
        else add(line, "%c", byte);
    }
    add(line, "\"");
}

static void say(int control, struct line *line) {
    add(line, "\n");
    size_t done = 0;
    while (done < line->length) {
        ssize_t written = write(control, line->text + done, line->length - done);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return;
        done += (size_t)written;
    }
}

static const char *errno_name(int error) {
    switch (error) {
#define NAME(x) case x: return #x;
        NAME(E2BIG) NAME(EACCES) NAME(EAGAIN) NAME(EBUSY) NAME(EFAULT) NAME(EINVAL) NAME(EIO)
        NAME(EISDIR) NAME(ELIBBAD) NAME(ELOOP) NAME(EMFILE) NAME(ENAMETOOLONG) NAME(ENFILE)
        NAME(ENODEV) NAME(ENOENT) NAME(ENOEXEC) NAME(ENOMEM) NAME(ENOSYS) NAME(ENOTDIR)
        NAME(ENXIO) NAME(EPERM) NAME(EROFS) NAME(ETXTBSY)
#undef NAME
    default: return "EUNKNOWN";
    }
}

void vt_control_supervisor(int control, pid_t pid) {
    struct line line = {.length = 0};
    add(&line, "{\"supervisor\":%d}", (int)pid);
    say(control, &line);
}

void vt_control_started(int control, pid_t pid, pid_t supervisor) {
    struct line line = {.length = 0};
    add(&line, "{\"started\":%d,\"supervisor\":%d}", (int)pid, (int)supervisor);
    say(control, &line);
}

void vt_control_not_started(int control, int error, const char *path) {
    struct line line = {.length = 0};
    add(&line, "{\"notStarted\":{\"errno\":\"%s\",\"path\":", errno_name(error));
    add_quoted(&line, path);
    add(&line, "}}");
    say(control, &line);
}

void vt_control_untracked(int control, const char *reason) {
    struct line line = {.length = 0};
    add(&line, "{\"untracked\":");
    add_quoted(&line, reason);
    add(&line, "}");
    say(control, &line);
}

void vt_control_exited(int control, int status) {
    struct line line = {.length = 0};
    if (WIFSIGNALED(status)) add(&line, "{\"exited\":{\"signal\":%d}}", WTERMSIG(status));
    else add(&line, "{\"exited\":{\"code\":%d}}", WEXITSTATUS(status));
    say(control, &line);
}

void vt_control_quiet(int control) {
    struct line line = {.length = 0};
    add(&line, "{\"quiet\":true}");
    say(control, &line);
}

void vt_control_survivors(int control, const pid_t *pids, size_t count) {
    struct line line = {.length = 0};
    add(&line, "{\"survivors\":[");
    /* Enough to name the culprits; a fork bomb need not be listed in full. */
    for (size_t i = 0; i < count && i < 200; i++) add(&line, "%s%d", i == 0 ? "" : ",", (int)pids[i]);
    add(&line, "]}");
    say(control, &line);
}
