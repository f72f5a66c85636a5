/* A layer between a program and the system, preloaded, that counts what the program does to the
 * files of one folder, writes it down, and at one operation kills the program or fails.
 *
 * It is told what to do by the environment:
 *   ANEAR_FAULTS_FOLDER  the folder; whatever happens elsewhere goes through untouched
 *   ANEAR_FAULTS_NOTES   a file outside of it; what is written there is copied to the trace
 *   ANEAR_FAULTS_TRACE   where to append a record for each operation
 *   ANEAR_FAULTS_AT      the operation to hit, counted from 1
 *   ANEAR_FAULTS_WHAT    what befalls it, one of the names in `faults` below
 *
 * One lock is held over each operation and its record, so that the trace has the true order.
 * Nothing is really synced: a killed program loses nothing that it gave to the system, and what a
 * loss of power leaves is computed from the trace. */
#define _GNU_SOURCE
#include "layer.h"
#include <signal.h>

enum { LONGEST_RUN_SECONDS = 120 };

enum fault { NO_FAULT, KILL_BEFORE, KILL_TORN, KILL_AFTER, IO, TORN_IO, FULL, SHORT, READ_ONLY };

static const struct { const char *name; enum fault fault; bool lasting; } faults[] = {
    { "kill-before", KILL_BEFORE, false }, /* dies before it */
    { "kill-torn", KILL_TORN, false },     /* dies when half of the bytes are written */
    { "kill-after", KILL_AFTER, false },   /* dies after it */
    { "io", IO, false },                   /* EIO, once */
    { "io-lasting", IO, true },            /* EIO from there on */
    { "torn-io", TORN_IO, false },         /* half of the bytes are written, and EIO */
    { "full", FULL, false },               /* ENOSPC, once */
    { "full-lasting", FULL, true },        /* ENOSPC from there on for whatever takes room */
    { "short", SHORT, true },              /* half of the bytes are written; then as full-lasting */
    { "read-only", READ_ONLY, true },      /* EROFS from there on */
};

pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static char folder[PATH_MAX], notes[PATH_MAX];
static int trace_file = -1;
static uint64_t operations, at;
static enum fault fault;
static bool lasting;

static void stop(const char *why) {
    dprintf(2, "the layer of faults: %s: %s\n", why, strerror(errno));
    _exit(99);
}

static void choose_fault(const char *name) {
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (!strcmp(faults[i].name, name)) {
            fault = faults[i].fault;
            lasting = faults[i].lasting;
            return;
        }
    stop(name);
}

__attribute__((constructor)) static void begin(void) {
    const char *in = getenv("ANEAR_FAULTS_FOLDER"), *notes_path = getenv("ANEAR_FAULTS_NOTES");
    const char *trace = getenv("ANEAR_FAULTS_TRACE"), *when = getenv("ANEAR_FAULTS_AT");
    const char *what = getenv("ANEAR_FAULTS_WHAT");
    if (!in) return;
    snprintf(folder, sizeof folder, "%s", in);
    snprintf(notes, sizeof notes, "%s", notes_path ? notes_path : "");
    if (what) choose_fault(what);
    if (when) at = strtoull(when, NULL, 10);
    if (trace) {
        int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
        trace_file = syscall(SYS_openat, AT_FDCWD, trace, flags, 0644);
        if (trace_file < 0) stop(trace);
    }
    alarm(LONGEST_RUN_SECONDS);
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* ---- what is below the folder ---- */

static bool is_below(const char *path) {
    size_t length = strlen(folder);
    return length && !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static bool path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
    return length > 0;
}

bool is_ours(int fd, struct stat *about) {
    char path[PATH_MAX];
    return *folder && path_of(fd, path) && is_below(path) && !fstat(fd, about) &&
           (S_ISREG(about->st_mode) || S_ISDIR(about->st_mode));
}

bool is_notes(int fd) {
    char path[PATH_MAX];
    return trace_file >= 0 && *notes && path_of(fd, path) && !strcmp(path, notes);
}

bool find(int in, const char *path, struct place *place) {
    char parent[PATH_MAX];
    if (!*folder || snprintf(parent, sizeof parent, "%s", path) >= PATH_MAX) return false;
    size_t length = strlen(parent);
    while (length > 1 && parent[length - 1] == '/') parent[--length] = 0;
    char *slash = strrchr(parent, '/');
    const char *name = slash ? slash + 1 : parent;
    if (snprintf(place->name, sizeof place->name, "%s", name) > NAME_MAX || !*name) return false;
    if (slash == parent) strcpy(parent, "/");
    else if (slash) *slash = 0;
    else strcpy(parent, ".");

    int saved = errno, flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    int opened = syscall(SYS_openat, in, parent, flags);
    bool ours = opened >= 0 && path_of(opened, parent) && is_below(parent);
    if (ours) {
        fstat(opened, &place->folder);
        place->exists = !fstatat(opened, place->name, &place->file, AT_SYMLINK_NOFOLLOW);
    }
    if (opened >= 0) syscall(SYS_close, opened);
    errno = saved;
    return ours;
}

/* ---- one operation ---- */

int refuse(int error) {
    errno = error;
    return -1;
}

bool is_read_only(void) { return fault == READ_ONLY && operations + 1 >= at; }

enum fate next(enum kind kind, bool takes_room) {
    uint64_t number = ++operations;
    bool first = number == at, writes = kind == WRITE;
    if (!at || !(first || (lasting && number > at))) return WHOLE;
    switch (fault) {
    case KILL_TORN: if (writes) return TORN; /* fall through */
    case KILL_BEFORE: die(); /* fall through */
    case NO_FAULT: case KILL_AFTER: return WHOLE;
    case TORN_IO: if (writes) return TORN; /* fall through */
    case IO: return refuse(EIO);
    case SHORT: if (first && writes) return TORN; /* fall through */
    case FULL: return takes_room || !lasting ? refuse(ENOSPC) : WHOLE;
    case READ_ONLY: return refuse(EROFS);
    }
    return WHOLE;
}

ssize_t torn(ssize_t written) {
    if (fault == KILL_TORN) die();
    return fault == TORN_IO ? refuse(EIO) : written;
}

static void trace(struct record *record, const char *name, const char *to, const void *data) {
    if (trace_file < 0) return;
    record->name_bytes = strlen(name);
    record->to_name_bytes = strlen(to);
    struct iovec parts[] = {
        { record, sizeof *record },
        { (void *)name, record->name_bytes },
        { (void *)to, record->to_name_bytes },
        { (void *)data, record->data_bytes },
    };
    ssize_t bytes = 0;
    for (int i = 0; i < 4; i++) bytes += parts[i].iov_len;
    if (syscall(SYS_writev, trace_file, parts, 4) != bytes) stop("cannot write the trace");
}

void done(struct record record, const char *name, const char *to, const void *data) {
    int saved = errno;
    trace(&record, name, to, data);
    if (fault == KILL_AFTER && operations == at) die();
    errno = saved;
}

void note(const void *data, size_t bytes) {
    trace(&(struct record){ .kind = NOTE, .data_bytes = bytes }, "", "", data);
}
