/* Takes the locale that the environment asks for and says what became of it; then has libc open what it
 * opens by itself. With an argument a second thread is there meanwhile. For tests. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void *wait_for_end(void *ends) {
    char byte;
    while (read(*(int *)ends, &byte, 1) < 0) {}
    return NULL;
}

static void try(const char *name) {
    errno = 0;
    DIR *listing = opendir(name);
    printf("opendir %s: %s\n", name, strerror(errno));
    if (listing == NULL) return;
    struct stat status;
    printf("a directory: %d\n", fstat(dirfd(listing), &status) == 0 && S_ISDIR(status.st_mode));
    closedir(listing);
    errno = 0;
    printf("closed: %d %s\n", fstat(1000, &status), strerror(errno));
}

/* What is opened between fork and exec, in a directory of its own too, in the memory of this process. */
static void spawn(const char *from, const char *into, const char *directory) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (directory != NULL) posix_spawn_file_actions_addchdir_np(&actions, directory);
    posix_spawn_file_actions_addopen(&actions, 1, into, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    posix_spawn_file_actions_addopen(&actions, 0, from, O_RDONLY, 0);
    pid_t pid;
    int error = posix_spawnp(&pid, "cat", &actions, NULL, (char *[]){"cat", NULL}, environ);
    if (error == 0) waitpid(pid, NULL, 0);
    struct stat status = {.st_mode = 0};
    if (directory == NULL) stat(into, &status);
    printf("spawned into %s: %s, %o\n", into, strerror(error), status.st_mode & 0777);
    posix_spawn_file_actions_destroy(&actions);
}

int main(int argc, char **argv) {
    (void)argv;
    int ends[2];
    pthread_t thread;
    if (argc > 1 && (pipe(ends) < 0 || pthread_create(&thread, NULL, wait_for_end, ends) != 0)) return 3;
    errno = 7;
    const char *taken = setlocale(LC_ALL, "");
    printf("%s, %s, %d\n", taken == NULL ? "none" : taken, nl_langinfo(CODESET), errno == ENOENT);
    locale_t other = newlocale(LC_ALL_MASK, "", (locale_t)0);
    printf("another: %d\n", other != (locale_t)0);
    try("dir");
    try("none");
    try("file");
    try("");
    spawn("file", "made", NULL);
    spawn("../file", "made", "dir");
    spawn("/dev/null", "made-too", "dir");
    spawn("none", "made-in-vain", NULL);
    try("empty");
    printf("%s\n", setlocale(LC_ALL, NULL));
    fflush(stdout);
    if (argc > 1 && (close(ends[1]) < 0 || pthread_join(thread, NULL) != 0)) return 3;
    return 0;
}
