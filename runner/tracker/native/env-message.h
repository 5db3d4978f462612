/*
 * The two messages the shim has for the runner, and the answer to one (proto/vt/ipc/v1/ipc.proto), in
 * their bytes: no memory but the caller's, no system calls.
 */
#ifndef VT_ENV_MESSAGE_H
#define VT_ENV_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VT_FRAME_MOST 512u
#define VT_REPLY_MOST (16u << 20)
#define VT_ENV_NAME_MOST 400u /* fits into a frame with every header field at its longest */

enum vt_env_request { VT_ENV_GET = 5, VT_ENV_WITHHELD = 12 }; /* field numbers of Request.kind */

/* Writes the whole first frame of (pid, nonce), its length before it. Returns its size; 0: the name is
 * empty or too long. */
size_t vt_env_frame(uint8_t frame[VT_FRAME_MOST], enum vt_env_request request, uint32_t pid, uint32_t nonce,
                    uint32_t reply_channel, const char *name, size_t length);

/* The length that a reply begins with. Returns how many bytes it takes; 0: more are needed; -1: it is
 * none, or longer than a reply may be. */
int vt_env_reply_length(const uint8_t *bytes, size_t size, size_t *length);

enum vt_env_reply {
    VT_ENV_REPLY_VALUE,
    VT_ENV_REPLY_ABSENT,  /* or the runner said why not: it knows that itself */
    VT_ENV_REPLY_ANOTHER, /* not to this question */
    VT_ENV_REPLY_BAD,
};

/* Reads a Reply to frame 1; `value` points into it. */
enum vt_env_reply vt_env_read_reply(const uint8_t *reply, size_t size, const uint8_t **value, size_t *value_size);

#endif
