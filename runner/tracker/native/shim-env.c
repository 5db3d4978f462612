/*
 * getenv for variables that the task's filtered environment lacks. What it is to do, the runner says
 * in VT_ENV:
 *
 *   auto:BITS   asks the runner, once per process and name; the result depends on the answer
 *   note:BITS   tells it that a variable was looked for that it withholds, and finds nothing
 *
 * BITS are a Bloom filter, in hexadecimal, of the names that the runner has and withholds
 * (runner/plan/env/name-filter.ts): a name that it does not hold is not set there, so that no answer
 * has to be waited for, and in most calls there is nothing to do at all.
 *
 * What the program itself sets, unsets or clears is as if there were no runner.
 */
#define _GNU_SOURCE
#include "env-talk.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define LOAD(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

#define FILTER_BYTES 128u
#define DIRECTORY_MOST 1024u
#define SLOTS 4096u /* a power of two */
#define MOST_NAMES (SLOTS / 2)
#define PART 65536u /* of memory for names */

enum mode { OFF, NOTE, AUTO };

/* A name that was asked for, or that the program unset. Never freed: what getenv returned stays. */
struct answer {
    uint32_t hash;
    char *value; /* atomic; NULL: not set */
    size_t length;
    char name[];
};

/* As it was when the program was started: it may write over its own environment. */
static struct {
    enum mode mode;
    uint8_t filter[FILTER_BYTES];
    char directory[DIRECTORY_MOST];
} runner;

static struct answer **answers; /* atomic; SLOTS of them, each atomic */
static uint32_t count, is_full, is_cleared; /* atomic */
static char *part; /* atomic: memory for names; its first 8 bytes say how much is taken */

static const char *look_up(const char *name) {
    size_t length = strlen(name);
    if (environ == NULL || length == 0) return NULL;
    for (char **entry = environ; *entry != NULL; entry++)
        if ((*entry)[0] == name[0] && strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

__attribute__((constructor)) static void prepare(void) {
    const char *text = look_up("VT_ENV"), *directory = look_up("VT_IPC_DIR");
    if (text == NULL || directory == NULL || directory[0] != '/' || strlen(directory) >= DIRECTORY_MOST) return;
    enum mode mode = strncmp(text, "auto:", 5) == 0 ? AUTO : strncmp(text, "note:", 5) == 0 ? NOTE : OFF;
    if (mode == OFF || strlen(text + 5) != FILTER_BYTES * 2) return;
    for (size_t i = 0; i < FILTER_BYTES; i++) {
        int high = digit(text[5 + 2 * i]), low = digit(text[6 + 2 * i]);
        if (high < 0 || low < 0) return;
        runner.filter[i] = (uint8_t)(high << 4 | low);
    }
    strcpy(runner.directory, directory);
    STORE(&runner.mode, mode);
}

/* FNV-1a. */
static uint32_t hash_of(const char *name, size_t length, uint32_t hash) {
    for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)name[i]) * 0x01000193u;
    return hash ^ hash >> 15;
}

static bool has_bit(uint32_t hash) {
    uint32_t bit = hash % (FILTER_BYTES * 8);
    return (runner.filter[bit / 8] >> bit % 8 & 1) != 0;
}

/* Whether the runner may have the name, and withhold it. */
static bool may_be_withheld(const char *name, size_t length) {
    return has_bit(hash_of(name, length, 0x811c9dc5u)) && has_bit(hash_of(name, length, 0x01234567u));
}

/* Names that are the runner's business are never served, and of others only those of plain characters. */
static bool is_plain(const char *name, size_t length) {
    if (length == 0 || length > VT_ENV_NAME_MOST || strncmp(name, "VT_", 3) == 0 || strncmp(name, "VP_RUN", 6) == 0)
        return false;
    for (size_t i = 0; i < length; i++)
        if (name[i] <= ' ' || name[i] > '~' || name[i] == '=') return false;
    return true;
}

static void *map(size_t size) {
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mapped == MAP_FAILED ? NULL : mapped;
}

/* Memory for ever. Whoever interrupts, or runs at the same time, gets other memory. */
static void *allocate(size_t size) {
    size = (size + 7) & ~(size_t)7;
    for (;;) {
        char *current = LOAD(&part);
        if (current != NULL) {
            uint64_t at = __atomic_fetch_add((uint64_t *)current, size, __ATOMIC_ACQ_REL);
            if (at + size <= PART) return current + at;
        }
        char *fresh = map(PART);
        if (fresh == NULL) return NULL;
        *(uint64_t *)fresh = sizeof(uint64_t);
        if (!__atomic_compare_exchange_n(&part, &current, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            munmap(fresh, PART);
    }
}

static struct answer **table(void) {
    struct answer **known = LOAD(&answers);
    if (known != NULL) return known;
    struct answer **fresh = map(SLOTS * sizeof *fresh);
    if (fresh == NULL) return NULL;
    if (__atomic_compare_exchange_n(&answers, &known, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return fresh;
    munmap(fresh, SLOTS * sizeof *fresh);
    return known;
}

/* The name's place: what is there, or NULL for free, with the slot. */
static struct answer *find(struct answer **all, const char *name, size_t length, uint32_t hash, size_t *slot) {
    for (size_t i = 0; i < SLOTS; i++) {
        *slot = (hash + i) & (SLOTS - 1);
        struct answer *there = LOAD(&all[*slot]);
        if (there == NULL) return NULL;
        if (there->hash == hash && there->length == length && memcmp(there->name, name, length) == 0) return there;
    }
    return NULL;
}

/* Remembers an answer, unless another thread was first: its answer holds. NULL: no memory. */
static struct answer *remember(const char *name, size_t length, char *value) {
    struct answer **all = table();
    if (all == NULL || LOAD(&is_full) != 0) return NULL;
    uint32_t hash = hash_of(name, length, 0x811c9dc5u);
    struct answer *made = NULL;
    for (;;) {
        size_t slot;
        struct answer *there = find(all, name, length, hash, &slot);
        if (there != NULL) return there;
        if (made == NULL) {
            made = allocate(sizeof *made + length);
            if (made == NULL || __atomic_add_fetch(&count, 1, __ATOMIC_ACQ_REL) > MOST_NAMES) {
                STORE(&is_full, 1);
                return NULL;
            }
            *made = (struct answer){.hash = hash, .value = value, .length = length};
            memcpy(made->name, name, length);
        }
        if (__atomic_compare_exchange_n(&all[slot], &there, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return made;
    }
}

/* The runner's word on a name that is not in the environment. */
static char *ask(const char *name) {
    size_t length = strlen(name);
    enum mode mode = LOAD(&runner.mode);
    /* Who took everything away, in whatever way, wants nothing. */
    if (environ == NULL || environ[0] == NULL || LOAD(&is_cleared) != 0 || !is_plain(name, length)) return NULL;
    bool withheld = may_be_withheld(name, length);
    if (mode == NOTE && !withheld) return NULL;
    struct answer **all = LOAD(&answers);
    size_t slot;
    struct answer *known =
        all == NULL ? NULL : find(all, name, length, hash_of(name, length, 0x811c9dc5u), &slot);
    if (known != NULL) return LOAD(&known->value);
    char *value = NULL;
    enum vt_talk talk;
    if (mode == NOTE) talk = vt_talk_tell(runner.directory, VT_ENV_WITHHELD, name, length);
    else if (withheld) talk = vt_talk_ask(runner.directory, name, length, &value);
    else talk = vt_talk_tell(runner.directory, VT_ENV_GET, name, length);
    struct answer *answer = remember(name, length, talk == VT_TALK_DONE ? value : NULL);
    /* What was only noted is for explanations, and may get lost. */
    if (mode == AUTO && (talk == VT_TALK_LOST || answer == NULL)) vt_talk_leave_word(runner.directory);
    return answer == NULL ? NULL : LOAD(&answer->value);
}

EXPORT char *getenv(const char *name);
char *getenv(const char *name) {
    const char *value = look_up(name);
    if (value != NULL || LOAD(&runner.mode) == OFF) return (char *)value;
    return ask(name);
}

EXPORT char *secure_getenv(const char *name);
char *secure_getenv(const char *name) { return getauxval(AT_SECURE) != 0 ? NULL : getenv(name); }

/* From now on the name is what the program made of it. */
static void settle(const char *name, size_t length) {
    if (runner.mode != AUTO || !is_plain(name, length)) return;
    struct answer *answer = remember(name, length, NULL);
    if (answer != NULL) STORE(&answer->value, NULL);
    else vt_talk_leave_word(runner.directory);
}

typedef int setenv_function(const char *name, const char *value, int overwrite);
typedef int unsetenv_function(const char *name);
typedef int putenv_function(char *text);
typedef int clearenv_function(void);

EXPORT int setenv(const char *name, const char *value, int overwrite);
int setenv(const char *name, const char *value, int overwrite) {
    setenv_function *libc = (setenv_function *)dlsym(RTLD_NEXT, "setenv");
    /* It is set already, where the runner has it. */
    if (runner.mode == AUTO && overwrite == 0 && name != NULL && look_up(name) == NULL) {
        const char *own = ask(name);
        if (own != NULL) value = own;
    }
    return libc(name, value, overwrite);
}

EXPORT int unsetenv(const char *name);
int unsetenv(const char *name) {
    unsetenv_function *libc = (unsetenv_function *)dlsym(RTLD_NEXT, "unsetenv");
    int result = libc(name);
    if (result == 0) settle(name, strlen(name));
    return result;
}

EXPORT int putenv(char *text);
int putenv(char *text) {
    putenv_function *libc = (putenv_function *)dlsym(RTLD_NEXT, "putenv");
    int result = libc(text);
    /* Without a value it takes the name away. */
    if (result == 0 && strchr(text, '=') == NULL) settle(text, strlen(text));
    return result;
}

EXPORT int clearenv(void);
int clearenv(void) {
    clearenv_function *libc = (clearenv_function *)dlsym(RTLD_NEXT, "clearenv");
    STORE(&is_cleared, 1);
    return libc();
}
