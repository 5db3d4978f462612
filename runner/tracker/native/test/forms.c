/* Makes one system call of a given form, raw, and prints what it returned: `forms NAME PATH...`.
 * Also the odd ways of running (threads, vfork, a bad pointer) that a tracker must stand. For tests. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HERE AT_FDCWD

static char buffer[65536];
static char *a, *b;

static long directory(void) { return syscall(SYS_openat, HERE, ".", O_RDONLY | O_DIRECTORY); }

static void *open_in_thread(void *path) {
    syscall(SYS_openat, HERE, path, O_RDONLY, 0);
    return NULL;
}

static long threads(void) {
    pthread_t made[8];
    char *names[8];
    for (int i = 0; i < 8; i++) {
        if (asprintf(&names[i], "%s%d", a, i) < 0) return -1;
        pthread_create(&made[i], NULL, open_in_thread, names[i]);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(made[i], NULL);
        free(names[i]);
    }
    return 0;
}

static long with_vfork(void) {
    pid_t pid = vfork();
    if (pid == 0) {
        execl("/proc/self/exe", "forms", "openat", a, (char *)NULL);
        _exit(1);
    }
    int status;
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

static void *open_and_tell(void *tid) {
    *(pid_t *)tid = (pid_t)syscall(SYS_gettid);
    return open_in_thread(a);
}

/* A thread opens `a`; then a process with the number that the thread had, which it prints, opens `b`. */
static long number_again(void) {
    pthread_t thread;
    pid_t tid;
    pthread_create(&thread, NULL, open_and_tell, &tid);
    pthread_join(thread, NULL);
    uint64_t arguments[10] = {[4] = SIGCHLD, [8] = (uintptr_t)&tid, [9] = 1};
    long pid;
    do pid = syscall(435 /* clone3 */, arguments, sizeof arguments);
    while (pid < 0 && errno == EEXIST); /* it is not quite gone */
    if (pid == 0) {
        open_in_thread(b);
        _exit(0);
    }
    printf("%d ", (int)tid);
    return pid < 0 ? -1 : waitpid((pid_t)pid, NULL, 0);
}

/* One name begins on one page and ends on the next; another ends where an unmapped page begins. */
static long across_pages(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = strlen(a) + 1;
    char *pages = mmap(NULL, page * 3, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 2 * page, page);
    char *astride = memcpy(pages + page - 2, a, size);
    char *last = memcpy(pages + 2 * page - size, a, size);
    long fd = syscall(SYS_openat, HERE, astride, O_RDONLY, 0);
    return fd < 0 ? fd : syscall(SYS_openat, HERE, last, O_RDONLY | O_NOFOLLOW, 0);
}

static long killed(void) {
    syscall(SYS_openat, HERE, a, O_RDONLY, 0);
    return kill(getpid(), SIGKILL);
}

/* Ends with 0 only when SIGHUP comes; the limit is for a supervisor that never sends it. */
static long hang_up(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (write(1, "ready\n", 6) != 6) return -1;
    struct timespec limit = {.tv_sec = 30};
    exit(sigtimedwait(&set, NULL, &limit) == SIGHUP ? 0 : 1);
}

static long openat2_how(uint64_t resolve) {
    uint64_t how[3] = {O_RDONLY, 0, resolve};
    return syscall(437, HERE, a, how, sizeof how);
}

static struct sockaddr_un address_of(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", name);
    return address;
}

/* To nobody, to `a`, to `b` and to a pointer that leads nowhere; how many of them were sent. */
static long send_all(const char *form) {
    struct sockaddr_un to_a = address_of(a), to_b = address_of(b == NULL ? "" : b);
    struct iovec part = {.iov_base = buffer, .iov_len = 1};
    struct msghdr none = {.msg_iov = &part, .msg_iovlen = 1};
    struct msghdr at_a = none, at_b = none;
    at_a.msg_name = &to_a, at_a.msg_namelen = sizeof to_a;
    at_b.msg_name = &to_b, at_b.msg_namelen = sizeof to_b;
    int ends[2], fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0) return -1;
    if (strcmp(form, "sendto") == 0) return sendto(fd, "x", 1, 0, (void *)&to_a, sizeof to_a);
    if (strcmp(form, "sendmsg") == 0) return syscall(SYS_sendmsg, fd, &at_a, 0);
    if (strcmp(form, "sendmmsg") == 0) {
        struct mmsghdr both[] = {{.msg_hdr = at_a}, {.msg_hdr = none}, {.msg_hdr = at_b}};
        return syscall(SYS_sendmmsg, fd, both, 3, 0);
    }
    if (strcmp(form, "send-bad") == 0) return syscall(SYS_sendmsg, fd, (void *)8, 0);
    return sendto(ends[0], "x", 1, 0, NULL, 0) == 1 && syscall(SYS_sendmsg, ends[0], &none, 0) == 1 ? 0 : -1;
}

static long run(const char *form) {
#define FORM(name, call) if (strcmp(form, name) == 0) return (call);
#ifdef SYS_open
    FORM("open", syscall(SYS_open, a, O_RDONLY))
    FORM("creat", syscall(SYS_creat, a, 0644))
    FORM("stat", syscall(SYS_stat, a, buffer))
    FORM("lstat", syscall(SYS_lstat, a, buffer))
    FORM("access", syscall(SYS_access, a, R_OK))
    FORM("readlink", syscall(SYS_readlink, a, buffer, sizeof buffer))
    FORM("rename", syscall(SYS_rename, a, b))
    FORM("unlink", syscall(SYS_unlink, a))
    FORM("rmdir", syscall(SYS_rmdir, a))
    FORM("mkdir", syscall(SYS_mkdir, a, 0755))
    FORM("symlink", syscall(SYS_symlink, b, a))
    FORM("link", syscall(SYS_link, a, b))
    FORM("mknod", syscall(SYS_mknod, a, S_IFIFO | 0600, 0))
    FORM("chmod", syscall(SYS_chmod, a, 0600))
    FORM("chown", syscall(SYS_chown, a, -1, -1))
    FORM("lchown", syscall(SYS_lchown, a, -1, -1))
    FORM("utime", syscall(SYS_utime, a, NULL))
    FORM("utimes", syscall(SYS_utimes, a, NULL))
    FORM("futimesat", syscall(SYS_futimesat, HERE, a, NULL))
    FORM("getdents", syscall(SYS_getdents, directory(), buffer, sizeof buffer))
#endif
    FORM("openat", syscall(SYS_openat, HERE, a, O_RDONLY))
    FORM("openat-dir", syscall(SYS_openat, directory(), a, O_RDONLY))
    FORM("openat-write", syscall(SYS_openat, HERE, a, O_RDWR | O_CREAT | O_APPEND, 0644))
    FORM("openat-nofollow", syscall(SYS_openat, HERE, a, O_RDONLY | O_NOFOLLOW))
    FORM("openat2", openat2_how(0))
    FORM("openat2-root", openat2_how(0x10))
    FORM("newfstatat", syscall(SYS_newfstatat, HERE, a, buffer, 0))
    FORM("newfstatat-nofollow", syscall(SYS_newfstatat, directory(), a, buffer, AT_SYMLINK_NOFOLLOW))
    FORM("fstat", syscall(SYS_newfstatat, directory(), "", buffer, AT_EMPTY_PATH))
    FORM("fstat-name", syscall(SYS_newfstatat, directory(), a, buffer, AT_EMPTY_PATH))
    FORM("fstat-null", syscall(SYS_newfstatat, directory(), (char *)8, buffer, AT_EMPTY_PATH))
    FORM("statx-name", syscall(SYS_statx, directory(), a, AT_EMPTY_PATH, 0x7ff, buffer))
    FORM("statx", syscall(SYS_statx, HERE, a, 0, 0x7ff, buffer))
    FORM("statx-fd", syscall(SYS_statx, directory(), "", AT_EMPTY_PATH, 0x7ff, buffer))
    FORM("statx-cwd", syscall(SYS_statx, HERE, "", AT_EMPTY_PATH, 0x7ff, buffer))
    FORM("statfs", syscall(SYS_statfs, a, buffer))
    FORM("faccessat", syscall(SYS_faccessat, HERE, a, R_OK))
    FORM("faccessat2", syscall(439, HERE, a, R_OK, AT_SYMLINK_NOFOLLOW))
    FORM("readlinkat", syscall(SYS_readlinkat, HERE, a, buffer, sizeof buffer))
    FORM("getdents64", syscall(SYS_getdents64, directory(), buffer, sizeof buffer))
    FORM("renameat", syscall(SYS_renameat, HERE, a, HERE, b))
    FORM("renameat2", syscall(SYS_renameat2, HERE, a, directory(), b, 1u))
    FORM("unlinkat", syscall(SYS_unlinkat, HERE, a, 0))
    FORM("unlinkat-dir", syscall(SYS_unlinkat, HERE, a, AT_REMOVEDIR))
    FORM("mkdirat", syscall(SYS_mkdirat, HERE, a, 0755))
    FORM("symlinkat", syscall(SYS_symlinkat, b, HERE, a))
    FORM("linkat", syscall(SYS_linkat, HERE, a, HERE, b, 0))
    FORM("linkat-follow", syscall(SYS_linkat, HERE, a, HERE, b, AT_SYMLINK_FOLLOW))
    FORM("truncate", syscall(SYS_truncate, a, 1L))
    FORM("mknodat", syscall(SYS_mknodat, HERE, a, S_IFREG | 0600, 0))
    FORM("fchmodat", syscall(SYS_fchmodat, HERE, a, 0600))
    FORM("fchmodat2", syscall(452, HERE, a, 0600, 0))
    FORM("fchmod", syscall(SYS_fchmod, syscall(SYS_openat, HERE, a, O_RDONLY), 0600))
    FORM("fchown", syscall(SYS_fchown, syscall(SYS_openat, HERE, a, O_RDONLY), -1, -1))
    FORM("fchownat", syscall(SYS_fchownat, HERE, a, -1, -1, AT_SYMLINK_NOFOLLOW))
    FORM("utimensat", syscall(SYS_utimensat, HERE, a, NULL, 0))
    FORM("futimens", syscall(SYS_utimensat, syscall(SYS_openat, HERE, a, O_RDONLY), NULL, NULL, 0))
    FORM("setxattr", syscall(SYS_setxattr, a, "user.x", "1", 1, 0))
    FORM("lsetxattr", syscall(SYS_lsetxattr, a, "user.x", "1", 1, 0))
    FORM("fsetxattr", syscall(SYS_fsetxattr, syscall(SYS_openat, HERE, a, O_RDONLY), "user.x", "1", 1, 0))
    FORM("getxattr", syscall(SYS_getxattr, a, "user.x", buffer, 10))
    FORM("lgetxattr", syscall(SYS_lgetxattr, a, "user.x", buffer, 10))
    FORM("listxattr", syscall(SYS_listxattr, a, buffer, 100))
    FORM("llistxattr", syscall(SYS_llistxattr, a, buffer, 100))
    FORM("removexattr", syscall(SYS_removexattr, a, "user.x"))
    FORM("lremovexattr", syscall(SYS_lremovexattr, a, "user.x"))
    FORM("chdir", syscall(SYS_chdir, a))
    FORM("chdir-open", (syscall(SYS_chdir, a), syscall(SYS_openat, HERE, b, O_RDONLY)))
    FORM("fchdir-open", (syscall(SYS_fchdir, syscall(SYS_openat, HERE, a, O_RDONLY)), syscall(SYS_openat, HERE, b, O_RDONLY)))
    FORM("inotify", syscall(SYS_inotify_add_watch, syscall(SYS_inotify_init1, 0), a, IN_MODIFY))
    FORM("sendto", send_all(form))
    FORM("sendmsg", send_all(form))
    FORM("sendmmsg", send_all(form))
    FORM("send-bad", send_all(form))
    FORM("send-connected", send_all(form))
    /* Whether one may, and whether the kernel has it at all, varies. */
    FORM("acct", (syscall(SYS_acct, a), 0))
    FORM("swapon", (syscall(SYS_swapon, a, 0), 0))
#ifdef SYS_uselib
    FORM("uselib", (syscall(SYS_uselib, a), 0))
#endif
    /* By its number, with arguments that no call takes. */
    FORM("number", (syscall(atol(a), -1L, 8L, 0L, 0L, 0L), 0))
    FORM("handle", syscall(SYS_open_by_handle_at, HERE, buffer, O_RDONLY))
    FORM("chroot", syscall(SYS_chroot, a))
    FORM("io_uring", syscall(425, 4, buffer))
    FORM("bad-pointer", syscall(SYS_openat, HERE, (char *)8, O_RDONLY))
    FORM("null-pointer", syscall(SYS_openat, HERE, NULL, O_RDONLY))
    FORM("bad-fd", syscall(SYS_openat, 999, a, O_RDONLY))
    FORM("empty", syscall(SYS_openat, HERE, "", O_RDONLY))
    FORM("proc-fd", (snprintf(buffer, sizeof buffer, "/proc/self/fd/%ld", syscall(SYS_openat, HERE, a, O_PATH)), syscall(SYS_openat, HERE, buffer, O_RDONLY)))
    FORM("threads", threads())
    FORM("number-again", number_again())
    FORM("vfork", with_vfork())
    FORM("across-pages", across_pages())
    FORM("killed", killed())
    FORM("hang-up", hang_up())
    FORM("execve", (execve(a, (char *[]){a, b, NULL}, (char *[]){NULL}), -1))
    FORM("execveat", syscall(SYS_execveat, syscall(SYS_openat, HERE, a, O_PATH), "", (char *[]){a, b, NULL}, (char *[]){NULL}, AT_EMPTY_PATH))
#if defined __x86_64__
    /* A call of the 32-bit ABI made by a 64-bit program: getpid. */
    FORM("int80", ({ long result; __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11"); result > 0 ? 0 : result; }))
#endif
    fprintf(stderr, "unknown form %s\n", form);
    exit(9);
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    a = argc > 2 ? argv[2] : NULL;
    b = argc > 3 ? argv[3] : NULL;
    errno = 0;
    long result = run(argv[1]);
    /* Descriptors and counts vary; whether and why it failed does not. */
    printf("%s %d\n", result < 0 ? "failed" : "ok", result < 0 ? errno : 0);
    return 0;
}
