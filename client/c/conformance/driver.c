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
