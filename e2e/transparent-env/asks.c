/*
 * Does with its environment what it is told, one word of the command line after the other, and prints
 * what getenv then finds:
 *
 *   get:N  secure:N  set:N=V  keep:N=V (no overwriting)  put:N=V  put:N  unset:N  clear  empty (environ)
 *   fork  vfork-exec (the rest is done by a child)  threads:N (many ask at once)  signal:N (in a handler)
 *   full (no descriptor is free from now on)  usr1 (SIGPIPE is what it was)
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void say(const char *name, const char *value) {
    printf("%s %s\n", name, value == NULL ? "is not set" : value);
    fflush(stdout);
}

static const char *asked;

static void *ask_often(void *result) {
    const char *first = getenv(asked);
    for (int i = 0; i < 1000; i++)
        if (getenv(asked) != first) abort(); /* the same pointer, for ever */
    *(const char **)result = first;
    return NULL;
}

static void ask_in_handler(int number) {
    (void)number;
    getenv(asked);
}

static void in_threads(const char *name) {
    pthread_t threads[8];
    const char *found[8];
    asked = name;
    for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, ask_often, &found[i]);
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
    for (int i = 1; i < 8; i++)
        if (found[i] != found[0]) abort();
    say(name, found[0]);
}

static void in_handler(const char *name) {
    asked = name;
    signal(SIGUSR1, ask_in_handler);
    raise(SIGUSR1);
    say(name, getenv(name));
}

static int wait_for(pid_t pid) {
    int status;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static void take_descriptors(void) {
    struct rlimit limit = {.rlim_cur = 0, .rlim_max = 0};
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        char *word = argv[i], *name = strchr(word, ':');
        if (name != NULL) *name++ = '\0';
        char *value = name == NULL ? NULL : strchr(name, '=');
        if (strcmp(word, "put") == 0) {
            if (putenv(strdup(name)) != 0) return 2;
            continue;
        }
        if (value != NULL) *value++ = '\0';
        if (strcmp(word, "get") == 0) say(name, getenv(name));
        else if (strcmp(word, "secure") == 0) say(name, secure_getenv(name));
        else if (strcmp(word, "set") == 0) setenv(name, value, 1);
        else if (strcmp(word, "keep") == 0) setenv(name, value, 0);
        else if (strcmp(word, "unset") == 0) unsetenv(name);
        else if (strcmp(word, "clear") == 0) clearenv();
        else if (strcmp(word, "empty") == 0) environ = NULL;
        else if (strcmp(word, "threads") == 0) in_threads(name);
        else if (strcmp(word, "signal") == 0) in_handler(name);
        else if (strcmp(word, "full") == 0) take_descriptors();
        else if (strcmp(word, "fork") == 0) {
            pid_t pid = fork();
            if (pid > 0) return wait_for(pid);
        } else if (strcmp(word, "vfork-exec") == 0) {
            pid_t pid;
            argv[i] = argv[0];
            if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv + i, environ) != 0) return 3;
            return wait_for(pid);
        } else return 2;
    }
    return 0;
}
