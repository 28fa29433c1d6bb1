/* SPDX-License-Identifier: MIT */
/*
 * echo_select.c - an echo server: one LWP per connection, waiting in IOMGR_Select.
 *
 *     echo_select PORT     serves that port of loopback
 *     echo_select          serves a free port, talks to itself and checks what comes back
 */
#include <arpa/inet.h>
#include <lwp/lwp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct sockaddr_in address;
static int answered;

/* Lets others run until the descriptor can be read. */
static int wait_to_read(int fd)
{
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    return IOMGR_Select(fd + 1, &set, NULL, NULL, NULL);
}

/* The same for writing: a peer that does not read stops its own LWP only. */
static int send_all(int fd, const char *text, ssize_t size)
{
    while (size > 0) {
        fd_set set;
        ssize_t sent;

        FD_ZERO(&set);
        FD_SET(fd, &set);
        if (IOMGR_Select(fd + 1, NULL, &set, NULL, NULL) < 0)
            return -1;
        sent = send(fd, text, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
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

    while (wait_to_read(fd) > 0 && (size = recv(fd, text, sizeof text, 0)) > 0) {
        if (send_all(fd, text, size) != 0)
            break;
    }
    close(fd);
}

static void serve(void *parm)
{
    int listener = (int)(long)parm;

    while (wait_to_read(listener) > 0) {
        int fd = accept(listener, NULL, NULL);

        if (fd >= FD_SETSIZE) /* more than a set can hold */
            close(fd);
        else if (fd >= 0)
            LWP_CreateProcess(echo, 0, LWP_NORMAL_PRIORITY, (void *)(long)fd, "echo", NULL);
    }
}

/* Part of the self-test: one of many clients at once. */
static void talk(void *parm)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char out[32], in[32];
    int turn;

    (void)parm;
    /* Loopback takes the connection at once, so this does not block the others. */
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return;
    for (turn = 0; turn < 10; turn++) {
        ssize_t size = snprintf(out, sizeof out, "client %d turn %d", fd, turn);

        if (send_all(fd, out, size) != 0 || wait_to_read(fd) != 1 ||
            recv(fd, in, sizeof in, 0) != size || memcmp(in, out, (size_t)size) != 0)
            return;
    }
    close(fd);
    answered++;
}

static int check_self(void)
{
    struct timeval pause;
    int i;

    for (i = 0; i < 20; i++)
        LWP_CreateProcess(talk, 0, LWP_NORMAL_PRIORITY, NULL, "client", NULL);
    for (i = 0; i < 10000 && answered < 20; i++) {
        pause.tv_sec = 0;
        pause.tv_usec = 10000;
        IOMGR_Select(0, NULL, NULL, NULL, &pause);
    }
    printf("%d of 20 clients were answered\n", answered);
    return answered == 20 ? LWP_TerminateProcessSupport() : 1;
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
        perror("echo_select");
        return 1;
    }
    if (LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, NULL) != LWP_SUCCESS ||
        IOMGR_Initialize() != LWP_SUCCESS)
        return 1;
    LWP_CreateProcess(serve, 0, LWP_NORMAL_PRIORITY, (void *)(long)listener, "server", NULL);
    if (argc == 1)
        return check_self();
    return LWP_QWait(); /* for ever: nobody signals */
}
