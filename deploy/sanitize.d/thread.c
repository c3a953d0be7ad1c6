/*
 * Linked into the programs of `deploy/sanitize thread`.
 *
 * The thread sanitizer sees what it has instrumented. The quick ways into and out of Swift's Synchronization.Mutex are inlined
 * into our code, so it sees those; the slow ways, for when a thread has to wait, are in a library that is not instrumented,
 * and there it misses that one thread's unlocking comes before another's locking. So they are wrapped here, by their
 * mangled names (`nm -D libswiftSynchronization.so | swift demangle`), and say so.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

extern void __tsan_acquire(void *address);
extern void __tsan_release(void *address);

/* Swift's methods take self in a register of its own. */
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

typedef SWIFT void (*Lock)(uint32_t thread, SELF void *handle);
typedef SWIFT void (*Unlock)(SELF void *handle);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lockSlow(uint32_t thread, SELF void *handle) __asm__(LOCK);
SWIFT void unlockSlow(SELF void *handle) __asm__(UNLOCK);

static Lock realLock;
static Unlock realUnlock;

__attribute__((constructor)) static void find(void) {
    realLock = (Lock)dlsym(RTLD_NEXT, LOCK);
    realUnlock = (Unlock)dlsym(RTLD_NEXT, UNLOCK);
}

SWIFT void lockSlow(uint32_t thread, SELF void *handle) {
    realLock(thread, handle);
    __tsan_acquire(handle);
}

SWIFT void unlockSlow(SELF void *handle) {
    __tsan_release(handle);
    realUnlock(handle);
}

/*
 * The sanitizer's options are compiled in, because tests start their processes with an environment of their own. Reports
 * go to files, which the script looks for, and leave the exit status as it is, which tests look at.
 */
const char *__tsan_default_options(void) {
    return "log_path=" REPORTS ":log_exe_name=1:exitcode=0:second_deadlock_stack=1:history_size=4";
}
