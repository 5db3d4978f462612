/* What the kernel opens by itself, without a system call, when a file is executed. */
#ifndef VT_INTERPRETER_H
#define VT_INTERPRETER_H

#include <limits.h>
#include <stddef.h>

enum vt_interpreter {
    VT_INTERPRETER_NONE,
    VT_INTERPRETER_SCRIPT, /* of a #! line: a program, which may have one in turn */
    VT_INTERPRETER_LOADER, /* of a dynamic program of this machine's word size */
    VT_INTERPRETER_ABSENT, /* there is nothing to execute */
    VT_INTERPRETER_HIDDEN, /* it may be executed, but not read */
};

/* What the file at `path` names; `name` is its path then, as it stands there. Neither waits for the
 * other end of a FIFO nor trusts anything in the file. */
enum vt_interpreter vt_interpreter_of(const char *path, char name[PATH_MAX]);

#endif
