// SPDX-License-Identifier: MIT
// test_poller.cc - what waits for TCP connections is told of all that is there, whoever waited
// before and whatever was done in between.
//
// Nothing here takes so long that a wait would be confirmed: what is missed is not made good.
#include <fcntl.h>

#include <memory>
#include <random>

#include "poller_model.h"

namespace {

using poller_model::Connection;
using poller_model::kMuch;
using poller_model::Looker;
using poller_model::ready_for;
using poller_model::Waiter;

constexpr int kBusy = 40;  // messages
const char* const kNoLoopback = "no connections over loopback";

CASE_IF(have_connections(), kNoLoopback, busy_connection_goes_by_edge) {
  Looker looker;
  Connection connection(looker);
  connection.converse(2);
  expect(!is_by_edge(connection.fd()));
  connection.converse(kBusy);
  expect(is_by_edge(connection.fd()));
}

CASE(busy_local_stream_does_not) {
  Looker looker;
  int ends[2];
  Waiter waiter;
  expect(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  for (int i = 0; i < kBusy; ++i) {
    char buffer[kMuch];
    looker.wait_for(waiter, ends[0], EPOLLIN, true);
    expect(write(ends[1], "x", 1) == 1);
    looker.look();
    expect(waiter.does == Waiter::Does::was_told);
    expect(recv(ends[0], buffer, sizeof buffer, MSG_DONTWAIT) == 1);
    looker->prove(ends[0], true);
    looker->note_short_read(ends[0]);
    expect(!is_by_edge(ends[0]));
  }
}

CASE_IF(have_connections(), kNoLoopback, connection_whose_owner_reads_out_of_turn_does_not) {
  Looker looker;
  Connection connection(looker);
  expect(fcntl(connection.fd(), F_SETOWN, getpid()) == 0);
  connection.converse(kBusy);
  expect(!is_by_edge(connection.fd()));
}

CASE_IF(have_connections(), kNoLoopback,
        who_waits_otherwise_is_told_of_what_a_reader_by_edge_has_left) {
  Looker looker;
  for (const bool reads_first : {false, true}) {
    Connection connection(looker);
    connection.converse(kBusy);
    connection.read(0);
    connection.come(20);
    connection.look();
    expect(connection.was_told(0));
    if (reads_first) connection.read(0, 5);
    for (int i = 0; i < 3; ++i) {
      connection.wait_for(1, EPOLLIN, false);
      connection.look();
      expect(connection.was_told(1));
      connection.read_otherwise(3);
    }
  }
}

CASE_IF(have_connections(), kNoLoopback,
        what_was_reported_while_nobody_waited_is_told_to_who_comes) {
  Looker looker;
  for (const bool retried : {false, true}) {
    Connection connection(looker);
    connection.converse(kBusy);
    connection.come(5);
    connection.look();
    if (retried) {
      connection.read(0);
    } else {
      connection.wait_for(0, EPOLLIN, false);
    }
    connection.look();
    expect(!connection.waits(0));
  }
}

CASE_IF(have_connections(), kNoLoopback,
        reader_for_whom_there_was_no_room_is_told_at_the_next_look) {
  Looker looker;
  Connection connection(looker);
  connection.converse(kBusy);
  connection.read(0);
  connection.come(5);
  looker.look(1);
  expect(connection.waits(0));
  connection.look();
  expect(connection.was_told(0));
}

CASE_IF(have_connections(), kNoLoopback, data_behind_an_urgent_byte_are_told_of) {
  Looker looker;
  for (const bool read_out_of_turn : {false, true}) {
    Connection connection(looker);
    connection.converse(kBusy);
    connection.read(0);
    connection.come(3);
    connection.come(2, MSG_OOB);  // the last of them is urgent
    connection.come(7);
    if (read_out_of_turn) {
      looker->note_urgent(connection.fd());
      connection.read_otherwise(1, MSG_OOB);
    }
    connection.look();
    connection.read(0);
    expect(ready_for(connection.fd(), POLLIN) != 0);  // it has ended before the urgent byte
    connection.read(0);
    connection.look();
    expect(!connection.waits(0));
    connection.read(0);
    connection.converse(kBusy);
    expect(!is_by_edge(connection.fd()));
  }
}

CASE_IF(have_connections(), kNoLoopback, who_waits_for_what_is_urgent_keeps_edges_away) {
  Looker looker;
  Connection connection(looker);
  connection.converse(kBusy);
  expect(is_by_edge(connection.fd()));
  connection.wait_for(1, EPOLLPRI, false);
  looker.withdraw(connection.waiter(1));
  connection.converse(kBusy);
  expect(!is_by_edge(connection.fd()));
}

CASE_IF(have_connections(), kNoLoopback, writer_is_told_while_a_reader_goes_over_to_edges) {
  Looker looker;
  for (int messages = 1; messages < kBusy; ++messages) {
    Connection connection(looker);
    connection.wait_for(1, EPOLLOUT, true);
    connection.look();
    connection.converse(messages);
    connection.wait_for(1, EPOLLOUT, true);
    connection.read(0);
    connection.look();
    expect(connection.was_told(1));
    connection.wait_for(1, EPOLLOUT, true);
    connection.look();
    expect(connection.was_told(1) && connection.waits(0));
  }
}

// Many things in any order.
class Storm {
 public:
  Storm(Looker& looker, unsigned seed) : looker_(looker), random_(seed) {
    for (auto& each : connections_) each = std::make_unique<Connection>(looker);
  }

  void step() {
    auto& connection = connections_[draw(kConnections)];
    if (draw(30) == 0) disturb(connection);
    if (draw(30) != 0) go_on(*connection, 0, kMuch);
    if (draw(2) == 0) connection->come(1 + draw(30));
    if (draw(3) == 0) return;  // several are told at once
    look();
    for (auto& each : connections_) {
      if (each->was_told(0) && draw(30) != 0) each->read(0, draw(30) == 0 ? 8 : kMuch);
      if (draw(30) != 0) go_on(*each, 0, kMuch);
    }
  }

  // How many of the connections go by edge just now.
  int by_edge() const {
    int count = 0;
    for (const auto& each : connections_) count += is_by_edge(each->fd());
    return count;
  }

 private:
  static constexpr unsigned kConnections = 4;

  unsigned draw(unsigned below) { return static_cast<unsigned>(random_() % below); }

  static void go_on(Connection& connection, unsigned who, std::size_t size) {
    if (!connection.waits(who)) connection.read(who, size);
  }

  // What keeps it from edges for good.
  void disturb_urgently(Connection& connection, unsigned other) {
    switch (draw(3)) {
      case 0:
        return connection.come(1, MSG_OOB);
      case 1:
        looker_->note_urgent(connection.fd());
        return connection.read_otherwise(1, MSG_OOB);
      default:
        if (!connection.waits(other)) connection.wait_for(other, EPOLLIN | EPOLLPRI, false);
    }
  }

  void disturb(std::unique_ptr<Connection>& place) {
    Connection& connection = *place;
    const unsigned other = 1 + draw(Connection::kWaiters - 1);
    const bool waits = connection.waits(other);
    switch (draw(60)) {
      case 0:
        if (draw(2) == 0) return disturb_urgently(connection, other);
        return look();
      case 1:
      case 2:
        connection.hang_up();
        look();
        place = nullptr;
        place = std::make_unique<Connection>(looker_);
        return;
      case 3:
      case 4:
        return looker_.withdraw(connection.waiter(draw(Connection::kWaiters)));
      case 5:
      case 6:
        if (!waits) connection.wait_for(other, EPOLLIN, false);
        return;
      case 7:
      case 8:
        if (!waits) connection.wait_for(other, EPOLLOUT, draw(2) == 0);
        return;
      case 9:
        return go_on(connection, other, 1 + draw(kMuch));
      case 10:
        return connection.read_otherwise(1 + draw(kMuch));
      case 11:
        return connection.read_otherwise(8, MSG_PEEK);
      case 12:
        return looker_.look(1);
      default:
        return look();
    }
  }

  void look() {
    looker_.look();
    for (auto& each : connections_) each->check();
  }

  Looker& looker_;
  std::minstd_rand random_;
  std::unique_ptr<Connection> connections_[kConnections];
};

CASE_IF(have_connections(), kNoLoopback, nobody_waits_for_what_is_there_whatever_was_done) {
  Looker looker;
  int by_edge = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Storm storm(looker, seed);
    const int steps = UNLESS_UNDER_VALGRIND(10000, 500);
    for (int i = 1; i <= steps; ++i) {
      storm.step();
      if (i % (steps / 20) == 0) by_edge += storm.by_edge();
    }
  }
  fprintf(stderr, "by edge %d\n", by_edge);
  expect(by_edge > 20);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(busy_connection_goes_by_edge),
      cmocka_unit_test(busy_local_stream_does_not),
      cmocka_unit_test(connection_whose_owner_reads_out_of_turn_does_not),
      cmocka_unit_test(who_waits_otherwise_is_told_of_what_a_reader_by_edge_has_left),
      cmocka_unit_test(what_was_reported_while_nobody_waited_is_told_to_who_comes),
      cmocka_unit_test(reader_for_whom_there_was_no_room_is_told_at_the_next_look),
      cmocka_unit_test(data_behind_an_urgent_byte_are_told_of),
      cmocka_unit_test(who_waits_for_what_is_urgent_keeps_edges_away),
      cmocka_unit_test(writer_is_told_while_a_reader_goes_over_to_edges),
      cmocka_unit_test(nobody_waits_for_what_is_there_whatever_was_done),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
