/* SPDX-License-Identifier: MIT */
/* torture_module.c - a shared object to be loaded and unloaded. */
#include <stdlib.h>

static char* own;

__attribute__((constructor)) static void come(void) { own = (char*)malloc(1000); }
__attribute__((destructor)) static void go(void) { free(own); }

int torture_module_answer(int question);
int torture_module_answer(int question) {
  own[question % 1000] = (char)question;
  return own[question % 1000] == (char)question ? question + 1 : -1;
}
