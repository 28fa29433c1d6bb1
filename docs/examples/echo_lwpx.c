/* SPDX-License-Identifier: MIT */
/*
 * echo_lwpx.c - the echo server of echo_select.c on the LWPX calls, which wait by themselves.
 *
 *     echo_lwpx PORT     serves that port of loopback
 *     echo_lwpx          serves a free port, talks to itself and checks what comes back
 */
#include <arpa/inet.h>
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static struct sockaddr_in address;
static int answered;

static int send_all(int fd, const char *text, ssize_t size)
{
    while (size > 0) {
        ssize_t sent = LWPX_Send(fd, text, (size_t)size, MSG_NOSIGNAL);

        if (sent < 0)
            return -1;
        text += sent;
        size -= sent;
    }
    return 0;
}

static void echo(void *parm)
{
    int fd = (int)(long)parm;
    char text[1024];
    ssize_t size;

    while ((size = LWPX_Read(fd, text, sizeof text)) > 0) {
        if (send_all(fd, text, size) != 0)
            break;
    }
    close(fd);
}

static void serve(void *parm)
{
    int listener = (int)(long)parm;
    int fd;

    while ((fd = LWPX_Accept(listener, NULL, NULL)) >= 0)
        LWP_CreateProcess(echo, 0, LWP_NORMAL_PRIORITY, (void *)(long)fd, "echo", NULL);
    perror("accept");
}

/* Part of the self-test: one of many clients at once. */
static void talk(void *done)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char out[32], in[32];
    int turn;

    if (LWPX_Connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return;
    for (turn = 0; turn < 10; turn++) {
        ssize_t size = snprintf(out, sizeof out, "client %d turn %d", fd, turn);

        if (send_all(fd, out, size) != 0 ||
            LWPX_Recv(fd, in, (size_t)size, MSG_WAITALL) != size ||
            memcmp(in, out, (size_t)size) != 0)
            return;
    }
    close(fd);
    if (++answered == 20)
        LWP_SignalProcess(done);
}

static int check_self(void)
{
    static int done;
    struct timespec deadline;
    int i;

    for (i = 0; i < 20; i++)
        LWP_CreateProcess(talk, 0, LWP_NORMAL_PRIORITY - 1, &done, "client", NULL);
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += 100;
    if (LWPX_WaitProcessUntil(&done, &deadline) != LWP_SUCCESS)
        return 1;
    printf("%d of 20 clients were answered\n", answered);
    return LWP_TerminateProcessSupport();
}

int main(int argc, char **argv)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t length = sizeof address;

    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((unsigned short)(argc > 1 ? atoi(argv[1]) : 0));
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 50) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        perror("echo_lwpx");
        return 1;
    }
    if (LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, NULL) != LWP_SUCCESS)
        return 1;
    LWP_CreateProcess(serve, 0, LWP_NORMAL_PRIORITY, (void *)(long)listener, "server", NULL);
    if (argc == 1)
        return check_self();
    return LWP_QWait(); /* for ever: nobody signals */
}
