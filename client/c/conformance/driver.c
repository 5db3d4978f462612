/* The driver of the C client for `vt conformance` (client/conformance/README.md). */
#define _GNU_SOURCE
#include "../vt_client.h"

#include <ctype.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Decodes a field in place; NULL, for a field that is not there, stays. */
static char *decode(char *field) {
    if (field == NULL) return NULL;
    if (strcmp(field, "-") == 0) field[0] = '\0';
    char *to = field;
    for (const char *from = field; *from != '\0';) {
        unsigned byte;
        if (*from == '%' && sscanf(from, "%%%2x", &byte) == 1) {
            *to++ = (char)byte;
            from += 3;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return field;
}

static void print_field(FILE *out, const char *text) {
    if (*text == '\0') fputc('-', out);
    for (; *text != '\0'; text++) {
        if (isalnum((unsigned char)*text) || strchr("/._", *text) != NULL) fputc(*text, out);
        else fprintf(out, "%%%02X", (unsigned char)*text);
    }
}

/* The fields of a list, decoded in place, with NULL behind the last. */
static char **list_of(char *field) {
    char **items = calloc(strlen(field) / 2 + 2, sizeof *items);
    if (strcmp(field, "-") == 0) return items;
    for (size_t count = 0; field != NULL;) items[count++] = decode(strsep(&field, ","));
    return items;
}

static unsigned hex_digits(const char *text) {
    unsigned unit = 0;
    sscanf(text, "%4x", &unit);
    return unit;
}

static char *put_utf8(char *to, unsigned code) {
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (char)(lead[more] | code >> (6 * more));
    while (more-- > 0) *to++ = (char)(0x80 | (code >> (6 * more) & 0x3f));
    return to;
}

/* Turns the JSON of a string into the string, in place; other JSON stays. */
static void read_string(char *json) {
    if (*json != '"') return;
    char *to = json;
    for (const char *from = json + 1; *from != '"' && *from != '\0'; from++) {
        if (*from != '\\') {
            *to++ = *from;
            continue;
        }
        static const char escapes[] = "b\bf\fn\nr\rt\t";
        const char *escape = *++from == '\0' ? NULL : strchr(escapes, *from);
        if (*from == 'u') {
            unsigned code = hex_digits(from + 1);
            from += 4;
            if (code >= 0xd800 && code < 0xdc00) {
                code = 0x10000 + ((code - 0xd800) << 10) + (hex_digits(from + 3) - 0xdc00);
                from += 6;
            }
            to = put_utf8(to, code);
        } else {
            *to++ = escape == NULL ? *from : escape[1];
        }
    }
    *to = '\0';
}

static void perform(char *line, FILE *out);

static void in_child(char *line, FILE *out) {
    fflush(out);
    pid_t pid = fork();
    if (pid == 0) {
        perform(line, out);
        fflush(out);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
}

struct work {
    pthread_t thread;
    char *line;
    char *answer;
    size_t length;
};

static void *work(void *given) {
    struct work *work = given;
    FILE *out = open_memstream(&work->answer, &work->length);
    perform(work->line, out);
    fclose(out);
    return NULL;
}

static void in_threads(const char *count, const char *line, FILE *out) {
    int threads = atoi(count);
    struct work *works = calloc((size_t)threads, sizeof *works);
    for (int n = 0; n < threads; n++) {
        works[n].line = strdup(line);
        pthread_create(&works[n].thread, NULL, work, &works[n]);
    }
    bool same = true;
    for (int n = 0; n < threads; n++) {
        pthread_join(works[n].thread, NULL);
        same = same && strcmp(works[n].answer, works[0].answer) == 0;
    }
    fputs(same ? works[0].answer : "different\n", out);
    for (int n = 0; n < threads; n++) {
        free(works[n].line);
        free(works[n].answer);
    }
    free(works);
}

static void print_variables(struct vt_client_variables variables, FILE *out) {
    fputs("set", out);
    for (size_t n = 0; n < variables.count; n++) {
        fputc(' ', out);
        print_field(out, variables.items[n].name);
        fputc('=', out);
        print_field(out, variables.items[n].value);
    }
    fputc('\n', out);
    vt_client_free_variables(&variables);
}

static void perform(char *line, FILE *out) {
    char *rest = line;
    const char *operation = strsep(&rest, " ");
    if (strcmp(operation, "fork") == 0) {
        in_child(rest, out);
        return;
    }
    if (strcmp(operation, "threads") == 0) {
        const char *count = strsep(&rest, " ");
        in_threads(count, rest, out);
        return;
    }
    char *first = strsep(&rest, " ");
    if (strcmp(operation, "labelled") == 0) {
        vt_client_speak_for(decode(first));
        perform(rest, out);
        vt_client_speak_for(NULL);
        return;
    }
    if (strcmp(operation, "ignore-input") == 0) {
        vt_client_ignore_input(decode(first));
    } else if (strcmp(operation, "ignore-output") == 0) {
        vt_client_ignore_output(decode(first));
    } else if (strcmp(operation, "disable-cache") == 0) {
        vt_client_disable_cache(decode(first));
    } else if (strcmp(operation, "chdir") == 0) {
        if (chdir(decode(first)) < 0) perror("chdir");
    } else if (strcmp(operation, "inside") == 0) {
        fputs(vt_client_is_inside_runner() ? "yes\n" : "no\n", out);
        return;
    } else if (strcmp(operation, "version") == 0) {
        fprintf(out, "value %u\n", vt_client_protocol_version());
        return;
    } else if (strcmp(operation, "get-env") == 0) {
        char *value = vt_client_get_env(decode(first), strcmp(rest, "tracked") == 0);
        fputs(value == NULL ? "absent" : "value ", out);
        if (value != NULL) print_field(out, value);
        fputc('\n', out);
        free(value);
        return;
    } else if (strcmp(operation, "get-envs") == 0) {
        const char *pattern = decode(strsep(&rest, " "));
        bool tracked = strcmp(rest, "tracked") == 0;
        print_variables(strcmp(first, "glob") == 0 ? vt_client_get_envs(pattern, tracked)
                                                   : vt_client_get_envs_by_prefix(pattern, tracked),
                        out);
        return;
    } else if (strcmp(operation, "depend-on-exists") == 0) {
        static const char *const kinds[] = {"absent", "value absent", "value file",
                                            "value directory", "value other"};
        fprintf(out, "%s\n", kinds[vt_client_depend_on_exists(decode(first))]);
        return;
    } else if (strcmp(operation, "depend-on-json") == 0) {
        char *value = vt_client_depend_on_json(decode(first), decode(rest));
        fputs(value == NULL ? "absent" : "value ", out);
        if (value != NULL) {
            read_string(value);
            print_field(out, value);
        }
        fputc('\n', out);
        free(value);
        return;
    } else if (strcmp(operation, "depend-on-glob") == 0) {
        char **include = list_of(first), **exclude = list_of(rest);
        struct vt_client_paths paths;
        bool answered = vt_client_depend_on_glob(NULL, (const char *const *)include,
                                                 (const char *const *)exclude, &paths);
        fputs(answered ? "paths" : "absent", out);
        for (size_t n = 0; n < paths.count; n++) {
            fputc(' ', out);
            print_field(out, paths.items[n]);
        }
        fputc('\n', out);
        vt_client_free_paths(&paths);
        free(include);
        free(exclude);
        return;
    } else if (strcmp(operation, "declare-complete") == 0) {
        char **inputs = list_of(first), **outputs = list_of(rest);
        vt_client_declare_complete((const char *const *)inputs, (const char *const *)outputs, 0);
        free(inputs);
        free(outputs);
    } else {
        fputs("unsupported\n", out);
        return;
    }
    fputs("ok\n", out);
}

int main(void) {
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t length; (length = getline(&line, &capacity, stdin)) > 0;) {
        if (line[length - 1] == '\n') line[length - 1] = '\0';
        perform(line, stdout);
        fflush(stdout);
    }
    free(line);
    return 0;
}
