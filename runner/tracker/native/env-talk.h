/*
 * Telling the runner, and asking it, over the channel of the task (proto/PROTOCOL.md), from inside any
 * program, in any of its threads, in a signal handler, in the child of a fork or vfork: each call is a
 * conversation of its own, with a nonce of its own, that opens what it needs and closes it again. No
 * locks, no memory but the stack and mmap, no errno, no signal.
 *
 * It waits for the runner only, and not beyond its end. PROTOCOL.md says why the opens are as they are.
 */
#ifndef VT_ENV_TALK_H
#define VT_ENV_TALK_H

#include "env-message.h"

enum vt_talk {
    VT_TALK_DONE,
    VT_TALK_GONE, /* there is no runner any more: nobody minds */
    VT_TALK_LOST, /* it lives and cannot be reached */
};

/* `directory`: the channel's, absolute. Without an answer. */
enum vt_talk vt_talk_tell(const char *directory, enum vt_env_request request, const char *name, size_t length);

/* `value`: NUL-terminated and never freed; NULL: not set. */
enum vt_talk vt_talk_ask(const char *directory, const char *name, size_t length, char **value);

/* Leaves word that this process could not speak: the run is not kept. */
void vt_talk_leave_word(const char *directory);

#endif
