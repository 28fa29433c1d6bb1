// SPDX-License-Identifier: MIT
// echo.cc - small messages that come back over loopback connections: LWPX_Read and LWPX_Write, and
// IOMGR_Select with read(2) and write(2), an LWP per connection, beside a bare loop of epoll_wait,
// read and write.
//   echo [ACTIVE IDLE]...
//
// The clients are another process, on another processor if there is one, and the same for all. Each
// run forks a server that inherits the connections.
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "echo_clients.h"

namespace {

using bench::Clients;
using bench::Connections;

// What a server does until it is told to end.
using Server = void (*)(const std::vector<int>& connections);

struct Figures {
  double per_second;
  double cpu_ns;  // of the server, per round trip
};

int ready_fd;
double cpu_at_start;

double process_cpu_ns() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// All connections are being waited for.
void is_ready() {
  cpu_at_start = process_cpu_ns();
  const double unused = 0;
  if (write(ready_fd, &unused, sizeof unused) < 0) abort();
}

bool ends_server(const char* message) { return message[0] == bench::kEnd; }

[[noreturn]] void end_server() {
  const double cpu = process_cpu_ns() - cpu_at_start;
  if (write(ready_fd, &cpu, sizeof cpu) < 0) abort();
  _exit(EXIT_SUCCESS);
}

void serve_bare(const std::vector<int>& connections) {
  constexpr int kBatch = 128;
  const int epoll = epoll_create1(0);
  for (const int fd : connections) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) abort();
  }
  is_ready();
  for (;;) {
    epoll_event events[kBatch];
    const int count = epoll_wait(epoll, events, kBatch, -1);
    for (int i = 0; i < count; ++i) {
      char buffer[1024];
      const ssize_t size = read(events[i].data.fd, buffer, sizeof buffer);
      if (size <= 0) abort();
      if (ends_server(buffer)) end_server();
      if (write(events[i].data.fd, buffer, static_cast<std::size_t>(size)) != size) abort();
    }
  }
}

void serve_by_lwps(const std::vector<int>& connections, void (*serve_one)(void*)) {
  constexpr int kStack = 16384;
  if (LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, nullptr) != LWP_SUCCESS) abort();
  if (IOMGR_Initialize() != LWP_SUCCESS) abort();
  for (const int& fd : connections) {
    void* const parm = const_cast<int*>(&fd);
    if (LWP_CreateProcess(serve_one, kStack, LWP_NORMAL_PRIORITY, parm, "echo", nullptr) != 0) {
      abort();
    }
  }
  timespec moment = {0, 200000000};  // what is looked after now and then is
  LWPX_Sleep(&moment);
  is_ready();
  LWP_WaitProcess(&moment);
}

void read_and_write(void* parm) {
  const int fd = *static_cast<const int*>(parm);
  for (;;) {
    char buffer[1024];
    const ssize_t size = LWPX_Read(fd, buffer, sizeof buffer);
    if (size <= 0) abort();
    if (ends_server(buffer)) end_server();
    if (LWPX_Write(fd, buffer, static_cast<std::size_t>(size)) != size) abort();
  }
}

void select_read_and_write(void* parm) {
  const int fd = *static_cast<const int*>(parm);
  for (;;) {
    char buffer[1024];
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    if (IOMGR_Select(fd + 1, &set, nullptr, nullptr, nullptr) != 1) abort();
    const ssize_t size = read(fd, buffer, sizeof buffer);
    if (size <= 0) abort();
    if (ends_server(buffer)) end_server();
    if (write(fd, buffer, static_cast<std::size_t>(size)) != size) abort();
  }
}

void serve_by_lwpx(const std::vector<int>& connections) {
  serve_by_lwps(connections, read_and_write);
}

void serve_by_select(const std::vector<int>& connections) {
  serve_by_lwps(connections, select_read_and_write);
}

Figures measure(Server server, const Connections& connections, Clients& clients, int active) {
  constexpr int kMs = 200;
  int report[2];
  if (pipe(report) != 0) abort();
  const pid_t pid = fork();
  if (pid == 0) {
    ready_fd = report[1];
    server(connections.served());
    _exit(EXIT_FAILURE);
  }
  double ready;
  double cpu;
  if (read(report[0], &ready, sizeof ready) != sizeof ready) abort();
  const Clients::Count count = clients.run(active, kMs);
  if (read(report[0], &cpu, sizeof cpu) != sizeof cpu) abort();
  waitpid(pid, nullptr, 0);
  close(report[0]);
  close(report[1]);
  return {static_cast<double>(count.trips) / count.seconds,
          cpu / static_cast<double>(count.all_trips)};
}

struct Contestant {
  const char* name;
  Server server;
  std::vector<double> per_second;
  std::vector<double> ratios;
  std::vector<double> cpu_ns;
  std::vector<double> cpu_ratios;
};

void compare(int active, int idle) {
  const Connections connections(active + idle);
  Clients clients(connections);
  std::vector<Contestant> contestants = {{"bare loop", serve_bare, {}, {}, {}, {}},
                                         {"LWPX_Read", serve_by_lwpx, {}, {}, {}, {}}};
  if (connections.served().back() < FD_SETSIZE) {
    contestants.push_back({"IOMGR_Select", serve_by_select, {}, {}, {}, {}});
  }
  for (int run = 0; run <= bench::kRuns; ++run) {
    for (Contestant& contestant : contestants) {
      const Figures figures = measure(contestant.server, connections, clients, active);
      if (run == 0) continue;
      contestant.per_second.push_back(figures.per_second);
      contestant.ratios.push_back(figures.per_second / contestants[0].per_second.back());
      contestant.cpu_ns.push_back(figures.cpu_ns);
      contestant.cpu_ratios.push_back(figures.cpu_ns / contestants[0].cpu_ns.back());
    }
  }
  const Contestant& bare = contestants[0];
  for (std::size_t i = 1; i < contestants.size(); ++i) {
    const Contestant& ours = contestants[i];
    char what[64];
    snprintf(what, sizeof what, "echo, %d active, %d idle", active, idle);
    bench::report(what, {bare.name, bench::median(bare.per_second), "/s"},
                  {ours.name, bench::median(ours.per_second), "/s"}, bench::median(ours.ratios));
    snprintf(what, sizeof what, "  of it processor time");
    bench::report(what, {bare.name, bench::median(bare.cpu_ns), "ns"},
                  {ours.name, bench::median(ours.cpu_ns), "ns"}, bench::median(ours.cpu_ratios));
  }
  fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  bench::pin();
  if (argc == 1) {
    compare(100, 0);
    compare(1000, 0);
    compare(1, 0);
    compare(1, 1000);
    compare(1, 10000);
  }
  for (int i = 1; i + 1 < argc; i += 2) {
    const int active = atoi(argv[i]);
    const int idle = atoi(argv[i + 1]);
    if (active < 1 || idle < 0) {
      fprintf(stderr, "echo: '%s %s' are no numbers of connections\n", argv[i], argv[i + 1]);
      return EXIT_FAILURE;
    }
    compare(active, idle);
  }
  return EXIT_SUCCESS;
}
