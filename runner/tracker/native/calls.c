#define _GNU_SOURCE
#include "calls.h"

#include "trace.h"

#include <fcntl.h>
#include <sys/syscall.h>

#define NO VT_NO_ARG

/* Shorthands for the commonest rows. */
#define PATH0(nr, op, follow) {nr, op, VT_CALL_PATHS, follow, NO, 0, NO, NO, NO, 0, NULL}
#define AT(nr, op, follow, flags) {nr, op, VT_CALL_PATHS, follow, 0, 1, NO, NO, flags, 0, NULL}
#define ACCESS(nr, dir, path, flags) {nr, VT_OP_STAT, VT_CALL_ACCESS, VT_FOLLOW, dir, path, NO, NO, flags, 0, NULL}
#define BY_FD(nr, op) {nr, op, VT_CALL_FD, VT_FOLLOW, 0, NO, NO, NO, NO, 0, NULL}
#define SOCKET(nr, op, follow, aux) {nr, op, VT_CALL_SOCKET, follow, NO, 1, NO, NO, NO, aux, NULL}
#define SENDS(nr, form, path) {nr, VT_OP_STAT, form, VT_FOLLOW, NO, path, NO, NO, NO, VT_STAT_EXISTENCE, NULL}
#define OPENS(nr, flags) {nr, VT_OP_OPEN, VT_CALL_CREATE, VT_FOLLOW, NO, 0, NO, NO, NO, flags, NULL}
#define UNNAMED(nr, name) {nr, VT_OP_INCOMPLETE, VT_CALL_BY_HANDLE, VT_FOLLOW, NO, NO, NO, NO, NO, 0, name}
#define SECCOMP(nr) {nr, VT_OP_INCOMPLETE, VT_CALL_SECCOMP, VT_FOLLOW, NO, 2, NO, NO, NO, 0, NULL}
#define ROOT(nr, name) {nr, VT_OP_INCOMPLETE, VT_CALL_CHANGES_ROOT, VT_FOLLOW, NO, NO, NO, NO, NO, 0, name}

/* clang-format off */
const struct vt_call vt_calls[] = {
#if defined __x86_64__
    {2 /* open */, VT_OP_OPEN, VT_CALL_OPEN, VT_FOLLOW, NO, 0, NO, NO, 1, 0, NULL},
    PATH0(4 /* stat */, VT_OP_STAT, VT_FOLLOW),
    PATH0(6 /* lstat */, VT_OP_STAT, VT_NOFOLLOW),
    UNNAMED(16 /* ioctl */, "ioctl"),
    ACCESS(21 /* access */, NO, 0, NO),
    SOCKET(42 /* connect */, VT_OP_STAT, VT_FOLLOW, VT_STAT_EXISTENCE),
    SENDS(44 /* sendto */, VT_CALL_SOCKET, 4),
    SENDS(46 /* sendmsg */, VT_CALL_MESSAGE, 1),
    SOCKET(49 /* bind */, VT_OP_MKNOD, VT_NOFOLLOW, 0),
    PATH0(59 /* execve */, VT_OP_EXEC, VT_FOLLOW),
    PATH0(76 /* truncate */, VT_OP_TRUNCATE, VT_FOLLOW),
    BY_FD(78 /* getdents */, VT_OP_LIST),
    PATH0(80 /* chdir */, VT_OP_CHDIR, VT_FOLLOW),
    BY_FD(81 /* fchdir */, VT_OP_CHDIR),
    {82 /* rename */, VT_OP_RENAME, VT_CALL_PATHS, VT_NOFOLLOW, NO, 0, NO, 1, NO, 0, NULL},
    PATH0(83 /* mkdir */, VT_OP_MKDIR, VT_NOFOLLOW),
    {84 /* rmdir */, VT_OP_UNLINK, VT_CALL_PATHS, VT_NOFOLLOW, NO, 0, NO, NO, NO, AT_REMOVEDIR, NULL},
    OPENS(85 /* creat */, O_CREAT | O_WRONLY | O_TRUNC),
    {86 /* link */, VT_OP_LINK, VT_CALL_PATHS, VT_NOFOLLOW, NO, 0, NO, 1, NO, 0, NULL},
    PATH0(87 /* unlink */, VT_OP_UNLINK, VT_NOFOLLOW),
    {88 /* symlink */, VT_OP_SYMLINK, VT_CALL_LINK_TEXT, VT_NOFOLLOW, NO, 1, NO, 0, NO, 0, NULL},
    PATH0(89 /* readlink */, VT_OP_READLINK, VT_NOFOLLOW),
    PATH0(90 /* chmod */, VT_OP_ATTR, VT_FOLLOW),
    BY_FD(91 /* fchmod */, VT_OP_ATTR),
    PATH0(92 /* chown */, VT_OP_ATTR, VT_FOLLOW),
    BY_FD(93 /* fchown */, VT_OP_ATTR),
    PATH0(94 /* lchown */, VT_OP_ATTR, VT_NOFOLLOW),
    PATH0(132 /* utime */, VT_OP_ATTR, VT_FOLLOW),
    PATH0(133 /* mknod */, VT_OP_MKNOD, VT_NOFOLLOW),
    OPENS(134 /* uselib */, O_RDONLY),
    PATH0(137 /* statfs */, VT_OP_STAT, VT_FOLLOW),
    ROOT(155 /* pivot_root */, "pivot_root"),
    SECCOMP(157 /* prctl */),
    ROOT(161 /* chroot */, "chroot"),
    OPENS(163 /* acct */, O_WRONLY | O_APPEND),
    ROOT(165 /* mount */, "mount"),
    ROOT(166 /* umount2 */, "umount2"),
    OPENS(167 /* swapon */, O_RDWR),
    PATH0(188 /* setxattr */, VT_OP_ATTR, VT_FOLLOW),
    PATH0(189 /* lsetxattr */, VT_OP_ATTR, VT_NOFOLLOW),
    BY_FD(190 /* fsetxattr */, VT_OP_ATTR),
    PATH0(191 /* getxattr */, VT_OP_XATTR, VT_FOLLOW),
    PATH0(192 /* lgetxattr */, VT_OP_XATTR, VT_NOFOLLOW),
    PATH0(194 /* listxattr */, VT_OP_XATTR, VT_FOLLOW),
    PATH0(195 /* llistxattr */, VT_OP_XATTR, VT_NOFOLLOW),
    PATH0(197 /* removexattr */, VT_OP_ATTR, VT_FOLLOW),
    PATH0(198 /* lremovexattr */, VT_OP_ATTR, VT_NOFOLLOW),
    BY_FD(199 /* fremovexattr */, VT_OP_ATTR),
    BY_FD(217 /* getdents64 */, VT_OP_LIST),
    PATH0(235 /* utimes */, VT_OP_ATTR, VT_FOLLOW),
    {254 /* inotify_add_watch */, VT_OP_WATCH, VT_CALL_WATCH, VT_FOLLOW, NO, 1, NO, NO, 2, 0, NULL},
    {257 /* openat */, VT_OP_OPEN, VT_CALL_OPEN, VT_FOLLOW, 0, 1, NO, NO, 2, 0, NULL},
    AT(258 /* mkdirat */, VT_OP_MKDIR, VT_NOFOLLOW, NO),
    AT(259 /* mknodat */, VT_OP_MKNOD, VT_NOFOLLOW, NO),
    AT(260 /* fchownat */, VT_OP_ATTR, VT_FOLLOW, 4),
    {261 /* futimesat */, VT_OP_ATTR, VT_CALL_PATH_OR_FD, VT_FOLLOW, 0, 1, NO, NO, NO, 0, NULL},
    AT(262 /* newfstatat */, VT_OP_STAT, VT_FOLLOW, 3),
    AT(263 /* unlinkat */, VT_OP_UNLINK, VT_NOFOLLOW, 2),
    {264 /* renameat */, VT_OP_RENAME, VT_CALL_PATHS, VT_NOFOLLOW, 0, 1, 2, 3, NO, 0, NULL},
    {265 /* linkat */, VT_OP_LINK, VT_CALL_PATHS, VT_FOLLOW_IF_ASKED, 0, 1, 2, 3, 4, 0, NULL},
    {266 /* symlinkat */, VT_OP_SYMLINK, VT_CALL_LINK_TEXT, VT_NOFOLLOW, 1, 2, NO, 0, NO, 0, NULL},
    AT(267 /* readlinkat */, VT_OP_READLINK, VT_NOFOLLOW, NO),
    AT(268 /* fchmodat */, VT_OP_ATTR, VT_FOLLOW, NO),
    ACCESS(269 /* faccessat */, 0, 1, NO),
    {280 /* utimensat */, VT_OP_ATTR, VT_CALL_PATH_OR_FD, VT_FOLLOW, 0, 1, NO, NO, 3, 0, NULL},
    UNNAMED(300 /* fanotify_init */, "fanotify_init"),
    AT(303 /* name_to_handle_at */, VT_OP_STAT, VT_FOLLOW_IF_ASKED, 4),
    UNNAMED(304 /* open_by_handle_at */, "open_by_handle_at"),
    SENDS(307 /* sendmmsg */, VT_CALL_MESSAGES, 1),
    ROOT(308 /* setns */, "setns"),
    {316 /* renameat2 */, VT_OP_RENAME, VT_CALL_PATHS, VT_NOFOLLOW, 0, 1, 2, 3, 4, 0, NULL},
    SECCOMP(317 /* seccomp */),
    AT(322 /* execveat */, VT_OP_EXEC, VT_FOLLOW, 4),
    AT(332 /* statx */, VT_OP_STAT, VT_FOLLOW, 2),
#elif defined __aarch64__
    {5 /* setxattr */, VT_OP_ATTR, VT_CALL_PATHS, VT_FOLLOW, NO, 0, NO, NO, NO, 0, NULL},
    PATH0(6 /* lsetxattr */, VT_OP_ATTR, VT_NOFOLLOW),
    BY_FD(7 /* fsetxattr */, VT_OP_ATTR),
    PATH0(8 /* getxattr */, VT_OP_XATTR, VT_FOLLOW),
    PATH0(9 /* lgetxattr */, VT_OP_XATTR, VT_NOFOLLOW),
    PATH0(11 /* listxattr */, VT_OP_XATTR, VT_FOLLOW),
    PATH0(12 /* llistxattr */, VT_OP_XATTR, VT_NOFOLLOW),
    PATH0(14 /* removexattr */, VT_OP_ATTR, VT_FOLLOW),
    PATH0(15 /* lremovexattr */, VT_OP_ATTR, VT_NOFOLLOW),
    BY_FD(16 /* fremovexattr */, VT_OP_ATTR),
    {27 /* inotify_add_watch */, VT_OP_WATCH, VT_CALL_WATCH, VT_FOLLOW, NO, 1, NO, NO, 2, 0, NULL},
    UNNAMED(29 /* ioctl */, "ioctl"),
    AT(33 /* mknodat */, VT_OP_MKNOD, VT_NOFOLLOW, NO),
    AT(34 /* mkdirat */, VT_OP_MKDIR, VT_NOFOLLOW, NO),
    AT(35 /* unlinkat */, VT_OP_UNLINK, VT_NOFOLLOW, 2),
    {36 /* symlinkat */, VT_OP_SYMLINK, VT_CALL_LINK_TEXT, VT_NOFOLLOW, 1, 2, NO, 0, NO, 0, NULL},
    {37 /* linkat */, VT_OP_LINK, VT_CALL_PATHS, VT_FOLLOW_IF_ASKED, 0, 1, 2, 3, 4, 0, NULL},
    {38 /* renameat */, VT_OP_RENAME, VT_CALL_PATHS, VT_NOFOLLOW, 0, 1, 2, 3, NO, 0, NULL},
    ROOT(39 /* umount2 */, "umount2"),
    ROOT(40 /* mount */, "mount"),
    ROOT(41 /* pivot_root */, "pivot_root"),
    PATH0(43 /* statfs */, VT_OP_STAT, VT_FOLLOW),
    PATH0(45 /* truncate */, VT_OP_TRUNCATE, VT_FOLLOW),
    ACCESS(48 /* faccessat */, 0, 1, NO),
    PATH0(49 /* chdir */, VT_OP_CHDIR, VT_FOLLOW),
    BY_FD(50 /* fchdir */, VT_OP_CHDIR),
    ROOT(51 /* chroot */, "chroot"),
    BY_FD(52 /* fchmod */, VT_OP_ATTR),
    AT(53 /* fchmodat */, VT_OP_ATTR, VT_FOLLOW, NO),
    AT(54 /* fchownat */, VT_OP_ATTR, VT_FOLLOW, 4),
    BY_FD(55 /* fchown */, VT_OP_ATTR),
    {56 /* openat */, VT_OP_OPEN, VT_CALL_OPEN, VT_FOLLOW, 0, 1, NO, NO, 2, 0, NULL},
    BY_FD(61 /* getdents64 */, VT_OP_LIST),
    AT(78 /* readlinkat */, VT_OP_READLINK, VT_NOFOLLOW, NO),
    AT(79 /* newfstatat */, VT_OP_STAT, VT_FOLLOW, 3),
    {88 /* utimensat */, VT_OP_ATTR, VT_CALL_PATH_OR_FD, VT_FOLLOW, 0, 1, NO, NO, 3, 0, NULL},
    OPENS(89 /* acct */, O_WRONLY | O_APPEND),
    SECCOMP(167 /* prctl */),
    SOCKET(200 /* bind */, VT_OP_MKNOD, VT_NOFOLLOW, 0),
    SOCKET(203 /* connect */, VT_OP_STAT, VT_FOLLOW, VT_STAT_EXISTENCE),
    SENDS(206 /* sendto */, VT_CALL_SOCKET, 4),
    SENDS(211 /* sendmsg */, VT_CALL_MESSAGE, 1),
    PATH0(221 /* execve */, VT_OP_EXEC, VT_FOLLOW),
    OPENS(224 /* swapon */, O_RDWR),
    UNNAMED(262 /* fanotify_init */, "fanotify_init"),
    AT(264 /* name_to_handle_at */, VT_OP_STAT, VT_FOLLOW_IF_ASKED, 4),
    UNNAMED(265 /* open_by_handle_at */, "open_by_handle_at"),
    ROOT(268 /* setns */, "setns"),
    SENDS(269 /* sendmmsg */, VT_CALL_MESSAGES, 1),
    {276 /* renameat2 */, VT_OP_RENAME, VT_CALL_PATHS, VT_NOFOLLOW, 0, 1, 2, 3, 4, 0, NULL},
    SECCOMP(277 /* seccomp */),
    AT(281 /* execveat */, VT_OP_EXEC, VT_FOLLOW, 4),
    AT(291 /* statx */, VT_OP_STAT, VT_FOLLOW, 2),
#else
#error "the tracker knows x86-64 and arm64"
#endif
    /* From 424 on the numbers are the same everywhere. */
    ROOT(428 /* open_tree */, "open_tree"),
    ROOT(429 /* move_mount */, "move_mount"),
    ROOT(430 /* fsopen */, "fsopen"),
    ROOT(432 /* fsmount */, "fsmount"),
    ROOT(433 /* fspick */, "fspick"),
    {437 /* openat2 */, VT_OP_OPEN, VT_CALL_OPEN_HOW, VT_FOLLOW, 0, 1, NO, NO, 2, 0, NULL},
    UNNAMED(438 /* pidfd_getfd */, "pidfd_getfd"),
    ACCESS(439 /* faccessat2 */, 0, 1, 3),
    ROOT(442 /* mount_setattr */, "mount_setattr"),
    AT(452 /* fchmodat2 */, VT_OP_ATTR, VT_FOLLOW, 3),
    AT(463 /* setxattrat */, VT_OP_ATTR, VT_FOLLOW, 2),
    AT(464 /* getxattrat */, VT_OP_XATTR, VT_FOLLOW, 2),
    AT(465 /* listxattrat */, VT_OP_XATTR, VT_FOLLOW, 2),
    AT(466 /* removexattrat */, VT_OP_ATTR, VT_FOLLOW, 2),
    ROOT(467 /* open_tree_attr */, "open_tree_attr"),
    AT(468 /* file_getattr */, VT_OP_XATTR, VT_FOLLOW, 4),
    AT(469 /* file_setattr */, VT_OP_ATTR, VT_FOLLOW, 4),
};
/* clang-format on */

const size_t vt_call_count = sizeof vt_calls / sizeof *vt_calls;

const struct vt_call *vt_call_find(int number) {
    size_t low = 0, high = vt_call_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (vt_calls[middle].number == number) return &vt_calls[middle];
        if (vt_calls[middle].number < number) low = middle + 1;
        else high = middle;
    }
    return NULL;
}
