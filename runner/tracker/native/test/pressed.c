/* What the shim must stand: threads that look at once, a child of vfork that goes elsewhere, names
 * that are where the filter takes them for none, pointers to nowhere, a million paths. For tests. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8
#define EACH 500

static void *look(void *number) {
    char name[64];
    struct stat status;
    for (int i = 0; i < EACH; i++) {
        snprintf(name, sizeof name, "no-%d-%d", *(int *)number, i);
        if (lstat(name, &status) == 0) abort();
        if (lstat("file", &status) != 0 || status.st_size != 1) abort();
    }
    return NULL;
}

static void threads(void) {
    pthread_t made[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        if (pthread_create(&made[i], NULL, look, &numbers[i]) != 0) abort();
    }
    for (int i = 0; i < THREADS; i++) pthread_join(made[i], NULL);
}

static volatile sig_atomic_t handled;

static void look_in_handler(int number) {
    (void)number;
    int error = errno;
    struct stat status;
    if (stat("dir/inner", &status) == 0) handled++;
    errno = error;
}

/* Looks go on while a timer's handler looks too. */
static void handlers(void) {
    struct sigaction action = {.sa_handler = look_in_handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    ualarm(200, 200);
    struct stat status;
    char name[64];
    for (int i = 0; handled < 200; i++) {
        snprintf(name, sizeof name, "no-%d", i % 1000);
        if (stat(name, &status) == 0 || errno != ENOENT) abort();
    }
    ualarm(0, 0);
}

static void warm_up(void) {
    struct stat status;
    char name[32];
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "warm-%d", i);
        stat(name, &status);
    }
}

static void with_vfork(void) {
    struct stat status;
    warm_up();
    int fd = open("empty", O_RDONLY | O_DIRECTORY);
    fstatat(fd, "before", &status, 0);
    pid_t pid = vfork();
    if (pid == 0) {
        if (chdir("dir") < 0) _exit(1);
        stat("inner", &status);
        int other = open("..", O_RDONLY | O_DIRECTORY);
        dup2(other, fd);
        fstatat(fd, "link", &status, AT_SYMLINK_NOFOLLOW);
        _exit(0);
    }
    int end;
    waitpid(pid, &end, 0);
    if (end != 0) abort();
    stat("other", &status);
    fstatat(fd, "after", &status, 0);
    close(fd);
}

/* A descriptor's number that comes to mean another directory. */
static void same_number(void) {
    struct stat status;
    warm_up();
    static const char *const names[] = {"dir", "empty", ".", "dir"};
    for (int i = 0; i < 4; i++) {
        int fd = open(names[i], O_RDONLY | O_DIRECTORY);
        fstatat(fd, "x", &status, 0);
        fstatat(fd, "y", &status, 0);
        close(fd);
    }
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "made-%d", i);
        mkdir(name, 0755);
        int fd = open(name, O_RDONLY | O_DIRECTORY);
        fstatat(fd, "x", &status, 0);
        rmdir(name);
        close(fd);
    }
}

/* With AT_EMPTY_PATH, from memory mapped among the libraries. */
static void names(void) {
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) abort();
    struct stat status;
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    strcpy(page, "file");
    printf("%d ", fstatat(fd, page, &status, AT_EMPTY_PATH));
    strcpy(page, "none-1");
    printf("%d ", fstatat(fd, page, &status, AT_EMPTY_PATH));
    strcpy(page, "none-2");
    printf("%ld ", syscall(SYS_newfstatat, fd, page, &status, AT_EMPTY_PATH));
    strcpy(page, "link");
    printf("%ld ", syscall(SYS_newfstatat, fd, page, &status, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
    *page = '\0';
    printf("%d\n", fstatat(fd, page, &status, AT_EMPTY_PATH));
}

/* Pointers the kernel refuses: each call must too, and nothing else may happen. */
static void faults(void) {
    warm_up();
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || munmap(pages + 4096, 4096) < 0) abort();
    memset(pages + 4000, 'x', 96); /* runs off the page, without an end */
    memcpy(pages + 100, "file", 5);
    const char *const names[] = {NULL, (char *)8, pages + 5000, pages + 4000, pages + 100};
    char text[64], extended[256];
    struct stat status;
    void *volatile nowhere = (void *)8;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = names[i];
#define SHOW(call)                                            \
    do {                                                      \
        errno = 0;                                            \
        int got = (int)(call), error = errno;                 \
        printf("%zu %s %d %d\n", i, #call, got, error);       \
    } while (0)
        SHOW(stat(name, &status));
        SHOW(lstat(name, nowhere));
        SHOW(fstatat(AT_FDCWD, name, &status, AT_SYMLINK_NOFOLLOW));
        SHOW(fstatat(-5, name, &status, 0));
        SHOW(fstatat(AT_FDCWD, name, &status, 0x40000));
        SHOW(fstatat(0, name, &status, AT_EMPTY_PATH));
        SHOW(statx(AT_FDCWD, name, 0, STATX_BASIC_STATS, (struct statx *)extended));
        SHOW(statx(AT_FDCWD, name, 0, STATX_SIZE, (struct statx *)extended));
        SHOW(statx(AT_FDCWD, name, 0, STATX_BASIC_STATS, nowhere));
        SHOW(access(name, F_OK));
        SHOW(access(name, 99));
        SHOW(readlink(name, text, sizeof text));
        SHOW(readlink(name, text, 0));
        SHOW(readlinkat(AT_FDCWD, name, text, 0));
        SHOW(readlink(name, nowhere, 10));
        SHOW(open(name, O_WRONLY | O_DIRECTORY));
    }
}

static void many(int count) {
    char name[40];
    struct stat status;
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "dir/module-%07d.ts", i);
        if (lstat(name, &status) == 0) abort();
    }
    /* What the supervisor, our parent, has taken at most. */
    char line[256], file[64];
    snprintf(file, sizeof file, "/proc/%d/status", (int)getppid());
    FILE *memory = fopen(file, "r");
    while (memory != NULL && fgets(line, sizeof line, memory) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0) printf("%d\n", atoi(line + 6));
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "threads") == 0) threads();
    else if (strcmp(what, "handlers") == 0) handlers();
    else if (strcmp(what, "vfork") == 0) with_vfork();
    else if (strcmp(what, "same-number") == 0) same_number();
    else if (strcmp(what, "names") == 0) names();
    else if (strcmp(what, "faults") == 0) faults();
    else if (strcmp(what, "many") == 0 && argc > 2) many(atoi(argv[2]));
    else return 2;
    return 0;
}
