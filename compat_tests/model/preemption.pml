/* SPDX-License-Identifier: MIT */
/*
 * preemption.pml - the protocol between the library, its signal handlers and other kernel threads,
 * for Spin: the critical word, owed ticks, the inbox, the timers, and the dispatch.
 *
 * One kernel thread with two LWPs of one priority. LWP 0 is always ready. LWP 1 waits from time to
 * time, and LWP 0 is alone then. Beside them: the timers; a tick handler and a handler of the
 * program for each LWP, either at any instruction, and a second tick on top of both; another kernel
 * thread that catches a signal for this one.
 *
 * Each line of a function is one instruction as far as a handler can tell; names are those of lib/,
 * and what a function does stands in the same order as there. MUTANT_... takes one precaution out:
 * check_model.py sees to it that Spin then finds a way to break an assertion.
 *
 * Left out: priorities, PRE_Block, the idle I/O manager, adopting a mask.
 */

/* --- One kernel thread ------------------------------------------------------------------------- */

#define MAIN 0 /* the LWP itself */
#define TICK 1 /* the tick handler on its stack */
#define USER 2 /* a handler of the program, under a mask of its own */
#define NEST 3 /* a tick on top of one of these */

byte cpu = 0;     /* the LWP whose stack is in use */
byte runs[2];     /* and what of it: MAIN ... NEST */
bool blocked;     /* the signal mask holds ticks off */
bool pending;     /* a tick waits for delivery */
bool slice_timer; /* periodic */
bool retry_timer; /* one-shot */

/* --- What the library knows -------------------------------------------------------------------- */

byte level;      /* the critical word is these three */
byte depth = 0;
bool owed;
byte saved_level[2];
byte saved_depth[2] = 1;
bool in_tick[2]; /* suspended in the tick handler */
byte current = 0;
bool ready1;     /* LWP 1 is in the ring; LWP 0 always is */
bool dozing = true; /* PRE_InitPreempt found nobody else */
bool tick_owed;
bool inbox;      /* holds a signal for LWP 1 */
bool caught;     /* another kernel thread has noted a signal that makes LWP 1 ready */

/* --- For the assertions only ------------------------------------------------------------------- */

bool in_program[2]; /* the program counter is in movable code */
bool in_ring;       /* somebody changes the ring */
bool in_section;    /* somebody is in the one critical section */
bool catching;      /* the other kernel thread is not done yet */

#define in_library (depth > 0)
#define has_rival(me) (me == 1 || ready1)
#define anybody_else(me) (caught || has_rival(me))

/* --- sigsafe/tick_timer.cc --------------------------------------------------------------------- */

inline arm_ticks() {
  dozing = false;
  slice_timer = true
}

inline doze() {
  slice_timer = false;
  retry_timer = false;
  dozing = true
}

/* --- core/scheduler.h -------------------------------------------------------------------------- */

inline make_ready_1() {
  atomic { assert(!in_ring); in_ring = true };
  atomic { ready1 = true; in_ring = false };
#ifndef MUTANT_MAKE_READY_DOES_NOT_ARM
  if
  :: dozing -> arm_ticks()
  :: else
  fi
#endif
}

inline wake_1() {
  if
  :: !ready1 -> make_ready_1()
  :: else
  fi
}

/* Goes on when the LWP runs again. */
inline switch_to(me) {
  d_step { saved_level[me] = level; saved_depth[me] = depth };
  d_step { level = saved_level[1 - me]; depth = saved_depth[1 - me]; owed = false };
  atomic { current = 1 - me; cpu = 1 - me }
}

inline dispatch(me) {
  if
  :: tick_owed || inbox || dozing || retry_timer -> /* dispatch_attentively */
     retry_timer = false;
     if
     :: dozing && (me == 1 -> ready1 : true) && has_rival(me) -> arm_ticks()
     :: else
     fi;
     tick_owed = false
  :: else
  fi;
  assert(!in_ring);
  if
  :: has_rival(me) -> switch_to(me)
  :: else
  fi
}

/* --- core/handover.cc -------------------------------------------------------------------------- */

#ifdef MUTANT_HANDS_OVER_TO_ANYBODY
#define may_inherit(next) true
#else
#define may_inherit(next) in_tick[next]
#endif

/* --- core/safe_point.cc ------------------------------------------------------------------------ */

inline empty_inbox() {
  do
  :: atomic { inbox -> inbox = false }; wake_1()
  :: else -> break
  od
}

inline end_slice(me) {
  if
  :: atomic { caught -> caught = false }; wake_1()
  :: else
  fi;
  if
  :: has_rival(me) -> dispatch(me)
  :: else ->
     doze();
#ifndef MUTANT_END_SLICE_LOOKS_ONCE
     if
     :: caught -> arm_ticks()
     :: else
     fi
#endif
  fi
}

#ifdef MUTANT_LEAVE_LOOKS_AT_WORD
#define to_catch_up owed
#else
#define to_catch_up (tick_owed || inbox)
#endif

/* deliver_and_pay. may_pay: not under the mask of a handler of the program. */
inline catch_up(me, may_pay) {
  do
  ::
     depth++;
     empty_inbox();
     if
     :: tick_owed && level > 0 ->
#ifndef MUTANT_FORGETS_IN_SECTION
        owed = true;
#endif
        depth--;
        if
        :: inbox
        :: else -> break
        fi
     :: tick_owed && level == 0 ->
        tick_owed = false;
        if
        :: may_pay -> end_slice(me)
        :: else
        fi;
        owed = false;
        depth--;
        if
        :: tick_owed || inbox
        :: else -> break
        fi
     :: !tick_owed ->
        owed = false;
        depth--;
#ifdef MUTANT_CATCHES_UP_ONCE
        break
#else
        if
        :: tick_owed || inbox
        :: else -> break
        fi
#endif
     fi
  od
}

#ifdef MUTANT_LEAVE_LOOKS_FIRST
#define LEAVE(catching_up) if :: to_catch_up -> depth--; catching_up :: else -> depth-- fi
#else
#define LEAVE(catching_up) depth--; if :: to_catch_up -> catching_up :: else fi
#endif

inline leave_library(me, may_pay) {
  LEAVE(catch_up(me, may_pay))
}

/* --- sigsafe/tick_handler.cc, lwp_door_tick ---------------------------------------------------- */

inline tick(me, foreign_mask) {
  if
  :: !in_library && !anybody_else(me) ->
     doze();
#ifndef MUTANT_DOZE_LOOKS_ONCE
     if
     :: anybody_else(me) -> arm_ticks()
     :: else
     fi
#endif
  :: else ->
     if
     :: dozing -> arm_ticks()
     :: else
     fi;
     if
#if defined(MUTANT_TICK_ACTS_IN_SECTIONS)
     :: in_library ->
#elif defined(MUTANT_TICK_ACTS_IN_LIBRARY)
     :: level > 0 ->
#else
     :: level > 0 || in_library ->
#endif
        tick_owed = true;
#ifndef MUTANT_TICK_DOES_NOT_MARK_WORD
        owed = true
#endif
     :: else ->
        if
        :: foreign_mask
#ifndef MUTANT_TICK_ACTS_IN_LIBRARY
        :: !foreign_mask && !in_program[me] -> retry_timer = true
#endif
        :: else ->
           depth++;
           if
           :: has_rival(me) && may_inherit(1 - me) && !(caught || tick_owed || inbox || dozing || retry_timer) ->
              in_tick[me] = true;
              switch_to(me) /* under the handler's mask */
           :: else ->
              blocked = false;
              in_tick[me] = true;
              end_slice(me)
           fi;
           in_tick[me] = false;
           LEAVE(blocked = false; catch_up(me, true))
        fi
     fi
  fi
}

/* --- Processes that share the kernel thread ---------------------------------------------------- */

#define TICK_HANDLER(me) \
  active proctype tick_handler_##me() provided(cpu == me && (runs[me] == MAIN || runs[me] == TICK)) { \
  end: do \
    :: atomic { pending && !blocked && runs[me] == MAIN -> \
                pending = false; blocked = true; runs[me] = TICK }; \
       tick(me, false); \
       atomic { blocked = false; runs[me] = MAIN } \
    od \
  }

/* Its frame lies on top of a tick handler that has let others run, or of a handler of the program;
 * the first is in the library, the second has another mask. So it never lets others run. */
#define SECOND_TICK_HANDLER(me) \
  active proctype second_tick_handler_##me() provided(cpu == me && runs[me] != MAIN) { \
    byte below; \
  end: do \
    :: atomic { pending && !blocked && runs[me] != NEST -> \
                pending = false; blocked = true; below = runs[me]; runs[me] = NEST }; \
       tick(me, true); \
       atomic { blocked = false; runs[me] = below; below = 0 } \
    od \
  }

/* LWP_NoYieldSignal in a handler of the program. */
#define PROGRAM_HANDLER(me) \
  active proctype program_handler_##me() provided(cpu == me && (runs[me] == MAIN || runs[me] == USER)) { \
  end: do \
    :: atomic { !blocked && runs[me] == MAIN -> runs[me] = USER }; \
       if \
       :: in_library -> inbox = true; owed = true \
       :: else -> depth++; wake_1(); leave_library(me, false) \
       fi; \
       runs[me] = MAIN \
    od \
  }

/* What must be true whenever the program's own instructions are executed outside handlers. */
inline check(me) {
  atomic {
    assert(current == me && depth == 0);
    assert(!blocked);
    /* No post is lost, and no tick: it is paid, or paid when the section ends. */
    assert(!inbox);
    assert(!tick_owed || (level > 0 && owed));
    /* Whoever could use the processor will have a tick. */
    assert(!anybody_else(me) || slice_timer || pending || catching)
  }
}

/* An LWP computes, begins and ends sections, and calls the library, in any order. What a call does
 * between entering and leaving is `call`. */
#define LWP(me, call) \
  active proctype lwp_##me() provided(cpu == me && runs[me] == MAIN) { \
    if \
    :: me == 1 -> goto leave /* lwp_main */ \
    :: me == 0 -> in_program[me] = true \
    fi; \
  end: do \
    :: check(me) \
    :: atomic { level == 0 -> level = 1; assert(!in_section); in_section = true } \
    :: atomic { level == 1 -> level = 0; in_section = false; \
                if \
                :: owed -> in_program[me] = false \
                :: else -> goto end \
                fi }; \
       if \
       :: level == 0 && depth == 0 && owed -> goto catching_up /* lwpx_catch_up */ \
       :: else -> in_program[me] = true \
       fi \
    :: atomic { in_program[me] = false; depth++ }; \
       call; \
       goto leave \
    od; \
  leave: \
    LEAVE(goto catching_up); \
    in_program[me] = true; \
    goto end; \
  catching_up: \
    catch_up(me, true); \
    in_program[me] = true; \
    goto end \
  }

inline signal_or_yield() {
  if
  :: wake_1()
  :: level == 0 -> dispatch(0)
  fi
}

inline wait_or_yield() {
  if
  :: level == 0 -> dispatch(1)
  :: level == 0 ->
     atomic { assert(!in_ring); in_ring = true };
     atomic { ready1 = false; in_ring = false };
     dispatch(1)
  :: level > 0
  fi
}

LWP(0, signal_or_yield())
LWP(1, wait_or_yield())

TICK_HANDLER(0)
TICK_HANDLER(1)
SECOND_TICK_HANDLER(0)
SECOND_TICK_HANDLER(1)
PROGRAM_HANDLER(0)
PROGRAM_HANDLER(1)

/* --- Everything that really runs at the same time ---------------------------------------------- */

active proctype timers() {
end:
  do
  :: atomic { slice_timer && !pending -> pending = true }
  :: atomic { retry_timer -> retry_timer = false; pending = true }
  od
}

/* sigsafe/signal_catcher.cc, on another kernel thread. */
active proctype catcher() {
  bool known;
end:
  do
  :: atomic { catching = true; known = caught; caught = true };
     if
     :: !known && dozing -> atomic { slice_timer = true; catching = false; known = false }
     :: else -> atomic { catching = false; known = false }
     fi
  od
}
