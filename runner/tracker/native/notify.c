#include "notify.h"
struct vt_notify *vt_notify_new(struct vt_log *log, int listener) { (void)log; (void)listener; return NULL; }
void vt_notify_free(struct vt_notify *n) { (void)n; }
void vt_notify_main(struct vt_notify *n, pid_t pid) { (void)n; (void)pid; }
void vt_notify_serve(struct vt_notify *n) { (void)n; }
void vt_notify_identify(struct vt_notify *n, pid_t pid) { (void)n; (void)pid; }
