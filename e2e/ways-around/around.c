/*
 * Reaches files in ways that are easily overlooked.
 *
 *   around memory-script INTERPRETER   executes a script that is in memory only
 *   around borrowed-memory DIR NAME    looks at NAME in DIR from a process that shares its parent's
 *                                      memory, while the parent looks at the same name elsewhere
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK (1u << 16)
#define TIMES 8 /* the slots of the shim, of which a thread takes one by where its stack is */

static int execute_memory(const char *interpreter) {
    int fd = memfd_create("script", 0);
    if (fd < 0 || dprintf(fd, "#!%s\n", interpreter) < 0) return 9;
    char *argv[] = {"script", NULL};
    fexecve(fd, argv, environ);
    return 9;
}

static int moved[2], go[2];
static const char *place, *name;
static long size;

static int look_there(void *unused) {
    (void)unused;
    char byte = 0;
    struct stat status;
    if (chdir(place) < 0 || write(moved[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1) _exit(9);
    size = stat(name, &status) == 0 ? (long)status.st_size : -1;
    _exit(0);
}

static int borrow_memory(void) {
    struct stat status;
    char byte = 0;
    char *stacks = aligned_alloc(STACK, (TIMES + 1) * STACK);
    if (stacks == NULL || pipe(moved) < 0 || pipe(go) < 0) return 9;
    for (int i = 0; i < 20; i++) stat("nothing", &status); /* until the shim takes over */
    for (int i = 0; i < TIMES; i++) {
        pid_t pid = clone(look_there, stacks + (size_t)(i + 1) * STACK, CLONE_VM | SIGCHLD, NULL);
        if (pid < 0 || read(moved[0], &byte, 1) != 1) return 9;
        stat("nothing", &status);
        if (write(go[1], &byte, 1) != 1 || waitpid(pid, NULL, 0) != pid) return 9;
    }
    printf("%ld\n", size);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "memory-script") == 0) return execute_memory(argv[2]);
    if (argc != 4 || strcmp(argv[1], "borrowed-memory") != 0) return 2;
    place = argv[2];
    name = argv[3];
    return borrow_memory();
}
