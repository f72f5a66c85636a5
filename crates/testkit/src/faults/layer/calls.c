/* The functions of the C library through which a program changes files, as it sees them.
 *
 * Those that could change files and are not here do not exist for it: copy_file_range, sendfile
 * and splice are refused, so that callers fall back on plain writes. Changes through mapped memory
 * are not seen; the reader of the trace finds out, because the folder then differs from what the
 * trace makes of it. Each function makes the system call itself. */
#define _GNU_SOURCE
#include "layer.h"
#include <stdarg.h>

/* An operation that is done or not, never by half. */
#define ATOMIC(takes_room, call, name, to, ...)                                                \
    struct record record = { __VA_ARGS__ };                                                    \
    pthread_mutex_lock(&lock);                                                                 \
    int result = next(record.kind, takes_room) == REFUSED ? -1 : (call);                       \
    record.failed = result < 0;                                                                \
    done(record, name, to, "");                                                                \
    pthread_mutex_unlock(&lock);                                                               \
    return result

/* ---- bytes ---- */

/* `at` is a position, or -1 for the file's own. */
static ssize_t plain_write(int fd, const void *data, size_t bytes, off_t at) {
    return at < 0 ? syscall(SYS_write, fd, data, bytes)
                  : syscall(SYS_pwrite64, fd, data, bytes, at);
}

/* A write to one of our files; the lock is held. */
static ssize_t write_to_ours(int fd, const void *data, size_t bytes, off_t at) {
    struct stat about;
    fstat(fd, &about);
    off_t start = at;
    if (fcntl(fd, F_GETFL) & O_APPEND) start = about.st_size;
    else if (at < 0) start = lseek(fd, 0, SEEK_CUR);

    enum fate fate = next(WRITE, start + (off_t)bytes > about.st_size);
    size_t wanted = fate == TORN ? bytes / 2 : bytes;
    ssize_t written = fate == REFUSED ? -1 : plain_write(fd, data, wanted, at);
    struct record record = {
        .kind = WRITE, .failed = written < 0, .file = about.st_ino, .number = start,
        .data_bytes = written < 0 ? 0 : written,
    };
    done(record, "", "", data);
    return fate == TORN ? torn(written) : written;
}

static ssize_t any_write(int fd, const void *data, size_t bytes, off_t at) {
    struct stat about;
    bool notes = is_notes(fd);
    if (!bytes || !(notes || is_ours(fd, &about))) return plain_write(fd, data, bytes, at);
    pthread_mutex_lock(&lock);
    if (notes) note(data, bytes);
    ssize_t written = notes ? plain_write(fd, data, bytes, at) : write_to_ours(fd, data, bytes, at);
    pthread_mutex_unlock(&lock);
    return written;
}

static ssize_t any_writev(int fd, const struct iovec *parts, int count, off_t at) {
    size_t bytes = 0, filled = 0;
    for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
    char *data = malloc(bytes + 1);
    if (!data) return refuse(ENOMEM);
    for (int i = 0; i < count; filled += parts[i++].iov_len)
        memcpy(data + filled, parts[i].iov_base, parts[i].iov_len);
    ssize_t written = any_write(fd, data, bytes, at);
    int saved = errno;
    free(data);
    errno = saved;
    return written;
}

ssize_t write(int fd, const void *data, size_t bytes) { return any_write(fd, data, bytes, -1); }

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at) {
    return any_write(fd, data, bytes, at);
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off_t at) {
    return any_write(fd, data, bytes, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    return any_writev(fd, parts, count, -1);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    return any_writev(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) {
    return any_writev(fd, parts, count, at);
}

/* ---- lengths ---- */

int ftruncate(int fd, off_t length) {
    struct stat about;
    if (!is_ours(fd, &about)) return syscall(SYS_ftruncate, fd, length);
    ATOMIC(length > about.st_size, syscall(SYS_ftruncate, fd, length), "", "", .kind = TRUNCATE,
           .file = about.st_ino, .number = length);
}

int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

int fallocate(int fd, int mode, off_t start, off_t length) {
    struct stat about;
    if (!is_ours(fd, &about)) return syscall(SYS_fallocate, fd, mode, start, length);
    if (mode) return refuse(EOPNOTSUPP);
    off_t end = start + length > about.st_size ? start + length : about.st_size;
    ATOMIC(true, syscall(SYS_fallocate, fd, mode, start, length), "", "", .kind = TRUNCATE,
           .file = about.st_ino, .number = end);
}

int fallocate64(int fd, int mode, off_t start, off_t length) {
    return fallocate(fd, mode, start, length);
}

int posix_fallocate(int fd, off_t start, off_t length) {
    return fallocate(fd, 0, start, length) ? errno : 0;
}

int posix_fallocate64(int fd, off_t start, off_t length) {
    return posix_fallocate(fd, start, length);
}

/* ---- durability ---- */

int fsync(int fd) {
    struct stat about;
    if (!is_ours(fd, &about)) return syscall(SYS_fsync, fd);
    ATOMIC(false, 0, "", "", .kind = SYNC, .file = about.st_ino);
}

int fdatasync(int fd) { return fsync(fd); }

/* ---- names ---- */

static int new_file(int at, const char *path, int flags, mode_t mode, struct place *place) {
    struct record record = { .kind = CREATE, .folder = place->folder.st_ino };
    int fd = -1;
    if (next(CREATE, true) != REFUSED) fd = syscall(SYS_openat, at, path, flags, mode);
    record.failed = fd < 0 || fstat(fd, &place->file);
    record.file = record.failed ? 0 : place->file.st_ino;
    done(record, place->name, "", "");
    return fd;
}

static int emptied_file(int at, const char *path, int flags, mode_t mode, uint64_t file) {
    ATOMIC(false, syscall(SYS_openat, at, path, flags, mode), "", "", .kind = TRUNCATE,
           .file = file, .number = 0);
}

/* Opens for writing; the lock is held. */
static int open_to_write(int at, const char *path, int flags, mode_t mode) {
    struct place place;
    if (!find(at, path, &place)) return syscall(SYS_openat, at, path, flags, mode);
    if ((flags & O_CREAT) && !place.exists) return new_file(at, path, flags, mode, &place);
    if (is_read_only() && place.exists && !S_ISDIR(place.file.st_mode)) return refuse(EROFS);
    if ((flags & O_TRUNC) && place.exists && S_ISREG(place.file.st_mode))
        return emptied_file(at, path, flags, mode, place.file.st_ino);
    return syscall(SYS_openat, at, path, flags, mode);
}

static int any_open(int at, const char *path, int flags, mode_t mode) {
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    if (!writes) return syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&lock);
    int fd = open_to_write(at, path, flags, mode);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define OPEN(at)                                                                               \
    va_list arguments;                                                                         \
    va_start(arguments, flags);                                                                \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;               \
    va_end(arguments);                                                                         \
    return any_open(at, path, flags, mode)

int open(const char *path, int flags, ...) { OPEN(AT_FDCWD); }
int open64(const char *path, int flags, ...) { OPEN(AT_FDCWD); }
int openat(int at, const char *path, int flags, ...) { OPEN(at); }
int openat64(int at, const char *path, int flags, ...) { OPEN(at); }

int mkdirat(int at, const char *path, mode_t mode) {
    struct place place;
    if (!find(at, path, &place)) return syscall(SYS_mkdirat, at, path, mode);
    struct record record = { .kind = MAKE_FOLDER, .folder = place.folder.st_ino };
    pthread_mutex_lock(&lock);
    int result = next(MAKE_FOLDER, true) == REFUSED ? -1 : syscall(SYS_mkdirat, at, path, mode);
    record.failed = result < 0 || !find(at, path, &place);
    record.file = record.failed ? 0 : place.file.st_ino;
    done(record, place.name, "", "");
    pthread_mutex_unlock(&lock);
    return result;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int renameat2(int at, const char *path, int to_at, const char *to_path, unsigned flags) {
    struct place from, to;
    bool ours = find(at, path, &from) | find(to_at, to_path, &to);
    if (!ours) return syscall(SYS_renameat2, at, path, to_at, to_path, flags);
    if ((flags & ~RENAME_NOREPLACE) || !find(at, path, &from) || !find(to_at, to_path, &to))
        return refuse(EXDEV);
    ATOMIC(true, syscall(SYS_renameat2, at, path, to_at, to_path, flags), from.name, to.name,
           .kind = RENAME, .file = from.exists ? from.file.st_ino : 0,
           .folder = from.folder.st_ino, .to_folder = to.folder.st_ino);
}

int renameat(int at, const char *path, int to_at, const char *to_path) {
    return renameat2(at, path, to_at, to_path, 0);
}

int rename(const char *path, const char *to_path) {
    return renameat2(AT_FDCWD, path, AT_FDCWD, to_path, 0);
}

int linkat(int at, const char *path, int to_at, const char *to_path, int flags) {
    struct place from, to;
    if (!find(to_at, to_path, &to)) return syscall(SYS_linkat, at, path, to_at, to_path, flags);
    if (!find(at, path, &from)) return refuse(EXDEV);
    ATOMIC(true, syscall(SYS_linkat, at, path, to_at, to_path, flags), "", to.name, .kind = LINK,
           .file = from.exists ? from.file.st_ino : 0, .to_folder = to.folder.st_ino);
}

int link(const char *path, const char *to_path) {
    return linkat(AT_FDCWD, path, AT_FDCWD, to_path, 0);
}

int unlinkat(int at, const char *path, int flags) {
    struct place place;
    if (!find(at, path, &place)) return syscall(SYS_unlinkat, at, path, flags);
    ATOMIC(false, syscall(SYS_unlinkat, at, path, flags), place.name, "", .kind = REMOVE,
           .file = place.exists ? place.file.st_ino : 0, .folder = place.folder.st_ino);
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

/* ---- what callers have a fallback for ---- */

ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t bytes,
                        unsigned flags) {
    struct stat about;
    if (is_ours(to, &about)) return refuse(EOPNOTSUPP);
    return syscall(SYS_copy_file_range, from, from_at, to, to_at, bytes, flags);
}

ssize_t sendfile64(int to, int from, off_t *from_at, size_t bytes) {
    struct stat about;
    if (is_ours(to, &about)) return refuse(EINVAL);
    return syscall(SYS_sendfile, to, from, from_at, bytes);
}

ssize_t sendfile(int to, int from, off_t *from_at, size_t bytes) {
    return sendfile64(to, from, from_at, bytes);
}

ssize_t splice(int from, off_t *from_at, int to, off_t *to_at, size_t bytes, unsigned flags) {
    struct stat about;
    if (is_ours(to, &about)) return refuse(EINVAL);
    return syscall(SYS_splice, from, from_at, to, to_at, bytes, flags);
}
