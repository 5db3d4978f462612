/* The acts of one family: what acts.c calls by name. For tests. */
#ifndef VT_ACTS_H
#define VT_ACTS_H

#include <stddef.h>

struct act {
    const char *name;
    /* Returns negative for failure. `a` and `b` are the act's words, empty strings where there are
     * fewer. `fd` is the last descriptor opened, or -1; an act that opens one puts it there. */
    long (*function)(const char *a, const char *b, int *fd);
};

extern const struct act vt_acts_on_files[], vt_acts_on_names[], vt_acts_of_libc[], vt_acts_of_processes[];

#endif
