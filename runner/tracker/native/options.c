#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static bool parse_number(const char *text, int *value) {
    char *end;
    errno = 0;
    long parsed = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || parsed < 0 || parsed > INT_MAX) return false;
    *value = (int)parsed;
    return true;
}

const char *vt_options_parse(struct vt_options *options, char **argv) {
    *options = (struct vt_options){.control = -1, .grace_ms = 200};
    const struct {
        const char *name;
        const char **value;
    } texts[] = {
        {"--trace", &options->trace},       {"--shim", &options->shim},
        {"--stdout", &options->out},        {"--stderr", &options->err},
        {"--terminal", &options->terminal}, {"--channel", &options->channel},
        {"--root", &options->root},
    };
    char **next = argv + 1;
    for (; *next != NULL && strcmp(*next, "--") != 0; next++) {
        const char *name = *next;
        if (strcmp(name, "--no-track") == 0) {
            options->no_track = true;
            continue;
        }
        if (strcmp(name, "--fetch-listener") == 0) {
            options->fetch_listener = true;
            continue;
        }
        const char *value = next[1];
        if (value == NULL) return "an option is unknown or lacks its value";
        next++;
        if (strcmp(name, "--control") == 0) {
            if (!parse_number(value, &options->control)) return "--control takes a descriptor";
            continue;
        }
        if (strcmp(name, "--grace") == 0) {
            if (!parse_number(value, &options->grace_ms)) return "--grace takes milliseconds";
            continue;
        }
        size_t i = 0;
        while (i < sizeof texts / sizeof *texts && strcmp(name, texts[i].name) != 0) i++;
        if (i == sizeof texts / sizeof *texts) return "an option is unknown";
        *texts[i].value = value;
    }
    if (*next == NULL || next[1] == NULL) return "no program: it stands behind --";
    options->program = next + 1;
    if (options->control < 0) return "--control is missing";
    if (options->trace == NULL && !options->no_track) return "--trace or --no-track is missing";
    if (options->terminal != NULL && (options->out != NULL || options->err != NULL))
        return "--terminal excludes --stdout and --stderr";
    return NULL;
}
