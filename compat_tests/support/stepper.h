/* SPDX-License-Identifier: MIT */
/*
 * stepper.h - a signal at a chosen instruction, for x86-64.
 *
 * The processor's trap flag stops a flow of control after each instruction. The flag is in the
 * flags register, which a switch between LWPs does not touch and a signal frame keeps: so it goes
 * along into the LWP that runs next, and is off in handlers, unless they turn it on.
 */
#ifndef SUPPORT_STEPPER_H
#define SUPPORT_STEPPER_H

#ifdef __cplusplus
extern "C" {
#endif

/* Not on other processors, nor where the program is interpreted by Valgrind or an emulator. */
#define STEPPER_WORKS stepper_works()
int stepper_works(void);

enum { kNoStep = 0 };

struct step_run {
  long steps;        /* instructions that were counted */
  long signals;      /* that were sent */
  const void* where; /* the instruction before which the last one arrived */
};

/* Once per process, before LWP_Init. Takes SIGTRAP and the alternate signal stack. */
void stepper_begin(void);

/*
 * Runs body(argument) step by step, and sends signo to this kernel thread before the instructions
 * with these two numbers, counted from 1; kNoStep: before none.
 */
struct step_run step_through(void (*body)(void*), void* argument, int signo, long first,
                             long second);

/* From now on stepping ends where the condition, asked at each step, does not hold: who runs next
 * after a switch would else be stepped through as well. */
void step_only_if(int (*condition)(void));

/* For handlers that are to be stepped through as well. */
void step_on(void);

/* For what others do meanwhile and is not to be stepped through: step_pause tells whether it was.
 */
int step_pause(void);
void step_resume(int was_stepped);

#ifdef __cplusplus
}
#endif

#endif
