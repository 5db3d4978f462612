#define _GNU_SOURCE
#include "invocation.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

enum { MOST_GROUPS = 65536 }; /* NGROUPS_MAX of Linux. */

bool vt_may_repeat(char **argv) {
    if (argv[0] == NULL || argv[1] == NULL) return false;
    if (strcmp(argv[1], "run") != 0 && strcmp(argv[1], "exec") != 0) return false;
    const char *within = getenv("VT_IPC_DIR");
    if (within != NULL && *within != '\0') return false;
    struct stat stream;
    for (int fd = 0; fd < 3; fd++)
        if (fstat(fd, &stream) != 0) return false;
    return true;
}

static void add_number(struct vt_sha256 *hash, uint64_t number) { vt_sha256_add(hash, &number, sizeof number); }

static void add_text(struct vt_sha256 *hash, const char *text) { vt_sha256_add(hash, text, strlen(text) + 1); }

static void add_list(struct vt_sha256 *hash, char **list) {
    for (; *list != NULL; list++) add_text(hash, *list);
    /* No argument and no variable begins so. */
    add_text(hash, "\n=");
}

/* What root may do differs between containers. */
static bool add_rights(struct vt_sha256 *hash) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct rights[2] = {0};
    if (syscall(SYS_capget, &header, rights) != 0) return false;
    add_number(hash, (uint64_t)rights[1].effective << 32 | rights[0].effective);
    const mode_t mask = umask(077);
    umask(mask);
    add_number(hash, mask);
    const uint64_t who[] = {getuid(), geteuid(), getgid(), getegid()};
    vt_sha256_add(hash, who, sizeof who);
    static gid_t groups[MOST_GROUPS];
    const int count = getgroups(MOST_GROUPS, groups);
    if (count < 0) return false;
    add_number(hash, (uint64_t)count);
    vt_sha256_add(hash, groups, (size_t)count * sizeof *groups);
    return true;
}

static bool add_streams(struct vt_sha256 *hash) {
    struct stat streams[3];
    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &streams[fd]) != 0) return false;
        add_number(hash, isatty(fd) == 1);
    }
    add_number(hash, streams[1].st_dev == streams[2].st_dev && streams[1].st_ino == streams[2].st_ino);
    struct winsize window = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0) window = (struct winsize){0};
    add_number(hash, (uint64_t)window.ws_col << 16 | window.ws_row);
    return true;
}

bool vt_invocation_digest(char **argv, const char *cwd, uint8_t digest[VT_SHA256_SIZE]) {
    struct vt_sha256 hash;
    vt_sha256_start(&hash);
    add_number(&hash, VT_REPEAT_VERSION);
    add_text(&hash, cwd);
    add_list(&hash, argv + 1);
    add_list(&hash, environ);
    if (!add_rights(&hash) || !add_streams(&hash)) return false;
    vt_sha256_finish(&hash, digest);
    return true;
}
