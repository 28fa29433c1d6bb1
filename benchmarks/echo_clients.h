// SPDX-License-Identifier: MIT
// echo_clients.h - loopback connections, and a process that sends messages over them and waits for
// what comes back, one message under way per connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace bench {

constexpr int kMessageSize = 64;
constexpr char kEnd = 'e';  // first byte of the message that ends the server

inline double seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

class Connections {
 public:
  explicit Connections(int count) {
    sockaddr_in address = {};
    socklen_t length = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener_, any, length) != 0 || listen(listener_, SOMAXCONN) != 0 ||
        getsockname(listener_, any, &length) != 0) {
      fail("listen");
    }
    address_ = address;
    // Both processes close the other's ends; these come first, so that their numbers are low.
    for (int i = 0; i < count; ++i) served_.push_back(dup(listener_));
  }

  ~Connections() {
    for (const int fd : served_) close(fd);
    close(listener_);
  }

  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  const std::vector<int>& served() const { return served_; }
  const sockaddr_in& address() const { return address_; }

  // To be called as often as there are connections, while the other side connects.
  void accept_all() const {
    for (const int fd : served_) {
      const int accepted = accept(listener_, nullptr, nullptr);
      if (accepted < 0 || dup2(accepted, fd) != fd) fail("accept");
      close(accepted);
      set_no_delay(fd);
    }
  }

  static void set_no_delay(int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

  [[noreturn]] static void fail(const char* what) {
    perror(what);
    exit(EXIT_FAILURE);
  }

 private:
  int listener_;
  sockaddr_in address_;
  std::vector<int> served_;
};

class Clients {
 public:
  struct Count {
    long trips;  // in so many seconds
    double seconds;
    long all_trips;  // with those before
  };

  explicit Clients(const Connections& connections) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, control_) != 0) Connections::fail("socketpair");
    pid_ = fork();
    if (pid_ < 0) Connections::fail("fork");
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (const int fd : connections.served()) close(fd);
      live(connections.address(), connections.served().size());
    }
    connections.accept_all();
  }

  ~Clients() {
    close(control_[0]);
    close(control_[1]);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  // The first `active` connections are busy for so long; then the server is told to end.
  Count run(int active, int ms) {
    const Order order = {active, ms};
    Count count;
    if (write(control_[0], &order, sizeof order) != sizeof order ||
        read(control_[0], &count, sizeof count) != sizeof count) {
      Connections::fail("clients");
    }
    return count;
  }

 private:
  struct Order {
    int active;
    int ms;
  };

  static void leave_processor() {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (cpu != sched_getcpu()) CPU_SET(cpu, &set);
    }
    sched_setaffinity(0, sizeof set, &set);  // if there is no other, they share it
  }

  [[noreturn]] void live(const sockaddr_in& address, std::size_t count) {
    leave_processor();
    std::vector<int> fds;
    const int epoll = epoll_create1(0);
    for (std::size_t i = 0; i < count; ++i) {
      const int fd = socket(AF_INET, SOCK_STREAM, 0);
      if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        Connections::fail("connect");
      }
      Connections::set_no_delay(fd);
      epoll_event event = {};
      event.events = EPOLLIN;
      event.data.fd = fd;
      if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) Connections::fail("epoll_ctl");
      fds.push_back(fd);
    }
    Order order;
    while (read(control_[1], &order, sizeof order) == sizeof order) {
      const Count done = exchange(epoll, fds, order);
      send(fds[0], kEnd);
      if (write(control_[1], &done, sizeof done) != sizeof done) break;
    }
    _exit(EXIT_SUCCESS);
  }

  static void send(int fd, char first) {
    char message[kMessageSize] = {first};
    if (write(fd, message, sizeof message) != sizeof message) Connections::fail("write");
  }

  // Every connection once, so that what is done only the first time has been done; then for as long
  // as was ordered. What is under way when the time is over is still waited for.
  static Count exchange(int epoll, const std::vector<int>& fds, const Order& order) {
    const Count first = exchange_until(0, epoll, fds, order.active);
    Count count = exchange_until(seconds() + order.ms / 1000.0, epoll, fds, order.active);
    count.all_trips += first.all_trips;
    return count;
  }

  static Count exchange_until(double end, int epoll, const std::vector<int>& fds, int active) {
    constexpr int kBatch = 128;
    const double begin = seconds();
    double now = begin;
    long trips = 0;
    int under_way = 0;
    for (; under_way < active; ++under_way) send(fds[static_cast<std::size_t>(under_way)], 0);
    while (under_way > 0) {
      epoll_event events[kBatch];
      const int count = epoll_wait(epoll, events, kBatch, -1);
      now = seconds();
      for (int i = 0; i < count; ++i) {
        char message[kMessageSize];
        if (read(events[i].data.fd, message, sizeof message) != sizeof message) {
          Connections::fail("read");
        }
        ++trips;
        if (now < end) {
          send(events[i].data.fd, 0);
        } else {
          --under_way;
        }
      }
    }
    return {trips, now - begin, trips};
  }

  int control_[2];
  pid_t pid_;
};

}  // namespace bench
