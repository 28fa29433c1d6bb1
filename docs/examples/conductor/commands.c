/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <errno.h>
#include <limits.h>
#include <lwp/lwp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "players.h"

const char command_summary[] =
    "spawn [PRIORITY]   kill N   priority N PRIORITY   slice MICROSECONDS\n"
    "suspend N   resume N   wait MILLISECONDS   help   quit";

static char* answer_text;

static void answer(const char* format, ...) __attribute__((format(printf, 1, 2)));
static void answer(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(answer_text, kAnswer, format, arguments);
  va_end(arguments);
}

/* What the library says, in words. */
static void answer_code(int rc, const char* done) {
  static const struct {
    int code;
    const char* text;
  } codes[] = {
      {LWP_ENOMEM, "there is no room for another LWP"},
      {LWP_ENOWAIT, "it is not suspended"},
      {LWP_EBADPRI, "the library knows no such priority"},
      {LWP_ESYSTEM, "a slice has 20 microseconds or more"},
  };
  if (rc != LWP_SUCCESS) done = "the library refuses";
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; ++i) {
    if (codes[i].code == rc) done = codes[i].text;
  }
  answer("%s", done);
}

/* A whole number in a range, or an answer that says what is wrong with it. */
static int read_number(const char* what, const char* text, long least, long most,
                       long* ret_number) {
  char* end;
  errno = 0;
  *ret_number = strtol(text, &end, 10);
  if (*end != '\0' || end == text) {
    answer("%s: \"%s\" is not a number", what, text);
  } else if (errno != 0 || *ret_number < least || *ret_number > most) {
    answer("%s: %s is not in %ld .. %ld", what, text, least, most);
  } else {
    return 1;
  }
  return 0;
}

static int read_player(const char* text, long* ret_number) {
  if (!read_number("number", text, 1, kMostPlayers, ret_number)) return 0;
  if (players[*ret_number].pid != NULL) return 1;
  answer("there is no LWP number %ld", *ret_number);
  return 0;
}

static int read_priority(const char* text, long* ret_priority) {
  return read_number("priority", text, 0, kHighest, ret_priority);
}

static void do_spawn(char** words) {
  long priority = 2;
  int number;
  char done[40];
  if (words[1] != NULL && !read_priority(words[1], &priority)) return;
  const int rc = add_player((int)priority, &number);
  snprintf(done, sizeof done, "%d: new, priority %ld", rc == LWP_SUCCESS ? number : 0, priority);
  answer_code(rc, done);
}

static void do_kill(char** words) {
  long number;
  if (read_player(words[1], &number)) answer_code(remove_player((int)number), "gone");
}

static void do_priority(char** words) {
  long number, priority;
  if (!read_player(words[1], &number) || !read_priority(words[2], &priority)) return;
  answer_code(set_priority((int)number, (int)priority), "changed");
}

static void do_slice(char** words) {
  long us;
  if (read_number("slice", words[1], 1, 10000000, &us)) answer_code(set_slice(us), "changed");
}

static void do_suspend(char** words) {
  long number;
  if (read_player(words[1], &number)) answer_code(suspend_player((int)number), "suspended");
}

static void do_resume(char** words) {
  long number;
  if (read_player(words[1], &number)) answer_code(resume_player((int)number), "goes on");
}

static const struct command {
  const char* name;
  int least, most; /* words, with the command itself */
  const char* usage;
  void (*act)(char** words);
} commands[] = {
    {"spawn", 1, 2, "spawn [PRIORITY]", do_spawn},
    {"kill", 2, 2, "kill N", do_kill},
    {"priority", 3, 3, "priority N PRIORITY", do_priority},
    {"slice", 2, 2, "slice MICROSECONDS", do_slice},
    {"suspend", 2, 2, "suspend N", do_suspend},
    {"resume", 2, 2, "resume N", do_resume},
    {"wait", 2, 2, "wait MILLISECONDS", NULL},
    {"help", 1, 1, "help", NULL},
    {"quit", 1, 1, "quit", NULL},
};

/* Any beginning will do that fits one command only. */
static const struct command* find_command(const char* word) {
  const struct command* found = NULL;
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; ++i) {
    if (strncmp(commands[i].name, word, strlen(word)) != 0) continue;
    if (found != NULL) {
      answer("\"%s\" may be %s or %s", word, found->name, commands[i].name);
      return NULL;
    }
    found = &commands[i];
  }
  if (found == NULL) answer("there is no command \"%.40s\"; try help", word);
  return found;
}

int obey(char* line, char* text, long* pause_ms) {
  enum { kMostWords = 5 };
  char* words[kMostWords + 1] = {NULL};
  int count = 0;
  char* rest = NULL;
  for (char* word = strtok_r(line, " \t", &rest); word != NULL && count < kMostWords;
       word = strtok_r(NULL, " \t", &rest)) {
    words[count++] = word;
  }
  answer_text = text;
  *text = '\0';
  *pause_ms = 0;
  if (count == 0 || words[0][0] == '#') return 1;
  const struct command* const command = find_command(words[0]);
  if (command == NULL) return 1;
  if (count < command->least || count > command->most) {
    answer("usage: %s", command->usage);
  } else if (command->act != NULL) {
    command->act(words);
  } else if (command->name[0] == 'w') {
    (void)read_number("wait", words[1], 0, 60000, pause_ms);
  } else if (command->name[0] == 'h') {
    answer("%s", command_summary);
  } else {
    return 0;
  }
  return 1;
}
