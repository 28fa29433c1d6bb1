/* SPDX-License-Identifier: MIT */
/* screen.h - the timeline, on a terminal or as plain text. */
#ifndef CONDUCTOR_SCREEN_H
#define CONDUCTOR_SCREEN_H

/* Takes the terminal over: keys come one by one and unseen. Undone when the program ends. */
void open_screen(void);

/* Draws everything anew: the players, the last answer, and what is being typed. */
void draw_screen(const char* answer, const char* typed);

/* One line per player, for output that is no terminal. */
void print_players(void);

#endif
