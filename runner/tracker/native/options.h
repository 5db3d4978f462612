/* The command line of vt-launch. */
#ifndef VT_OPTIONS_H
#define VT_OPTIONS_H

#include <stdbool.h>

/* All strings belong to argv. NULL: not given. */
struct vt_options {
    int control;          /* descriptor the supervisor reports on; required */
    const char *trace;    /* file to create for the trace; required unless no_track */
    const char *shim;     /* shared object to preload into the task */
    const char *word;     /* not on the command line: what the shim opens the log by */
    const char *out;      /* --stdout */
    const char *err;      /* --stderr */
    const char *terminal; /* slave path; the task's controlling terminal */
    const char *channel;  /* opened as fd 3 */
    const char *root;     /* physical; only of files below it the content is kept. NULL: of all */
    int grace_ms;         /* how long the tree may stay alive after the main process: 200 */
    bool no_track;
    bool fetch_listener;  /* --fetch-listener: take the listener with pidfd_getfd */
    char **program;       /* program and arguments, NULL-terminated */
};

/* Returns NULL, or words on what is wrong with the command line. */
const char *vt_options_parse(struct vt_options *options, char **argv);

#endif
