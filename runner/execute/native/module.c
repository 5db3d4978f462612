/*
 * vt-runner.node: what the runner needs of the system and Node does not have. Without this module a process
 * does the same (runner/execute/channel/fifo.ts).
 *
 *   makeFifo(path: string): number     makes a FIFO that only this user can open (0600, whatever the
 *                                      umask); 0, or the errno why not
 */
#define _POSIX_C_SOURCE 200809L
#define NAPI_VERSION 8
#include <node_api.h>

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static int make(const char *path) {
    if (mkfifo(path, 0600) < 0) return errno;
    if (chmod(path, 0600) == 0) return 0;
    int error = errno;
    unlink(path);
    return error;
}

static napi_value make_fifo(napi_env env, napi_callback_info info) {
    napi_value value = NULL, result = NULL;
    size_t count = 1, length = 0;
    char path[PATH_MAX];
    if (napi_get_cb_info(env, info, &count, &value, NULL, NULL) != napi_ok || count != 1 ||
        napi_get_value_string_utf8(env, value, path, sizeof path, &length) != napi_ok) {
        napi_throw_type_error(env, NULL, "makeFifo takes a path");
        return NULL;
    }
    /* One that does not fit was cut off. */
    napi_create_int32(env, length >= sizeof path - 1 ? ENAMETOOLONG : make(path), &result);
    return result;
}

NAPI_MODULE_INIT() {
    napi_value function;
    if (napi_create_function(env, "makeFifo", NAPI_AUTO_LENGTH, make_fifo, NULL, &function) == napi_ok)
        napi_set_named_property(env, exports, "makeFifo", function);
    return exports;
}
