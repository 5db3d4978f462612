/* Starting programs, and living in other worlds. */
#define _GNU_SOURCE
#include "acts.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static long finish(pid_t child) {
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0) return -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static void look(const char *name) {
    struct stat status;
    if (name[0] != '\0') stat(name, &status);
}

static long spawn(const char *program, const char *argument, int *fd) {
    char *argv[] = {(char *)(size_t)program, (char *)(size_t)argument, NULL};
    pid_t child;
    (void)fd;
    return posix_spawnp(&child, program, NULL, NULL, argv, environ) == 0 ? finish(child) : -1;
}

/* Its standard streams are opened for it, in a directory it is moved to, before it is executed. */
static long spawn_with_actions(const char *input, const char *directory, int *fd) {
    char *argv[] = {"cat", NULL};
    pid_t child;
    posix_spawn_file_actions_t actions;
    (void)fd;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, directory);
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "spawned", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int error = posix_spawnp(&child, "cat", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? finish(child) : -1;
}

static long start_by_vfork(const char *program, const char *argument, int *fd) {
    (void)fd;
    pid_t child = vfork();
    if (child == 0) {
        execlp(program, program, argument, (char *)NULL);
        _exit(127);
    }
    return finish(child);
}

/* The child of vfork has a directory of its own, in our memory. */
static long wander_in_vfork(const char *directory, const char *name, int *fd) {
    (void)fd;
    pid_t child = vfork();
    if (child == 0) {
        if (chdir(directory) < 0) _exit(1);
        look(name);
        _exit(0);
    }
    long result = finish(child);
    look(name);
    return result;
}

static long start_by_descriptor(const char *program, const char *argument, int *fd) {
    char *argv[] = {(char *)(size_t)program, (char *)(size_t)argument, NULL};
    *fd = open(program, O_PATH | O_CLOEXEC);
    pid_t child = fork();
    if (child == 0) {
        fexecve(*fd, argv, environ);
        _exit(127);
    }
    return finish(child);
}

/* execveat, of a name below the descriptor. */
static long start_below(const char *program, const char *argument, int *fd) {
    char *argv[] = {(char *)(size_t)program, (char *)(size_t)argument, NULL};
    pid_t child = fork();
    if (child == 0) {
        syscall(SYS_execveat, *fd, program, argv, environ, 0);
        _exit(127);
    }
    return finish(child);
}

static long execute(const char *program, const char *argument, int *fd) {
    (void)fd;
    return execlp(program, program, argument, (char *)NULL);
}

static long with_fork(const char *a, const char *b, int *fd) {
    (void)fd;
    pid_t child = fork();
    if (child == 0) {
        look(a);
        look(b);
        _exit(0);
    }
    return finish(child);
}

static void *look_in_thread(void *name) {
    look(name);
    return NULL;
}

static long with_thread(const char *a, const char *b, int *fd) {
    pthread_t thread;
    (void)b, (void)fd;
    if (pthread_create(&thread, NULL, look_in_thread, (void *)(size_t)a) != 0) return -1;
    return pthread_join(thread, NULL);
}

/* A process that shares its working directory with its parent, without being a thread of it, by the
 * old call and by the new one, which libc does not wrap. */
static long share_directory(const char *directory, const char *name, int *fd) {
    (void)fd;
    look(name);
    pid_t child = (pid_t)syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(chdir(directory) < 0);
    long result = finish(child);
    look(name);
    return result;
}

static long share_directory_new(const char *directory, const char *name, int *fd) {
    unsigned long arguments[8] = {CLONE_FS, 0, 0, 0, SIGCHLD, 0, 0, 0};
    (void)fd;
    look(name);
    pid_t child = (pid_t)syscall(435, arguments, sizeof arguments);
    if (child == 0) _exit(chdir(directory) < 0);
    long result = finish(child);
    look(name);
    return result;
}

/* As user 0 of a namespace of its own, where its processes count from 1. */
static long in_namespace(const char *a, const char *b, int *fd) {
    (void)fd;
    pid_t outer = fork();
    if (outer == 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0) _exit(1);
        pid_t inner = fork();
        if (inner == 0) {
            look(a);
            int made = open(b, O_WRONLY | O_CREAT, 0600);
            _exit(getpid() != 1 || made < 0);
        }
        _exit(finish(inner) < 0);
    }
    return finish(outer);
}

const struct act vt_acts_of_processes[] = {
    {"spawn", spawn}, {"spawn-with-actions", spawn_with_actions}, {"vfork", start_by_vfork},
    {"vfork-wander", wander_in_vfork}, {"fexecve", start_by_descriptor}, {"execveat", start_below},
    {"exec", execute}, {"fork", with_fork}, {"thread", with_thread}, {"share-directory", share_directory},
    {"share-directory-new", share_directory_new}, {"namespace", in_namespace}, {NULL, NULL},
};
