/* Calls every function the shim stands in for, under old and new names, and prints what each did:
 * `libc-calls DIRECTORY`, with file, link (to file), dir and no `none` in it. Then does so in
 * threads and forked children that share nothing but the names. For tests. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void show(const char *what, long result, long detail) {
    if (result < 0) printf("%s failed %d\n", what, errno);
    else printf("%s ok %ld\n", what, detail);
}

typedef int look_function(const char *, struct stat *);
typedef int look_at_function(int, const char *, struct stat *, int);
typedef int old_look_function(int, const char *, struct stat *);
typedef int old_look_at_function(int, int, const char *, struct stat *, int);

static void looks(const char *name) {
    static const char *const names[] = {"stat", "stat64", "lstat", "lstat64"};
    static const char *const old[] = {"__xstat", "__xstat64", "__lxstat", "__lxstat64"};
    struct stat status;
    for (int i = 0; i < 4; i++) {
        look_function *function = (look_function *)dlsym(RTLD_DEFAULT, names[i]);
        if (function != NULL) show(names[i], function(name, &status), (long)status.st_ino);
        old_look_function *before = (old_look_function *)dlsym(RTLD_DEFAULT, old[i]);
        if (before != NULL) show(old[i], before(1, name, &status), (long)status.st_ino);
    }
    static const char *const at[] = {"fstatat", "fstatat64"};
    static const char *const old_at[] = {"__fxstatat", "__fxstatat64"};
    for (int i = 0; i < 2; i++) {
        look_at_function *function = (look_at_function *)dlsym(RTLD_DEFAULT, at[i]);
        if (function != NULL) show(at[i], function(AT_FDCWD, name, &status, AT_SYMLINK_NOFOLLOW), (long)status.st_ino);
        old_look_at_function *before = (old_look_at_function *)dlsym(RTLD_DEFAULT, old_at[i]);
        if (before != NULL) show(old_at[i], before(1, AT_FDCWD, name, &status, 0), (long)status.st_ino);
    }
    /* As libuv does it; the first eight bytes of what it fills in are mask and block size. */
    char extended[256];
    memset(extended, 0, sizeof extended);
    show("syscall statx", syscall(SYS_statx, AT_FDCWD, name, 0, 0x7ff, extended), *(int *)extended & 0x7ff);
    show("syscall lstatx", syscall(SYS_statx, AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, 0x7ff, extended), *(int *)extended & 0x7ff);
    show("statx", statx(AT_FDCWD, name, 0, 0x7ff, (struct statx *)extended), *(int *)extended & 0x7ff);
    show("syscall faccessat", syscall(SYS_faccessat, AT_FDCWD, name, R_OK), 0);
    show("access", access(name, R_OK), 0);
    char text[100] = "";
    show("readlink", readlink(name, text, sizeof text), (long)strlen(text));
}

static void opens(const char *name, int dirfd) {
    static const int flags[] = {O_RDONLY, O_RDONLY | O_NOFOLLOW, O_RDONLY | O_DIRECTORY};
    for (int i = 0; i < 3; i++) {
        int fd = open(name, flags[i]);
        show("open", fd, fcntl(fd, F_GETFL));
        close(fd);
        fd = openat(dirfd, name, flags[i] | O_CLOEXEC);
        show("openat", fd, fcntl(fd, F_GETFD));
        close(fd);
    }
}

static void *look_in_thread(void *argument) {
    const char *prefix = argument;
    char name[100];
    struct stat status;
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "%s-%d", prefix, i);
        stat(name, &status);
    }
    return NULL;
}

static volatile sig_atomic_t signals;
static void look_in_handler(int number) {
    (void)number;
    struct stat status;
    stat("in-handler", &status);
    signals++;
}

int main(int argc, char **argv) {
    if (argc != 2 || chdir(argv[1]) < 0) return 2;
    struct stat status;
    char space[256];
    /* The shim leaves the first calls of a process alone. */
    for (int i = 0; i < 40; i++) stat("/", &status);
    static const char *const names[] = {"file", "link", "dir", "none", "dir/../file", "file/below", ""};
    int here = open(".", O_RDONLY | O_DIRECTORY);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        printf("%s:\n", names[i]);
        looks(names[i]);
        opens(names[i], here);
    }
    show("bad pointer", stat((const char *)8, &status), 0);
    show("bad descriptor", fstatat(999, "file", &status, 0), 0);
    show("fstat in disguise", fstatat(here, "", &status, AT_EMPTY_PATH), 0);
    show("a name in spite of AT_EMPTY_PATH", fstatat(here, "dir/only-here", &status, AT_EMPTY_PATH), 0);
    show("statx of a name in spite of AT_EMPTY_PATH", syscall(SYS_statx, here, "dir/nor-there", AT_EMPTY_PATH, 0x7ff, space), 0);
    show("bad pointer with AT_EMPTY_PATH", fstatat(here, (char *)8, &status, AT_EMPTY_PATH), 0);
    show("fstat", fstat(here, &status), (long)status.st_mode);
    show("fstat of a bad descriptor", fstat(-1, &status), 0);
    show("fstat of AT_FDCWD", fstat(AT_FDCWD, &status), 0);
    show("statx of a descriptor", syscall(SYS_statx, here, "", AT_EMPTY_PATH, 0x7ff, space), 0);
    show("six arguments", syscall(SYS_mmap, NULL, 4096L, 3L, 0x22L, -1L, 0L) == -1 ? -1 : 0, 0);
    show("bad call", syscall(SYS_close, 999), 0);
    /* What libc calls by itself right behind a quiet call must be seen. */
    DIR *listing = opendir("dir");
    stat("file", &status);
    int entries = 0;
    while (readdir(listing) != NULL) entries++;
    closedir(listing);
    show("listing", 0, entries);
    char *real = realpath("dir/../link", NULL);
    show("realpath", real == NULL ? -1 : 0, strcmp(basename(real == NULL ? "" : real), "file"));
    free(real);
    int made = open("made", O_WRONLY | O_CREAT | O_EXCL, 0640);
    fstat(made, &status);
    show("created", made, (long)(status.st_mode & 0777));
    show("below a descriptor", fstatat(here, "dir/inner", &status, 0), 0);

    signal(SIGALRM, look_in_handler);
    ualarm(200, 200);
    pthread_t threads[4];
    static char prefixes[4][2] = {"p", "q", "r", "s"};
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, look_in_thread, prefixes[i]);
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            char name[2] = {(char)('x' + i), 0};
            look_in_thread(name);
            if (i == 1) kill(getpid(), SIGKILL);
            exit(0);
        }
        waitpid(child, NULL, 0);
    }
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    while (signals == 0) pause();
    ualarm(0, 0);
    printf("done\n");
    return 0;
}
