/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "commands.h"
#include "players.h"

static struct termios as_found;
static int can_draw_blocks;

static void close_screen(void) {
  fputs("\033[?1049l", stdout);
  fflush(stdout);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_found);
}

void open_screen(void) {
  setlocale(LC_CTYPE, "");
  can_draw_blocks = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  tcgetattr(STDIN_FILENO, &as_found);
  atexit(close_screen);
  struct termios raw = as_found;
  raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ISIG);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  fputs("\033[?1049h", stdout); /* the other screen, which leaves this one as it is */
}

static int screen_width(void) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40) return 80;
  return size.ws_col;
}

/* How much of the processor a player had, as a character. */
static const char* mark(int share, int blocks) {
  static const char* const block[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static const char* const letter[] = {" ", ".", ".", "-", "-", "=", "=", "#", "#"};
  int eighths = (share * 8 + kFullShare / 2) / kFullShare;
  if (eighths == 0 && share > 0) eighths = 1;
  return blocks ? block[eighths] : letter[eighths];
}

static void draw_player(int number, int columns) {
  static const int colours[] = {36, 33, 35, 32, 34, 31};
  const struct player* const player = &players[number];
  printf(" %2d %4d %c ", number, player->priority, player->suspended ? 'z' : ' ');
  printf("\033[%dm", colours[number % 6]);
  for (int column = 0; column < columns; ++column)
    fputs(mark(share_at(player, samples_taken() - columns + column), can_draw_blocks), stdout);
  printf("\033[0m %3d %%\033[K\n", recent_share(player, 10) / 10);
}

/* The lines are overwritten, not cleared first: nothing flickers. */
void draw_screen(const char* answer, const char* typed) {
  const int width = screen_width();
  int columns = width - 18;
  if (columns > kHistory) columns = kHistory;
  char title[100];
  snprintf(title, sizeof title, " conductor   slice %ld us   LWPs: %d", present_slice(),
           count_players());
  printf("\033[H\033[7m%-*s\033[0m\n\033[K\n", width, title);
  printf("  N prio   the last %.1f s, %d ms a column\033[K\n", columns * kSampleMs / 1000.0,
         kSampleMs);
  for (int number = 1; number <= kMostPlayers; ++number) {
    if (players[number].pid != NULL) draw_player(number, columns);
  }
  printf("\033[K\n\033[2m%s\033[0m\033[K\n\033[K\n %s\033[K\n > %s\033[J", command_summary, answer,
         typed);
  fflush(stdout);
}

void print_players(void) {
  for (int number = 1; number <= kMostPlayers; ++number) {
    const struct player* const player = &players[number];
    if (player->pid == NULL) continue;
    printf("%d priority %d %3d %% [", number, player->priority, recent_share(player, 10) / 10);
    for (int column = 40; column > 0; --column)
      fputs(mark(share_at(player, samples_taken() - column), 0), stdout);
    printf("]%s\n", player->suspended ? " suspended" : "");
  }
}
