/* Calls every function the shim stands in for, under old and new names, and prints what each did:
 * `libc-calls DIRECTORY`, with file, link (to file), dir and no `none` in it. Then does so in
 * threads and forked children that share nothing but the names. For tests. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

static void show_real(const char *name) {
    char space[PATH_MAX] = "?";
    char *made = realpath(name, NULL);
    printf("realpath %s: %s %d\n", name, made == NULL ? "none" : made, made == NULL ? errno : 0);
    free(made);
    made = realpath(name, space);
    printf("realpath %s: %s in %s %d\n", name, made == NULL ? "none" : made, space, made == NULL ? errno : 0);
    made = canonicalize_file_name(name);
    printf("canonicalized %s: %s\n", name, made == NULL ? "none" : made);
    free(made);
}

static void walks(void) {
    static const char *const made[][2] = {
        {"chain", "turn"},         {"turn", "dir/../link"}, {"loop", "loop"},         {"up", "../work/dir"},
        {"dot", "."},              {"slash", "dir/"},       {"far", "/usr/bin/../lib"}, {"dangling", "not/there"},
        {"dir/back", "../up"},
    };
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        if (symlink(made[i][1], made[i][0]) < 0) exit(3);
    static const char *const names[] = {
        "link",    "dir/inner", "dir//inner", "./file",  "dir/../link", "file/../link", "file/below", "none",
        "none/x",  "chain",     "loop",       "up/inner", "dot/file",   "slash/inner",  "far",        "dangling",
        "up/back/inner", "dir/", "dir/.",     "dir/..",  "",            "/",            "//usr//bin", "/..",
        "/usr/lib/../bin", ".", "..",         "../work/dir/inner",       ".hidden",
        "none/../file", "none/", "none/.", "file/", "file/.", "dir/./inner", "dir/back/../file", "slash",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) show_real(names[i]);
    char *none = realpath(NULL, NULL);
    printf("realpath of NULL: %s %d\n", none == NULL ? "none" : none, errno);
}

/* Each in every way, and none twice. */
static void open_to_write(void) {
    static const int flags[] = {
        O_WRONLY, O_RDWR, O_WRONLY | O_CREAT, O_WRONLY | O_CREAT | O_EXCL, O_RDWR | O_CREAT | O_TRUNC,
        O_WRONLY | O_CREAT | O_APPEND, O_WRONLY | O_NOFOLLOW, O_WRONLY | O_DIRECTORY,
    };
    static const char *const names[] = {"to-link", "to-file", "to-make"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t j = 0; j < sizeof flags / sizeof *flags; j++) {
            struct stat status = {.st_mode = 0};
            unlink(names[i]);
            if (i == 0 && symlink("link-end", names[i]) < 0) exit(3);
            if (i == 1) close(creat(names[i], 0600));
            int fd = j % 2 == 0 ? open(names[i], flags[j], 0640) : openat(AT_FDCWD, names[i], flags[j], 0604);
            fstat(fd, &status);
            show("open to write", fd, (long)(status.st_mode & 0777) << 20 | fcntl(fd, F_GETFL));
            close(fd);
        }
    }
    int fd = open(".", O_TMPFILE | O_RDWR, 0600);
    show("open a temporary file", fd, 0);
    close(fd);
    if (mkfifo("fifo", 0600) < 0) exit(3);
    fd = open("fifo", O_RDONLY | O_NONBLOCK);
    show("open a FIFO", fd, 0);
    close(fd);
}

static void list(const char *name) {
    DIR *listing = opendir(name);
    if (listing == NULL) {
        printf("opendir %s failed %d\n", name, errno);
        return;
    }
    int entries = 0;
    errno = 7;
    while (readdir(listing) != NULL) entries++;
    rewinddir(listing);
    while (readdir64(listing) != NULL) entries++;
    printf("opendir %s ok %d %d %d\n", name, entries, errno, fcntl(dirfd(listing), F_GETFD));
    closedir(listing);
}

static void look_behind_vfork(void) {
    pid_t child = vfork();
    if (child == 0) {
        struct stat status;
        if (chdir("dir") == 0) stat("in-vfork", &status);
        stat("in-vfork-again", &status);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

/* The working directory changes in every way; each name is looked up in one place only. */
static void wander(int here) {
    struct stat status;
    char *const looks[] = {"at-first", "chdir", "fchdir", "raw-chdir", "raw-fchdir", "behind-vfork"};
    int next = 0;
#define LOOK_NEXT() (stat(looks[next], &status), stat(looks[next++], &status))
    LOOK_NEXT();
    if (chdir("dir") == 0) LOOK_NEXT();
    if (fchdir(here) == 0) LOOK_NEXT();
    if (syscall(SYS_chdir, "dir") == 0) LOOK_NEXT();
    if (syscall(SYS_fchdir, here) == 0) LOOK_NEXT();
    look_behind_vfork();
    LOOK_NEXT();
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 40; i++) stat("/", &status);
        stat("in-fork", &status);
        if (chdir("dir") == 0) stat("in-fork-below", &status);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void *change_directory(void *argument) {
    struct stat status;
    if (syscall(SYS_chdir, argument) == 0) stat("in-thread", &status);
    return NULL;
}

static void wander_in_thread(int here) {
    struct stat status;
    pthread_t thread;
    stat("before-thread", &status);
    pthread_create(&thread, NULL, change_directory, "dir");
    pthread_join(thread, NULL);
    stat("behind-thread", &status);
    if (fchdir(here) == 0) stat("back-again", &status);
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
    static const char *const listed[] = {"empty", "none", "file", "", "dir", "link", "."};
    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++) list(listed[i]);
    wander(here);
    wander_in_thread(here);
    walks();
    open_to_write();
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
