// The least that libfcgi can do: reads a request whole and answers 200, in as many processes and threads as asked for. What it
// reaches behind the same nginx is the limit that byoc is measured against.
//
//   empty SOCKET PROCESSES THREADS
#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static int listening;

static void *serve(void *unused) {
    (void)unused;
    FCGX_Request request;
    char body[8192];
    if (FCGX_InitRequest(&request, listening, 0) != 0) exit(1);
    while (FCGX_Accept_r(&request) == 0) {
        while (FCGX_GetStr(body, sizeof body, request.in) == (int)sizeof body) continue;
        FCGX_PutS("Status: 200 OK\r\n\r\n", request.out);
        FCGX_Finish_r(&request);
    }
    exit(1);
}

int main(int count, char **words) {
    if (count != 4) {
        fprintf(stderr, "usage: empty SOCKET PROCESSES THREADS\n");
        return 64;
    }
    int processes = atoi(words[2]), threads = atoi(words[3]);
    if (FCGX_Init() != 0 || (listening = FCGX_OpenSocket(words[1], 1024)) < 0) {
        perror(words[1]);
        return 1;
    }
    // libfcgi has set a handler that only ends its accepting.
    signal(SIGTERM, SIG_DFL);
    for (int process = 0; process < processes; process++) {
        pid_t child = fork();
        if (child < 0) {
            perror("fork");
            return 1;
        }
        if (child > 0) continue;
        // Whoever ends the first process ends them all.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int number = 1; number < threads; number++) {
            pthread_t thread;
            if (pthread_create(&thread, NULL, serve, NULL) != 0) return 1;
        }
        serve(NULL);
    }
    for (;;) pause();
}
