/* SPDX-License-Identifier: MIT */
/* commands.h - what the conductor can be told. */
#ifndef CONDUCTOR_COMMANDS_H
#define CONDUCTOR_COMMANDS_H

enum { kAnswer = 200 };

/* Does what a line says. What there is to answer goes to `answer`, of kAnswer bytes; *pause_ms is
 * how long to wait before the next command. Returns 0 when the conductor is to end. */
int obey(char* line, char* answer, long* pause_ms);

extern const char command_summary[];

#endif
