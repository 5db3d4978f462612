/*
 * vt: what users start. It becomes `node vt.cjs` in its own directory, with the same arguments and streams.
 */
#define _GNU_SOURCE
#include "start-node.h"

#include <limits.h>
#include <stdio.h>

int main(int argc, char **argv) {
    char directory[PATH_MAX];
    if (!vt_own_directory(directory, sizeof directory)) {
        fputs("vt: cannot tell where it is installed: /proc is not mounted\n", stderr);
        return 127;
    }
    return vt_start_node(directory, NULL, argv + (argc > 0 ? 1 : 0));
}
