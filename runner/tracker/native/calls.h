/*
 * The system calls that name files, as data: the filter is built from this list and the supervisor
 * reads arguments by it.
 */
#ifndef VT_CALLS_H
#define VT_CALLS_H

#include <stddef.h>
#include <stdint.h>

/* What a call needs beyond its row. */
enum vt_call_form {
    VT_CALL_PATHS,       /* one path, or two */
    VT_CALL_OPEN,        /* `flags` = argument with open flags */
    VT_CALL_OPEN_HOW,    /* `flags` = pointer to struct open_how */
    VT_CALL_CREATE,      /* flags of open are implied: `aux` */
    VT_CALL_FD,          /* `dir` is the file itself */
    VT_CALL_PATH_OR_FD,  /* a NULL path means the descriptor in `dir` */
    VT_CALL_LINK_TEXT,   /* symlink: `path` = the new link, `path2` = its text, not looked up */
    VT_CALL_WATCH,       /* inotify: `flags` with IN_DONT_FOLLOW */
    VT_CALL_ACCESS,      /* the argument behind the path is a mode of access */
    VT_CALL_SOCKET,      /* `path` = pointer to an address; its length is the argument behind it */
    VT_CALL_MESSAGE,     /* `path` = pointer to a msghdr with such an address, or none */
    VT_CALL_MESSAGES,    /* `path` = pointer to mmsghdrs; how many is the argument behind it */
    VT_CALL_SECCOMP,     /* `path` = pointer to a filter of the task's own */
    VT_CALL_CHANGES_ROOT,/* paths mean something else afterwards */
    VT_CALL_BY_HANDLE,   /* reaches files without naming them, or takes what another process has open */
};

/* How the final symlink is treated. */
enum vt_call_follow {
    VT_FOLLOW,          /* always, unless the argument `flags` has AT_SYMLINK_NOFOLLOW */
    VT_NOFOLLOW,        /* never */
    VT_FOLLOW_IF_ASKED, /* only if the argument `flags` has AT_SYMLINK_FOLLOW */
};

#define VT_NO_ARG (-1)

struct vt_call {
    int number;
    uint8_t op; /* enum vt_op */
    uint8_t form, follow;
    int8_t dir, path, dir2, path2, flags; /* argument indices or VT_NO_ARG */
    uint32_t aux;                         /* of the record, where it is fixed */
    const char *name;                     /* of the call, where one makes a trace incomplete; else NULL */
};

/* Linux 6.18 gives out no higher numbers: what a call of a later one does is not known. */
#define VT_LAST_KNOWN_CALL 470

/* Sorted by number. */
extern const struct vt_call vt_calls[];
extern const size_t vt_call_count;

/* NULL: not in the list. */
const struct vt_call *vt_call_find(int number);

#endif
