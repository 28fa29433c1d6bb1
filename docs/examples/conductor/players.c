/* SPDX-License-Identifier: MIT */
#include "players.h"

#include <lwp/lwp.h>
#include <string.h>

struct player players[kMostPlayers + 1];
static long samples;
static long slice_us;

/* Never yields. Others run because slices end. */
static void play(void* parm) {
  struct player* const self = parm;
  PRE_PreemptMe();
  for (;;) ++self->rounds;
}

int add_player(int priority, int* ret_number) {
  int number = 1;
  while (number <= kMostPlayers && players[number].pid != NULL) ++number;
  if (number > kMostPlayers) return LWP_ENOMEM;
  struct player* const player = &players[number];
  memset(player, 0, sizeof *player);
  player->priority = priority;
  *ret_number = number;
  return LWP_CreateProcess(play, 0, priority, player, "player", &player->pid);
}

int remove_player(int number) {
  const int rc = LWP_DestroyProcess(players[number].pid);
  if (rc == LWP_SUCCESS) players[number].pid = NULL;
  return rc;
}

int set_priority(int number, int priority) {
  const int rc = LWPX_SetPriority(players[number].pid, priority);
  if (rc == LWP_SUCCESS) players[number].priority = priority;
  return rc;
}

int suspend_player(int number) {
  const int rc = LWPX_Suspend(players[number].pid);
  if (rc == LWP_SUCCESS) players[number].suspended = 1;
  return rc;
}

int resume_player(int number) {
  const int rc = LWPX_Ready(players[number].pid);
  if (rc == LWP_SUCCESS) players[number].suspended = 0;
  return rc;
}

int set_slice(long us) {
  struct timeval slice = {us / 1000000, us % 1000000};
  const int rc = PRE_InitPreempt(&slice);
  if (rc == LWP_SUCCESS) slice_us = us;
  return rc;
}

long present_slice(void) { return slice_us; }
long samples_taken(void) { return samples; }

int count_players(void) {
  int count = 0;
  for (int i = 1; i <= kMostPlayers; ++i) count += players[i].pid != NULL;
  return count;
}

void take_sample(void) {
  long now[kMostPlayers + 1], all = 0;
  for (int i = 1; i <= kMostPlayers; ++i) {
    now[i] = players[i].rounds;
    if (players[i].pid != NULL) all += now[i] - players[i].sampled;
  }
  for (int i = 1; i <= kMostPlayers; ++i) {
    struct player* const player = &players[i];
    const long played = now[i] - player->sampled;
    player->share[samples % kHistory] = all > 0 ? (int)(played * kFullShare / all) : 0;
    player->sampled = now[i];
  }
  ++samples;
}

int share_at(const struct player* player, long sample) {
  if (sample < 0 || sample >= samples || sample < samples - kHistory) return 0;
  return player->share[sample % kHistory];
}

int recent_share(const struct player* player, int count) {
  int sum = 0;
  for (int i = 1; i <= count; ++i) sum += share_at(player, samples - i);
  return sum / count;
}
