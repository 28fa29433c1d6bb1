/* SPDX-License-Identifier: MIT */
/* players.h - LWPs that never yield, and how much of the processor each has had. */
#ifndef CONDUCTOR_PLAYERS_H
#define CONDUCTOR_PLAYERS_H

#include <lwp/lwpx.h>

enum {
  kMostPlayers = 9,
  kHistory = 256,    /* samples that are kept */
  kSampleMs = 100,   /* from one to the next */
  kHighest = 3,      /* priority of a player: the conductor has 4 */
  kFullShare = 1000, /* a share of the processor is in thousandths */
};

struct player {
  PROCESS pid; /* NULL: no such player */
  int priority;
  int suspended;
  volatile long rounds; /* counted by the LWP, all the time */
  long sampled;         /* rounds at the last sample */
  int share[kHistory];  /* of all that was played, by sample */
};

/* Player number n is players[n]; there is no number 0. */
extern struct player players[kMostPlayers + 1];

/* These return what the library says. add_player: number in *ret_number, LWP_ENOMEM if all play. */
int add_player(int priority, int* ret_number);
int remove_player(int number);
int set_priority(int number, int priority);
int suspend_player(int number);
int resume_player(int number);
int set_slice(long us);

long present_slice(void); /* us */
int count_players(void);

/* Ends one sample and begins the next; the last is number samples_taken() - 1. */
void take_sample(void);
long samples_taken(void);
int share_at(const struct player* player, long sample);
/* On average over the last samples. */
int recent_share(const struct player* player, int samples);

#endif
