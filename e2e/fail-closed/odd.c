/*
 * Does what a tracker cannot follow, and what forbids tracking; then goes on as any program would.
 *
 *   odd deny ERRNO PROGRAM ARGS...      runs a program for which seccomp(2) fails
 *   odd deny-listener ERRNO PROGRAM...  the same, for filters with a listener only
 *   odd WHAT FILE                       does WHAT, prints the file, and says what came of WHAT
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIELD(name) ((unsigned)offsetof(struct seccomp_data, name))

static int deny(int error, unsigned flags, char **program) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(args) + 8), /* flags, the low half */
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, flags, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    if (flags == 0) code[3] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JA, 0, 0, 0);
    struct sock_fprog filter = {.len = sizeof code / sizeof *code, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0) {
        perror("odd: no filter");
        return 9;
    }
    execvp(program[0], program);
    perror(program[0]);
    return 127;
}

/* Answers as a file system without files, until it is asked for one. */
static void serve(int device) {
    char request[FUSE_MIN_READ_BUFFER + 4096];
    while (read(device, request, sizeof request) > 0) {
        const struct fuse_in_header *in = (const void *)request;
        struct {
            struct fuse_out_header head;
            struct fuse_init_out init;
        } reply = {.head = {.len = sizeof reply.head, .unique = in->unique}};
        if (in->opcode == FUSE_INIT) {
            const struct fuse_init_in *init = (const void *)(in + 1);
            reply.head.len = sizeof reply;
            reply.init.major = init->major;
            reply.init.minor = init->minor;
            reply.init.max_write = 4096;
        } else {
            reply.head.error = access("a.txt", R_OK) < 0 ? -EIO : -ENOENT;
        }
        if (in->opcode != FUSE_FORGET && write(device, &reply, reply.head.len) < 0) return;
    }
}

/* Looks at a file of a file system that this very task serves. */
static long serve_files(void) {
    char options[100];
    int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
    if (device < 0 || mount("odd", "dir", "fuse", MS_NODEV, options) < 0) return -1;
    pid_t server = fork();
    if (server == 0) {
        serve(device);
        _exit(0);
    }
    if (access("dir/x", F_OK) == 0 || errno != ENOENT) return -1;
    umount2("dir", MNT_DETACH);
    kill(server, SIGKILL);
    return waitpid(server, NULL, 0) == server ? 0 : -1;
}

static long bind_socket(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, name, sizeof address.sun_path - 1);
    return bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);
}

static long do_it(const char *what) {
    if (strcmp(what, "nothing") == 0) return 0;
    if (strcmp(what, "unreadable") == 0) return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (strcmp(what, "chroot") == 0) return chroot(".");
    if (strcmp(what, "mount") == 0) return mount("none", "dir", "tmpfs", 0, NULL);
    if (strcmp(what, "by-handle") == 0) return syscall(SYS_open_by_handle_at, AT_FDCWD, what, O_RDONLY);
    if (strcmp(what, "take") == 0) return syscall(438 /* pidfd_getfd */, -1, 0, 0);
    if (strcmp(what, "fuse") == 0) return serve_files();
    if (strcmp(what, "bind") == 0) return bind_socket("socket");
    if (strcmp(what, "fanotify") == 0) return syscall(SYS_fanotify_init, ~0u, 0);
    if (strcmp(what, "subvolume") == 0) return ioctl(0, _IOW(0x94, 14, char[4096]), NULL);
    if (strcmp(what, "clone") == 0) return ioctl(0, FICLONE, -1);
    if (strcmp(what, "unknown") == 0) return syscall(999, 0, 0, 0, 0, 0, 0);
    if (strcmp(what, "fsopen") == 0) return syscall(430, "tmpfs", 0);
    if (strcmp(what, "io_uring") == 0) return syscall(425, 4, NULL);
#if defined __x86_64__
    if (strcmp(what, "int80") == 0) {
        long result;
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
        return result > 0 ? 0 : -1;
    }
    if (strcmp(what, "x32") == 0) return syscall(0x40000000 | SYS_getppid) > 0 ? 0 : -1;
#endif
    fprintf(stderr, "odd: cannot do %s\n", what);
    exit(9);
}

int main(int argc, char **argv) {
    if (argc > 3 && strcmp(argv[1], "deny") == 0) return deny(atoi(argv[2]), 0, argv + 3);
    if (argc > 3 && strcmp(argv[1], "deny-listener") == 0)
        return deny(atoi(argv[2]), SECCOMP_FILTER_FLAG_NEW_LISTENER, argv + 3);
    if (argc != 3) return 2;
    errno = 0;
    long result = do_it(argv[1]);
    int error = result < 0 ? errno : 0;
    FILE *file = fopen(argv[2], "r");
    if (file == NULL) return 3;
    for (int byte; (byte = fgetc(file)) != EOF;) putchar(byte);
    printf("%s: %s\n", argv[1], error == 0 ? "done" : strerrorname_np(error));
    return 0;
}
