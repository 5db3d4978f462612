/* All that the shim does at once, in threads: looks of every kind, opening, listing, libraries that
 * come and go, children that look too, and a handler that interrupts all of it. For tests.
 * Prints what was found, which is the same in every run. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 10
#define EACH 60

extern char **environ;

static atomic_int found, handled;

static void count(int yes) { atomic_fetch_add(&found, yes); }

static void look_in_handler(int number) {
    (void)number;
    int error = errno;
    struct stat status;
    if (stat("dir/inner", &status) == 0 && access("no/such", F_OK) != 0) atomic_fetch_add(&handled, 1);
    errno = error;
}

static void look(int thread, int i) {
    char name[64], text[PATH_MAX];
    struct stat status;
    struct statx extended;
    snprintf(name, sizeof name, "no-%d-%d", thread, i);
    count(stat(name, &status) < 0 && errno == ENOENT);
    count(lstat("link", &status) == 0 && S_ISLNK(status.st_mode));
    count(fstatat(AT_FDCWD, "dir/../file", &status, 0) == 0);
    count(statx(AT_FDCWD, "other", 0, STATX_BASIC_STATS, &extended) == 0);
    count(syscall(SYS_statx, AT_FDCWD, name, 0, STATX_BASIC_STATS, &extended) < 0);
    count(access("file", R_OK) == 0);
    count(readlink("link", text, sizeof text) == 4);
    count(realpath("link", text) != NULL);
    count(stat((const char *)8, &status) < 0 && errno == EFAULT);
}

static void list(void) {
    int fd = open("dir", O_RDONLY | O_DIRECTORY);
    struct stat status;
    count(fd >= 0 && fstatat(fd, "inner", &status, 0) == 0);
    int inner = openat(fd, "inner", O_RDONLY);
    count(inner >= 0);
    close(inner);
    close(fd);
    DIR *directory = opendir("dir");
    int names = 0;
    while (directory != NULL && readdir(directory) != NULL) names++;
    if (directory != NULL) closedir(directory);
    count(names == 3);
}

static void fork_and_look(int thread, int i) {
    pid_t pid = fork();
    if (pid == 0) {
        struct stat status;
        for (int k = 0; k < 8; k++) stat(k % 2 == 0 ? "file" : "none", &status);
        _exit(stat("other", &status) == 0 ? 3 : 4);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    count(pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    look(thread, i);
}

static void spawn_true(void) {
    char *argv[] = {"true", NULL};
    pid_t pid;
    int status = -1;
    if (posix_spawnp(&pid, "true", NULL, NULL, argv, environ) == 0)
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    count(status == 0);
}

static void load(void) {
    void *library = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
    count(library != NULL && dlsym(library, "cos") != NULL);
    if (library != NULL) dlclose(library);
}

static void *run(void *number) {
    int thread = *(int *)number;
    for (int i = 0; i < EACH; i++) {
        look(thread, i);
        list();
        if (thread == 0 && i % 10 == 0) fork_and_look(thread, i);
        if (thread == 1 && i % 20 == 0) spawn_true();
        if (thread == 2) load();
    }
    return NULL;
}

int main(void) {
    struct sigaction action = {.sa_handler = look_in_handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval often = {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &often, NULL);
    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        if (pthread_create(&threads[i], NULL, run, &numbers[i]) != 0) abort();
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    while (atomic_load(&handled) == 0) look(0, 0), atomic_fetch_sub(&found, 9);
    struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, NULL);
    printf("found %d\n", atomic_load(&found));
    return 0;
}
