#include <fcgiapp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/*
 * Declared by glibc for _GNU_SOURCE only, which Swift's Glibc module is built without. Their headers stay out, or their
 * types would belong to this module.
 */
struct sockaddr;
int accept4(int socket, struct sockaddr *address, unsigned int *length, int flags);
int memfd_create(const char *name, unsigned int flags);
#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1U
#endif
int pthread_setname_np(unsigned long thread, const char *name);
#ifndef POLLRDHUP
#define POLLRDHUP 0x2000
#endif
