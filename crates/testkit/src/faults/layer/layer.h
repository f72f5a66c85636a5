/* What the calls (calls.c) need of the layer (layer.c). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The numbers are part of the trace. */
enum kind {
    WRITE = 1, TRUNCATE = 2, SYNC = 3, CREATE = 4, MAKE_FOLDER = 5, RENAME = 6, LINK = 7,
    REMOVE = 8, NOTE = 9
};

/* What the trace has of an operation, followed by its names and bytes. Files and folders are
 * their inode numbers. `number` is an offset, or a length. */
struct record {
    uint8_t kind, failed, unused[6];
    uint64_t file, folder, to_folder, number;
    uint32_t name_bytes, to_name_bytes;
    uint64_t data_bytes;
};

/* A name in a folder below ours, and what is there. */
struct place {
    struct stat folder, file;
    bool exists;
    char name[NAME_MAX + 1];
};

/* How an operation is to go; TORN is for writes: half of the bytes, then `torn`. */
enum fate { REFUSED = -1, WHOLE, TORN };

/* The program must not take these for functions of its own. */
#pragma GCC visibility push(hidden)

/* Held over each operation and its record. */
extern pthread_mutex_t lock;

bool is_ours(int fd, struct stat *about);
bool is_notes(int fd);
bool find(int at, const char *path, struct place *place);
bool is_read_only(void);

/* Sets errno and returns -1. */
int refuse(int error);

/* Counts an operation, and says how it is to go. `takes_room` if a full disk would stop it. */
enum fate next(enum kind kind, bool takes_room);

/* Writes an operation down once it is done (or not), and keeps errno. */
void done(struct record record, const char *name, const char *to, const void *data);

/* What a write returns of which half is done, if it returns. */
ssize_t torn(ssize_t written);

/* Writes down what the program notes. */
void note(const void *data, size_t bytes);

#pragma GCC visibility pop
