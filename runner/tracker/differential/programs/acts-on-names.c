/* Calls that name files. */
#define _GNU_SOURCE
#include "acts.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

/* Without a NUL at the end of the name, which the kernel does not need. */
static long meet(const char *name, int serves) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memset(address.sun_path, 'x', sizeof address.sun_path);
    memcpy(address.sun_path, name, strlen(name));
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return serves ? bind(fd, (const void *)&address, size) : connect(fd, (const void *)&address, size);
}

static long send_there(const char *name, int in_message) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, strlen(name));
    struct iovec part = {.iov_base = &address, .iov_len = 1};
    struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (in_message) return sendmsg(fd, &message, 0);
    return sendto(fd, &address, 1, 0, (const void *)&address, sizeof address);
}

#define ACT(function, call)                                             \
    static long function(const char *a, const char *b, int *fd) {       \
        (void)a, (void)b, (void)fd;                                     \
        return (call);                                                  \
    }

static struct stat status;
static struct statfs file_system;
static struct statx extended;
static char text[4096];

static int mode_of(const char *letters) {
    int mode = F_OK;
    for (; *letters != '\0'; letters++) mode |= *letters == 'r' ? R_OK : *letters == 'w' ? W_OK : *letters == 'x' ? X_OK : 0;
    return mode;
}

ACT(look, stat(a, &status))
ACT(look_at_link, lstat(a, &status))
ACT(look_below, fstatat(*fd, a, &status, 0))
ACT(look_raw, syscall(SYS_newfstatat, AT_FDCWD, a, &status, 0))
ACT(look_extended, statx(AT_FDCWD, a, 0, STATX_ALL, &extended))
ACT(look_at_file_system, statfs(a, &file_system))
ACT(ask, access(a, mode_of(b)))
ACT(ask_at, faccessat(AT_FDCWD, a, mode_of(b), AT_EACCESS))
ACT(ask_link, faccessat(AT_FDCWD, a, mode_of(b), AT_SYMLINK_NOFOLLOW))
ACT(ask_raw, syscall(SYS_faccessat, AT_FDCWD, a, mode_of(b)))
ACT(ask_raw2, syscall(439, AT_FDCWD, a, mode_of(b), 0))
ACT(read_link, readlink(a, text, sizeof text))
ACT(read_attribute, (getxattr(a, "user.vt", text, sizeof text), 0))
ACT(send_to, send_there(a, 0))
ACT(send_message, send_there(a, 1))
ACT(watch, inotify_add_watch(inotify_init(), a, IN_MODIFY))
ACT(go, chdir(a))
ACT(go_raw, syscall(SYS_chdir, a))
ACT(go_to_descriptor, fchdir(*fd))
ACT(cut, truncate(a, 1))
ACT(change_mode, chmod(a, strcmp(b, "x") == 0 ? 0755 : 0600))
ACT(change_mode_at, fchmodat(AT_FDCWD, a, 0755, 0))
ACT(change_owner, chown(a, (uid_t)-1, (gid_t)-1))
ACT(change_owner_of_link, lchown(a, (uid_t)-1, (gid_t)-1))
ACT(change_times, utimensat(AT_FDCWD, a, NULL, 0))
ACT(change_times_of_link, utimensat(AT_FDCWD, a, NULL, AT_SYMLINK_NOFOLLOW))
ACT(change_times_old, utime(a, NULL))
ACT(set_attribute, (setxattr(a, "user.vt", "1", 1, 0), 0))
ACT(make_directory, mkdir(a, 0755))
ACT(remove_directory, rmdir(a))
ACT(remove_file, unlink(a))
ACT(remove_below, unlinkat(*fd, a, 0))
ACT(move, rename(a, b))
ACT(move_below, renameat(*fd, a, *fd, b))
ACT(exchange, renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE))
ACT(move_to_nothing, renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_NOREPLACE))
ACT(give_name, link(a, b))
ACT(give_name_of_target, linkat(AT_FDCWD, a, AT_FDCWD, b, AT_SYMLINK_FOLLOW))
ACT(make_link, symlink(a, b))
ACT(make_pipe, mkfifo(a, 0600))
ACT(serve, meet(a, 1))
ACT(call, meet(a, 0))
ACT(make_node, mknod(a, S_IFREG | 0600, 0))

const struct act vt_acts_on_names[] = {
    {"stat", look}, {"lstat", look_at_link}, {"fstatat", look_below}, {"stat-raw", look_raw},
    {"statx", look_extended}, {"statfs", look_at_file_system}, {"access", ask}, {"faccessat", ask_at},
    {"access-link", ask_link}, {"access-raw", ask_raw}, {"access-raw2", ask_raw2}, {"readlink", read_link},
    {"getxattr", read_attribute}, {"watch", watch}, {"chdir", go}, {"chdir-raw", go_raw},
    {"fchdir", go_to_descriptor}, {"truncate", cut}, {"chmod", change_mode}, {"fchmodat", change_mode_at},
    {"chown", change_owner}, {"lchown", change_owner_of_link}, {"utimes", change_times},
    {"lutimes", change_times_of_link}, {"utime", change_times_old}, {"setxattr", set_attribute},
    {"mkdir", make_directory}, {"rmdir", remove_directory}, {"unlink", remove_file},
    {"unlinkat", remove_below}, {"rename", move}, {"renameat", move_below}, {"exchange", exchange},
    {"rename-noreplace", move_to_nothing}, {"link", give_name}, {"link-target", give_name_of_target},
    {"symlink", make_link}, {"mkfifo", make_pipe}, {"mknod", make_node},
    {"bind", serve}, {"connect", call}, {"sendto", send_to}, {"sendmsg", send_message}, {NULL, NULL},
};
