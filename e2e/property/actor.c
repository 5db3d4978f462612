/*
 * The actor: a program that does to files what its script says, and tells all it saw.
 *
 * usage: actor OPERATION...          operations as arguments, words separated by spaces
 *        #!/path/of/actor            or as the lines of a script that is executed
 *
 * Every operation prints one line with its outcome: to stdout when it succeeded, to stderr, after
 * "! ", when it failed. The actor ends with 0 unless `exit` says otherwise. Everything seen is also
 * folded into a sum that `put` writes to a file, so that a result can depend on what was seen
 * without the output telling.
 *
 * The same script in the same tree always does and prints the same: no times, names sorted, modes
 * reduced to whether the owner may execute.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORDS 8
#define MAX_SEEN 4096
#define MAX_OPERATIONS 256
#define MAX_DEPTH 2

struct operation {
  char *words[MAX_WORDS];
  int count;
};

static uint32_t sum = 2166136261u;
static int held = -1;
/* A plus for each script that is being executed: scripts may execute each other. */
static const char *depth = "";

static void fold(const char *text) {
  for (; *text; text++) sum = (sum ^ (unsigned char)*text) * 16777619u;
}

/* One write per line: parent and child share the streams. */
static void say(int failed, const char *format, ...) {
  char line[MAX_SEEN + 512];
  size_t start = failed ? 2 : 0;
  memcpy(line, "! ", 2);
  va_list values;
  va_start(values, format);
  vsnprintf(line + start, sizeof line - start - 1, format, values);
  va_end(values);
  fold(line);
  strcat(line, "\n");
  ssize_t written = write(failed ? 2 : 1, line, strlen(line));
  (void)written;
}

static void outcome(const struct operation *op, int result) {
  const char *a = op->count > 1 ? op->words[1] : "";
  const char *b = op->count > 2 ? op->words[2] : "";
  if (result < 0)
    say(1, "%s %s %s: %s", op->words[0], a, b, strerror(errno));
  else
    say(0, "%s %s %s: done", op->words[0], a, b);
}

static const char *kind_of(mode_t mode) {
  if (S_ISREG(mode)) return "file";
  if (S_ISDIR(mode)) return "directory";
  if (S_ISLNK(mode)) return "symlink";
  return "other";
}

static int write_text(int fd, const char *text) {
  if (fd < 0) return -1;
  ssize_t written = write(fd, text, strlen(text));
  int saved = errno;
  close(fd);
  errno = saved;
  return written < 0 ? -1 : 0;
}

static void tell_content(const struct operation *op, int fd) {
  char seen[MAX_SEEN];
  ssize_t got = fd < 0 ? -1 : read(fd, seen, sizeof seen - 1);
  if (got < 0) {
    outcome(op, -1);
  } else {
    seen[got] = 0;
    for (char *c = seen; *c; c++)
      if (*c == '\n') *c = '|';
    say(0, "%s %s: '%s'", op->words[0], op->words[1], seen);
  }
  if (fd >= 0) close(fd);
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void tell_names(const struct operation *op, DIR *directory) {
  if (directory == NULL) {
    outcome(op, -1);
    return;
  }
  char *names[256];
  size_t count = 0;
  struct dirent *entry;
  while (count < 256 && (entry = readdir(directory)) != NULL) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      names[count++] = strdup(entry->d_name);
  }
  qsort(names, count, sizeof *names, by_name);
  char all[MAX_SEEN] = "";
  for (size_t i = 0; i < count; i++) {
    strncat(all, " ", sizeof all - strlen(all) - 1);
    strncat(all, names[i], sizeof all - strlen(all) - 1);
    free(names[i]);
  }
  say(0, "%s %s:%s", op->words[0], op->words[1], all);
  closedir(directory);
}

static int copy(const char *from, const char *to) {
  char buffer[MAX_SEEN];
  int in = open(from, O_RDONLY);
  if (in < 0) return -1;
  ssize_t got = read(in, buffer, sizeof buffer - 1);
  struct stat stat;
  fstat(in, &stat);
  close(in);
  if (got < 0) return -1;
  buffer[got] = 0;
  return write_text(open(to, O_WRONLY | O_CREAT | O_TRUNC, stat.st_mode & 0777), buffer);
}

/* Reads a file; -1 with errno. */
static ssize_t load(const char *path, char *text) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) return -1;
  ssize_t got = read(fd, text, MAX_SEEN / 4);
  int saved = errno;
  close(fd);
  errno = saved;
  if (got >= 0) text[got] = 0;
  return got;
}

/* As a formatter: what was read, and one thing more, in its place. */
static int rewrite_longer(const char *path, const char *more) {
  char text[MAX_SEEN];
  if (load(path, text) < 0) return -1;
  strcat(text, more);
  return write_text(open(path, O_WRONLY | O_TRUNC), text);
}

/* As sed -i: into a file beside it, which is then renamed. */
static int replace_longer(const char *path, const char *more) {
  char text[MAX_SEEN], beside[MAX_SEEN];
  if (load(path, text) < 0) return -1;
  strcat(text, more);
  snprintf(beside, sizeof beside, "%.1000s~", path);
  if (write_text(open(beside, O_WRONLY | O_CREAT | O_EXCL, 0644), text) < 0) return -1;
  int result = rename(beside, path);
  int saved = errno;
  if (result < 0) unlink(beside);
  errno = saved;
  return result;
}

/* Through one descriptor: the first letter, read, becomes the next one. */
static int advance(const char *path) {
  int fd = open(path, O_RDWR);
  if (fd < 0) return -1;
  char letter;
  int result = 0;
  if (pread(fd, &letter, 1, 0) == 1) {
    letter = (char)(letter < 'a' || letter >= 'z' ? 'a' : letter + 1);
    result = pwrite(fd, &letter, 1, 0) == 1 ? 0 : -1;
  }
  int saved = errno;
  close(fd);
  errno = saved;
  return result;
}

/* Runs a script as a program, so that the kernel reads its first line. */
static void execute(const struct operation *op) {
  if (strlen(depth) >= MAX_DEPTH) {
    say(1, "exec %s: too deep", op->words[1]);
    return;
  }
  pid_t child = fork();
  if (child == 0) {
    char deeper[MAX_DEPTH + 2];
    snprintf(deeper, sizeof deeper, "%s+", depth);
    char *argv[] = {op->words[1], deeper, NULL};
    execv(op->words[1], argv);
    _exit(100 + (errno == EACCES ? 1 : errno == ENOENT ? 2 : 3));
  }
  int status = 0;
  waitpid(child, &status, 0);
  say(0, "exec %s: %d", op->words[1], WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static int map_write(const char *path, char letter) {
  int fd = open(path, O_RDWR);
  if (fd < 0) return -1;
  struct stat stat;
  int result = fstat(fd, &stat);
  if (result == 0 && stat.st_size > 0) {
    char *bytes = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
      result = -1;
    else {
      bytes[0] = letter;
      munmap(bytes, 1);
    }
  }
  int saved = errno;
  close(fd);
  errno = saved;
  return result;
}

static int reopened(const char *path, int flags) {
  int handle = open(path, O_PATH);
  if (handle < 0) return -1;
  char again[64];
  snprintf(again, sizeof again, "/proc/self/fd/%d", handle);
  int fd = open(again, flags);
  int saved = errno;
  close(handle);
  errno = saved;
  return fd;
}

static int beside(const char *directory, const char *name, int flags) {
  int above = open(directory, O_RDONLY | O_DIRECTORY);
  if (above < 0) return -1;
  int fd = openat(above, name, flags, 0644);
  int saved = errno;
  close(above);
  errno = saved;
  return fd;
}

static int rename_with(const char *from, const char *to, unsigned flags) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void run(struct operation *ops, int count);

static int starts_with(const char *path, const char *text) {
  char seen[64] = "";
  int fd = open(path, O_RDONLY);
  if (fd < 0) return 0;
  ssize_t got = read(fd, seen, sizeof seen - 1);
  close(fd);
  return got > 0 && strncmp(seen, text, strlen(text)) == 0;
}

/* Carries one operation out; gives how many of the following ones to skip. */
static int carry_out(struct operation *op, struct operation *rest, int left) {
  char **w = op->words;
  const char *name = w[0];
  struct stat stat_;
  char text[MAX_SEEN];
#define IS(word) (strcmp(name, word) == 0)
  for (int i = op->count; i < 4; i++) w[i] = "";

  if (IS("read")) {
    tell_content(op, open(w[1], O_RDONLY));
  } else if (IS("list")) {
    tell_names(op, opendir(w[1]));
  } else if (IS("stat")) {
    int result = stat(w[1], &stat_);
    if (result < 0) outcome(op, result);
    else say(0, "stat %s: %s", w[1], kind_of(stat_.st_mode));
  } else if (IS("size")) {
    int result = stat(w[1], &stat_);
    if (result < 0) outcome(op, result);
    else say(0, "size %s: %d", w[1], S_ISREG(stat_.st_mode) ? (int)stat_.st_size : -1);
  } else if (IS("grow")) { /* by its size alone: as long as it was, and one more */
    int result = lstat(w[1], &stat_);
    if (result == 0) {
      int length = S_ISREG(stat_.st_mode) && stat_.st_size < 20 ? (int)stat_.st_size + 1 : 1;
      snprintf(text, sizeof text, "%.*s", length, "gggggggggggggggggggg");
      result = write_text(open(w[1], O_WRONLY | O_TRUNC), text);
    }
    outcome(op, result);
  } else if (IS("dropempty")) { /* by its size alone: deleted if there is something in it */
    int result = lstat(w[1], &stat_);
    if (result == 0 && stat_.st_size > 1) result = unlink(w[1]);
    outcome(op, result);
  } else if (IS("longer")) {
    outcome(op, rewrite_longer(w[1], w[2]));
  } else if (IS("sed")) {
    outcome(op, replace_longer(w[1], w[2]));
  } else if (IS("advance")) {
    outcome(op, advance(w[1]));
  } else if (IS("lstat")) {
    int result = lstat(w[1], &stat_);
    if (result < 0) outcome(op, result);
    else say(0, "lstat %s: %s", w[1], kind_of(stat_.st_mode));
  } else if (IS("access")) {
    outcome(op, access(w[1], F_OK));
  } else if (IS("readlink")) {
    ssize_t got = readlink(w[1], text, sizeof text - 1);
    if (got < 0) outcome(op, -1);
    else {
      text[got] = 0;
      say(0, "readlink %s: %s", w[1], text);
    }
  } else if (IS("write")) {
    outcome(op, write_text(open(w[1], O_WRONLY | O_CREAT | O_TRUNC, 0644), w[2]));
  } else if (IS("append")) {
    outcome(op, write_text(open(w[1], O_WRONLY | O_CREAT | O_APPEND, 0644), w[2]));
  } else if (IS("overlay")) { /* in place, without truncating, made when missing */
    outcome(op, write_text(open(w[1], O_WRONLY | O_CREAT, 0644), w[2]));
  } else if (IS("patch")) { /* in place, must be there */
    outcome(op, write_text(open(w[1], O_WRONLY), w[2]));
  } else if (IS("rewrite")) { /* truncated, must be there */
    outcome(op, write_text(open(w[1], O_WRONLY | O_TRUNC), w[2]));
  } else if (IS("exclusive")) {
    outcome(op, write_text(open(w[1], O_WRONLY | O_CREAT | O_EXCL, 0644), w[2]));
  } else if (IS("put")) {
    snprintf(text, sizeof text, "%08x", sum);
    outcome(op, write_text(open(w[1], O_WRONLY | O_CREAT | O_TRUNC, 0644), text));
  } else if (IS("map")) {
    outcome(op, map_write(w[1], w[2][0]));
  } else if (IS("copy")) {
    outcome(op, copy(w[1], w[2]));
  } else if (IS("truncate")) {
    outcome(op, truncate(w[1], 1));
  } else if (IS("rename")) {
    outcome(op, rename(w[1], w[2]));
  } else if (IS("exchange")) {
    outcome(op, rename_with(w[1], w[2], RENAME_EXCHANGE));
  } else if (IS("noreplace")) {
    outcome(op, rename_with(w[1], w[2], RENAME_NOREPLACE));
  } else if (IS("unlink")) {
    outcome(op, unlink(w[1]));
  } else if (IS("rmdir")) {
    outcome(op, rmdir(w[1]));
  } else if (IS("mkdir")) {
    outcome(op, mkdir(w[1], 0755));
  } else if (IS("symlink")) {
    outcome(op, symlink(w[2], w[1]));
  } else if (IS("link")) {
    outcome(op, link(w[1], w[2]));
  } else if (IS("chmod")) {
    outcome(op, chmod(w[1], w[2][0] == 'x' ? 0755 : 0644));
  } else if (IS("chdir")) {
    outcome(op, chdir(w[1]));
  } else if (IS("exec")) {
    execute(op);
  } else if (IS("reopen")) { /* read through a descriptor that only held the path */
    tell_content(op, reopened(w[1], O_RDONLY));
  } else if (IS("rewritefd")) {
    outcome(op, write_text(reopened(w[1], O_WRONLY | O_TRUNC), w[2]));
  } else if (IS("readat")) { /* below a directory's descriptor */
    tell_content(op, beside(w[1], w[2], O_RDONLY));
  } else if (IS("writeat")) {
    outcome(op, write_text(beside(w[1], w[2], O_WRONLY | O_CREAT | O_TRUNC), w[3]));
  } else if (IS("cwdread")) {
    snprintf(text, sizeof text, "/proc/self/cwd/%s", w[1]);
    tell_content(op, open(text, O_RDONLY));
  } else if (IS("hold")) { /* to be used by the four below, whatever becomes of its name */
    if (held >= 0) close(held);
    held = open(w[1], O_RDONLY);
    outcome(op, held);
  } else if (IS("holdwrite")) {
    if (held >= 0) close(held);
    held = open(w[1], O_RDWR | O_CREAT, 0644);
    outcome(op, held);
  } else if (IS("heldread")) {
    if (held >= 0) lseek(held, 0, SEEK_SET);
    tell_content(op, dup(held));
  } else if (IS("heldwrite")) {
    outcome(op, write_text(dup(held), w[1]));
  } else if (IS("heldlist")) {
    int again = openat(held, ".", O_RDONLY | O_DIRECTORY);
    tell_names(op, again < 0 ? NULL : fdopendir(again));
  } else if (IS("heldmode")) {
    outcome(op, fchmod(held, w[1][0] == 'x' ? 0755 : 0644));
  } else if (IS("heldenter")) {
    outcome(op, fchdir(held));
  } else if (IS("if")) { /* if PATH COUNT: else the next COUNT are skipped */
    return access(w[1], F_OK) == 0 ? 0 : atoi(w[2]);
  } else if (IS("unless")) {
    return access(w[1], F_OK) == 0 ? atoi(w[2]) : 0;
  } else if (IS("ifread")) { /* ifread PATH TEXT COUNT */
    return starts_with(w[1], w[2]) ? 0 : atoi(w[3]);
  } else if (IS("child")) { /* child COUNT: another process does the next COUNT */
    int count = atoi(w[1]) < left ? atoi(w[1]) : left;
    pid_t child = fork();
    if (child == 0) {
      run(rest, count);
      _exit(0);
    }
    waitpid(child, NULL, 0);
    return count;
  } else if (IS("exit")) {
    exit(atoi(w[1]));
  } else {
    say(1, "%s: no such operation", name);
    exit(90);
  }
  return 0;
}

static void run(struct operation *ops, int count) {
  for (int i = 0; i < count; i++) i += carry_out(&ops[i], &ops[i + 1], count - i - 1);
}

static int split(char *text, struct operation *op) {
  op->count = 0;
  char *rest;
  for (char *word = strtok_r(text, " ", &rest); word != NULL && op->count < MAX_WORDS;
       word = strtok_r(NULL, " ", &rest))
    op->words[op->count++] = word;
  return op->count > 0;
}

int main(int argc, char **argv) {
  static struct operation ops[MAX_OPERATIONS];
  static char script[65536];
  int count = 0;
  umask(022);
  /* Started by the kernel for a script: its path comes first, the depth second. */
  if (argc == 3 && argv[2][0] == '+') {
    depth = argv[2];
    int fd = open(argv[1], O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, script, sizeof script - 1);
    if (got < 0) return 91;
    close(fd);
    char *rest;
    for (char *line = strtok_r(script, "\n", &rest); line != NULL && count < MAX_OPERATIONS;
         line = strtok_r(NULL, "\n", &rest))
      if (line[0] != '#' && split(line, &ops[count])) count++;
  } else {
    for (int i = 1; i < argc && count < MAX_OPERATIONS; i++)
      if (split(argv[i], &ops[count])) count++;
  }
  run(ops, count);
  return 0;
}
