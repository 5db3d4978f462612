/*
 * The module of Node (Node-API 8, the same in all versions of Node that vt runs on):
 *
 *     work(kind: 0 copy | 1 digest, paths: Uint8Array, jobs: Uint8Array, text: Uint8Array,
 *          threads: number): Promise
 *
 * `text`: what is looked for in what is digested, or nothing. `jobs` is an array of struct vt_file_job, which the results are written into; `paths` as of
 * vt_split_paths. None may be touched before the promise is settled. It is rejected only when
 * there is no memory. A wrong argument throws.
 */
#define NAPI_VERSION 8
#include <node_api.h>

#include <stdlib.h>

#include "crew.h"

struct order {
    enum vt_work kind;
    struct vt_file_job *jobs;
    const char **paths;
    struct vt_text text;
    size_t count, threads;
    bool is_done;
    napi_async_work work;
    napi_deferred deferred;
    napi_ref buffers; /* keeps them from being collected */
};

static void execute(napi_env env, void *data) {
    (void)env;
    struct order *order = data;
    order->is_done = vt_work_off(order->kind, order->jobs, order->paths, order->count, order->text,
                                 order->threads);
}

static void drop(napi_env env, struct order *order) {
    if (order->buffers != NULL) napi_delete_reference(env, order->buffers);
    if (order->work != NULL) napi_delete_async_work(env, order->work);
    free(order->paths);
    free(order);
}

static void complete(napi_env env, napi_status status, void *data) {
    struct order *order = data;
    napi_value value, text;
    if (status == napi_ok && order->is_done) {
        napi_get_undefined(env, &value);
        napi_resolve_deferred(env, order->deferred, value);
    } else {
        napi_create_string_utf8(env, "no memory to work with files", NAPI_AUTO_LENGTH, &text);
        napi_create_error(env, NULL, text, &value);
        napi_reject_deferred(env, order->deferred, value);
    }
    drop(env, order);
}

static bool get_bytes(napi_env env, napi_value value, void **bytes, size_t *length) {
    napi_typedarray_type type;
    bool is_array = false;
    if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array) return false;
    return napi_get_typedarray_info(env, value, &type, length, bytes, NULL, NULL) == napi_ok
        && type == napi_uint8_array;
}

static napi_value refuse(napi_env env, struct order *order, const char *why) {
    if (order != NULL) drop(env, order);
    napi_throw_type_error(env, NULL, why);
    return NULL;
}

static napi_value start_work(napi_env env, napi_callback_info info) {
    napi_value arguments[5], promise, name, kept;
    size_t count = 5, paths_length = 0, jobs_length = 0, text_length = 0;
    void *paths = NULL, *jobs = NULL, *text = NULL;
    uint32_t kind = 0, threads = 0;
    if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count != 5
        || napi_get_value_uint32(env, arguments[0], &kind) != napi_ok || kind > VT_WORK_DIGEST
        || !get_bytes(env, arguments[1], &paths, &paths_length)
        || !get_bytes(env, arguments[2], &jobs, &jobs_length)
        || !get_bytes(env, arguments[3], &text, &text_length) || text_length > VT_TEXT_LIMIT
        || napi_get_value_uint32(env, arguments[4], &threads) != napi_ok
        || jobs_length % sizeof(struct vt_file_job) != 0
        || (uintptr_t)jobs % _Alignof(struct vt_file_job) != 0) {
        return refuse(env, NULL, "work(kind, paths, jobs, text, threads)");
    }
    struct order *order = calloc(1, sizeof *order);
    if (order == NULL) return refuse(env, NULL, "no memory");
    order->kind = kind;
    order->jobs = jobs;
    order->count = jobs_length / sizeof(struct vt_file_job);
    order->text = (struct vt_text){text, text_length};
    order->threads = threads;
    order->paths = vt_split_paths(paths, paths_length, order->count, kind);
    if (order->paths == NULL) return refuse(env, order, "not the paths of these jobs");
    if (napi_create_array_with_length(env, 3, &kept) != napi_ok
        || napi_set_element(env, kept, 0, arguments[1]) != napi_ok
        || napi_set_element(env, kept, 1, arguments[2]) != napi_ok
        || napi_set_element(env, kept, 2, arguments[3]) != napi_ok
        || napi_create_reference(env, kept, 1, &order->buffers) != napi_ok
        || napi_create_string_utf8(env, "vt files", NAPI_AUTO_LENGTH, &name) != napi_ok
        || napi_create_async_work(env, NULL, name, execute, complete, order, &order->work) != napi_ok
        || napi_create_promise(env, &order->deferred, &promise) != napi_ok
        || napi_queue_async_work(env, order->work) != napi_ok) {
        return refuse(env, order, "no work can be started");
    }
    return promise;
}

NAPI_MODULE_INIT() {
    napi_value work;
    if (napi_create_function(env, "work", NAPI_AUTO_LENGTH, start_work, NULL, &work) == napi_ok) {
        napi_set_named_property(env, exports, "work", work);
    }
    return exports;
}
