#include "FaultyDisk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

// Stands behind the system's own part of each open file.
struct extra {
    const sqlite3_io_methods *base;
    char *path;
};

// The system's methods with ours in their places; there are a few kinds of files, and each has its own.
struct table {
    const sqlite3_io_methods *base;
    sqlite3_io_methods own;
};

static faulty_disk_judge judge;
static sqlite3_vfs *system_vfs;
static sqlite3_vfs own_vfs;
static struct table tables[16];
static int table_count;
static pthread_mutex_t table_mutex = PTHREAD_MUTEX_INITIALIZER;

static struct extra *extra_of(sqlite3_file *file) {
    return (struct extra *)((char *)file + ((system_vfs->szOsFile + 15) & ~15));
}

static int disk_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    struct extra *extra = extra_of(file);
    int code = judge(extra->path, FAULTY_DISK_READ, NULL, count, offset);
    return code ? code : extra->base->xRead(file, bytes, count, offset);
}

static int disk_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    struct extra *extra = extra_of(file);
    int code = judge(extra->path, FAULTY_DISK_WRITE, bytes, count, offset);
    if (code == 0) return extra->base->xWrite(file, bytes, count, offset);
    extra->base->xWrite(file, bytes, count / 2, offset);
    return code;
}

static int disk_sync(sqlite3_file *file, int flags) {
    struct extra *extra = extra_of(file);
    int code = judge(extra->path, FAULTY_DISK_SYNC, NULL, 0, 0);
    if (code == 0) code = extra->base->xSync(file, flags);
    if (code == 0) judge(extra->path, FAULTY_DISK_SYNCED, NULL, 0, 0);
    return code;
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 length) {
    struct extra *extra = extra_of(file);
    int code = judge(extra->path, FAULTY_DISK_TRUNCATE, NULL, 0, length);
    return code ? code : extra->base->xTruncate(file, length);
}

static int disk_close(sqlite3_file *file) {
    struct extra *extra = extra_of(file);
    free(extra->path);
    return extra->base->xClose(file);
}

static const sqlite3_io_methods *own_methods(const sqlite3_io_methods *base) {
    const sqlite3_io_methods *found = NULL;
    pthread_mutex_lock(&table_mutex);
    for (int index = 0; index < table_count && !found; index++) {
        if (tables[index].base == base) found = &tables[index].own;
    }
    if (!found && table_count < 16) {
        struct table *table = &tables[table_count++];
        table->base = base;
        table->own = *base;
        // Without the newer way of reading through a mapping, which would pass us by.
        if (table->own.iVersion > 2) table->own.iVersion = 2;
        table->own.xRead = disk_read;
        table->own.xWrite = disk_write;
        table->own.xSync = disk_sync;
        table->own.xTruncate = disk_truncate;
        table->own.xClose = disk_close;
        found = &table->own;
    }
    pthread_mutex_unlock(&table_mutex);
    return found;
}

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out) {
    (void)vfs;
    file->pMethods = NULL;
    int code = name ? judge(name, FAULTY_DISK_OPEN, NULL, 0, 0) : 0;
    if (code == 0) code = system_vfs->xOpen(system_vfs, name, file, flags, flags_out);
    if (code != 0 || !file->pMethods || !name) return code;
    const sqlite3_io_methods *own = own_methods(file->pMethods);
    if (!own) return 0;
    extra_of(file)->base = file->pMethods;
    extra_of(file)->path = strdup(name);
    file->pMethods = own;
    return 0;
}

void faulty_disk_install(faulty_disk_judge given) {
    judge = given;
    system_vfs = sqlite3_vfs_find(NULL);
    own_vfs = *system_vfs;
    own_vfs.pNext = NULL;
    own_vfs.zName = "faulty-disk";
    own_vfs.szOsFile = ((system_vfs->szOsFile + 15) & ~15) + (int)sizeof(struct extra);
    own_vfs.xOpen = disk_open;
    sqlite3_vfs_register(&own_vfs, 1);
}
