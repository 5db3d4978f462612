/* Does what its arguments say, one after the other: `acts 'open a r' read 'rename a b'`. Each is a
 * name and up to two words; a `!` before the name says that it is expected to fail. Ends with 1 at
 * the first that does not go as expected, so that no test expects records of what never happened.
 * Built with a libc that the shim stands in for, and statically, for the filter alone. */
#define _GNU_SOURCE
#include "acts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct act *find(const char *name) {
    const struct act *const families[] = {vt_acts_on_files, vt_acts_on_names, vt_acts_of_libc, vt_acts_of_processes};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (const struct act *act = families[i]; act->name != NULL; act++)
            if (strcmp(act->name, name) == 0) return act;
    fprintf(stderr, "no such act: %s\n", name);
    exit(2);
}

int main(int argc, char **argv) {
    int fd = -1;
    for (int i = 1; i < argc; i++) {
        char *text = strdup(argv[i]), *rest = text;
        const char *name = strsep(&rest, " "), *a = strsep(&rest, " "), *b = strsep(&rest, " ");
        int expected = name[0] != '!';
        const struct act *act = find(expected ? name : name + 1);
        long result = act->function(a == NULL ? "" : a, b == NULL ? "" : b, &fd);
        if ((result >= 0) != expected) {
            perror(argv[i]);
            return 1;
        }
        free(text);
    }
    return 0;
}
