/* Records looks that were made before and after something changed; prints what became of each. For
 * tests: `crossing TRACE`. */
#include "../touch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static struct vt_log watched;

static struct vt_entry touch_of(enum vt_op op, const char *path, uint32_t aux) {
    return (struct vt_entry){
        .op = (uint8_t)op, .aux = aux, .pid = 1, .result = VT_RESULT_UNKNOWN, .path = path, .path_len = strlen(path)};
}

static void look(const char *path, uint32_t changes) {
    static const char *const names[] = {"refused", "known", "recorded", "crossed"};
    struct vt_entry entry = touch_of(VT_OP_STAT, path, 0);
    struct vt_look seen = {.kind = VT_KIND_ABSENT};
    printf("%s ", names[vt_touch_seen(&watched, &entry, &seen, changes)]);
}

static void change(enum vt_op op, const char *path, uint32_t aux) {
    struct vt_entry entry = touch_of(op, path, aux);
    vt_touch(&watched, &entry, NULL);
}

int main(int argc, char **argv) {
    if (argc != 2 || vt_log_create(&watched, argv[1]) < 0) return 1;
    uint32_t before = vt_log_changes(&watched);
    look("/none/1", before);
    look("/none/1", before);
    change(VT_OP_OPEN, "/none/read", O_RDONLY);
    change(VT_OP_LIST, "/none", 0);
    look("/none/2", before);
    change(VT_OP_OPEN, "/none/2", O_WRONLY | O_CREAT);
    look("/none/3", before);
    look("/none/2", before);
    uint32_t after = vt_log_changes(&watched);
    look("/none/3", after);
    change(VT_OP_UNLINK, "/none/3", 0);
    look("/none/3", after);
    look("/none/3", vt_log_changes(&watched));
    printf("\n");
    vt_log_close(&watched);
    return 0;
}
