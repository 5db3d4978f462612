#define _GNU_SOURCE
#include "interpreter.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT_SIZE 256  /* the kernel looks no further for the end of a #! line */
#define START_SIZE 4096  /* read at once: most programs have all that is asked of them here */
#define MOST_PARTS 1170u /* and takes no more than 64 KiB of program headers */

static enum vt_interpreter read_line(char *line, ssize_t length, char name[PATH_MAX]) {
    line[length] = '\0';
    const char *start = line + 2 + strspn(line + 2, " \t");
    size_t size = strcspn(start, " \t\n");
    memcpy(name, start, size);
    name[size] = '\0';
    return VT_INTERPRETER_SCRIPT;
}

/* The beginning of a file. */
struct start {
    int fd;
    size_t length;
    union {
        char text[START_SIZE + 1];
        Elf64_Ehdr header;
    };
};

static bool read_at(const struct start *start, uint64_t at, void *to, size_t size) {
    if (at <= start->length && size <= start->length - at) {
        memcpy(to, start->text + at, size);
        return true;
    }
    return pread(start->fd, to, size, (off_t)at) == (ssize_t)size;
}

static enum vt_interpreter read_parts(const struct start *start, char name[PATH_MAX]) {
    const Elf64_Ehdr *header = &start->header;
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_phentsize != sizeof(Elf64_Phdr)) return VT_INTERPRETER_NONE;
    for (unsigned i = 0; i < header->e_phnum && i < MOST_PARTS; i++) {
        Elf64_Phdr part;
        if (!read_at(start, header->e_phoff + i * sizeof part, &part, sizeof part)) return VT_INTERPRETER_NONE;
        if (part.p_type != PT_INTERP) continue;
        if (part.p_filesz < 2 || part.p_filesz > PATH_MAX) return VT_INTERPRETER_NONE;
        if (!read_at(start, part.p_offset, name, part.p_filesz)) return VT_INTERPRETER_NONE;
        return name[part.p_filesz - 1] == '\0' ? VT_INTERPRETER_LOADER : VT_INTERPRETER_NONE;
    }
    return VT_INTERPRETER_NONE;
}

enum vt_interpreter vt_interpreter_of(const char *path, char name[PATH_MAX]) {
    struct start start;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return VT_INTERPRETER_ABSENT;
    if (fd < 0) return access(path, X_OK) == 0 ? VT_INTERPRETER_HIDDEN : VT_INTERPRETER_NONE;
    enum vt_interpreter found = VT_INTERPRETER_NONE;
    ssize_t length = read(fd, start.text, START_SIZE);
    start.fd = fd;
    start.length = length < 0 ? 0 : (size_t)length;
    if (length > 2 && memcmp(start.text, "#!", 2) == 0)
        found = read_line(start.text, length < SCRIPT_SIZE ? length : SCRIPT_SIZE, name);
    else if (length >= (ssize_t)sizeof start.header && memcmp(start.text, ELFMAG, SELFMAG) == 0)
        found = read_parts(&start, name);
    close(fd);
    return found;
}
