// Sends webhooks at given instants, whether or not the answers to the ones before have come: an open loop, where what waits
// behind a slow answer counts as slow too. Latencies count from the instant at which a webhook was due.
//
//   pace PORT PATH CONNECTIONS RATE FILE
//
// sends each line of the file (a signature, a space, a body) once, RATE of them a second, or as fast as the answers come if
// RATE is 0, waits for all answers, and prints the results as one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { signature_length = 64, patience_seconds = 60 };

struct connection {
    int descriptor;
    size_t webhook;
    size_t received;
    char answer[4096];
};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void give_up(const char *what) {
    fprintf(stderr, "pace: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int connect_to(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int descriptor = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) give_up("connect");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return descriptor;
}

static void send_webhook(int descriptor, const char *path, const char *line, const char *end) {
    static char request[65536];
    const char *body = line + signature_length + 1;
    int length = snprintf(
        request, sizeof request,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "X-Viber-Content-Signature: %.64s\r\nContent-Length: %zd\r\n\r\n%.*s",
        path, line, end - body, (int)(end - body), body);
    if (length >= (int)sizeof request || write(descriptor, request, length) != length) give_up("a webhook can't be sent");
}

// Whether the whole answer is there: Content-Length or an empty chunk marks its end.
static int is_whole(struct connection *connection) {
    connection->answer[connection->received] = 0;
    char *end = strstr(connection->answer, "\r\n\r\n");
    if (!end) return 0;
    char *length = strcasestr(connection->answer, "\r\nContent-Length:");
    if (length && length < end) return end + 4 + atol(length + 17) <= connection->answer + connection->received;
    return strstr(end + 2, "\r\n0\r\n\r\n") != NULL;
}

static int by_size(const void *one, const void *other) {
    int64_t difference = *(const int64_t *)one - *(const int64_t *)other;
    return (difference > 0) - (difference < 0);
}

static long microseconds(const int64_t *sorted, size_t count, double part) {
    size_t index = part * count;
    return sorted[index < count ? index : count - 1] / 1000;
}

int main(int word_count, char **words) {
    if (word_count != 6) {
        fprintf(stderr, "usage: pace PORT PATH CONNECTIONS RATE FILE\n");
        return 64;
    }
    int port = atoi(words[1]), connection_count = atoi(words[3]);
    double rate = atof(words[4]);

    int file = open(words[5], O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) give_up(words[5]);
    const char *text = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (text == MAP_FAILED) give_up(words[5]);
    size_t count = 0;
    for (const char *at = text; (at = memchr(at, '\n', text + status.st_size - at)); at++) count++;
    const char **ends = malloc((count + 1) * sizeof *ends), *at = text - 1;
    int64_t *latencies = malloc((count + 1) * sizeof *latencies);
    if (!ends || !latencies) give_up("memory");
    for (size_t index = 0; index < count; index++) ends[index] = at = memchr(at + 1, '\n', text + status.st_size - at - 1);

    int queue = epoll_create1(0);
    struct connection *connections = calloc(connection_count, sizeof *connections);
    struct connection **idle = malloc(connection_count * sizeof *idle);
    int idle_count = 0;
    for (int index = 0; index < connection_count; index++) {
        struct connection *connection = idle[idle_count++] = &connections[index];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        connection->descriptor = connect_to(port);
        if (epoll_ctl(queue, EPOLL_CTL_ADD, connection->descriptor, &event) != 0) give_up("epoll_ctl");
    }

    size_t sent = 0, answered = 0, refused = 0;
    int64_t start = now(), last_answer = start;
    while (answered < count) {
        int64_t time = now(), due = 0;
        while (sent < count && idle_count > 0) {
            due = rate > 0 ? start + (int64_t)(sent / rate * 1e9) : time;
            if (due > time) break;
            struct connection *connection = idle[--idle_count];
            connection->webhook = sent;
            connection->received = 0;
            latencies[sent] = due;
            send_webhook(connection->descriptor, words[2], sent == 0 ? text : ends[sent - 1] + 1, ends[sent]);
            sent++;
        }
        if (time - last_answer > patience_seconds * INT64_C(1000000000) && sent > answered) {
            errno = ETIMEDOUT;
            give_up("no answer comes");
        }
        int64_t wait = sent < count && idle_count > 0 ? due - time : INT64_C(1000000000);
        if (wait < 0) wait = 0;
        struct timespec timeout = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
        struct epoll_event events[64];
        int event_count = epoll_pwait2(queue, events, 64, &timeout, NULL);
        if (event_count < 0 && errno != EINTR) give_up("epoll_pwait2");
        for (int index = 0; index < event_count; index++) {
            struct connection *connection = events[index].data.ptr;
            ssize_t length = read(
                connection->descriptor, connection->answer + connection->received,
                sizeof connection->answer - 1 - connection->received);
            if (length <= 0) give_up("a connection ended");
            connection->received += length;
            if (!is_whole(connection)) continue;
            last_answer = now();
            latencies[connection->webhook] = last_answer - latencies[connection->webhook];
            if (strncmp(connection->answer, "HTTP/1.1 200 ", 13) != 0) refused++;
            answered++;
            idle[idle_count++] = connection;
        }
    }
    qsort(latencies, count, sizeof *latencies, by_size);
    printf(
        "{\"answers\": %zu, \"refused\": %zu, \"broken\": 0, \"seconds\": %f, "
        "\"p50_us\": %ld, \"p99_us\": %ld, \"p999_us\": %ld, \"max_us\": %ld}\n",
        answered, refused, (last_answer - start) / 1e9, microseconds(latencies, count, 0.5),
        microseconds(latencies, count, 0.99), microseconds(latencies, count, 0.999), microseconds(latencies, count, 1));
    return 0;
}
