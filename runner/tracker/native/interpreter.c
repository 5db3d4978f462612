#define _GNU_SOURCE
#include "interpreter.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT_SIZE 256  /* the kernel looks no further for the end of a #! line */
#define MOST_PARTS 1170u /* and takes no more than 64 KiB of program headers */

static enum vt_interpreter read_line(char *line, ssize_t length, char name[PATH_MAX]) {
    line[length] = '\0';
    const char *start = line + 2 + strspn(line + 2, " \t");
    size_t size = strcspn(start, " \t\n");
    memcpy(name, start, size);
    name[size] = '\0';
    return VT_INTERPRETER_SCRIPT;
}

static enum vt_interpreter read_parts(int fd, const Elf64_Ehdr *header, char name[PATH_MAX]) {
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_phentsize != sizeof(Elf64_Phdr)) return VT_INTERPRETER_NONE;
    for (unsigned i = 0; i < header->e_phnum && i < MOST_PARTS; i++) {
        Elf64_Phdr part;
        off_t at = (off_t)(header->e_phoff + i * sizeof part);
        if (pread(fd, &part, sizeof part, at) != (ssize_t)sizeof part) return VT_INTERPRETER_NONE;
        if (part.p_type != PT_INTERP) continue;
        if (part.p_filesz < 2 || part.p_filesz > PATH_MAX) return VT_INTERPRETER_NONE;
        if (pread(fd, name, part.p_filesz, (off_t)part.p_offset) != (ssize_t)part.p_filesz) return VT_INTERPRETER_NONE;
        return name[part.p_filesz - 1] == '\0' ? VT_INTERPRETER_LOADER : VT_INTERPRETER_NONE;
    }
    return VT_INTERPRETER_NONE;
}

enum vt_interpreter vt_interpreter_of(const char *path, char name[PATH_MAX]) {
    union {
        char text[SCRIPT_SIZE + 1];
        Elf64_Ehdr header;
    } start;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return VT_INTERPRETER_ABSENT;
    if (fd < 0) return access(path, X_OK) == 0 ? VT_INTERPRETER_HIDDEN : VT_INTERPRETER_NONE;
    enum vt_interpreter found = VT_INTERPRETER_NONE;
    ssize_t length = read(fd, start.text, SCRIPT_SIZE);
    if (length > 2 && memcmp(start.text, "#!", 2) == 0) found = read_line(start.text, length, name);
    else if (length >= (ssize_t)sizeof start.header && memcmp(start.text, ELFMAG, SELFMAG) == 0)
        found = read_parts(fd, &start.header, name);
    close(fd);
    return found;
}
