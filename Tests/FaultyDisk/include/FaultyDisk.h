// SQLite's way to the disk with somebody in between who sees each step and may make it fail.

#ifndef FAULTY_DISK_H
#define FAULTY_DISK_H

enum {
    FAULTY_DISK_OPEN,
    FAULTY_DISK_READ,
    /// Half of it is written when it fails.
    FAULTY_DISK_WRITE,
    FAULTY_DISK_SYNC,
    /// A sync came to its good end.
    FAULTY_DISK_SYNCED,
    FAULTY_DISK_TRUNCATE,
};

/// Called for each step. Gives the SQLite result code that it is to fail with, 0 to let it be made.
///
/// `offset` is the new length when it is a truncation.
typedef int (*faulty_disk_judge)(
    const char *path, int operation, const void *bytes, int count, long long offset);

/// Makes it the way of all connections that are opened from now on in this process. To be called once.
void faulty_disk_install(faulty_disk_judge judge);

#endif
