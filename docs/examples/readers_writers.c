/* SPDX-License-Identifier: MIT */
/*
 * readers_writers.c - readers and writers share a queue, all of them preempted at any time; in the
 * manner of the sample program that came with the first LWP packages.
 *
 * The lock keeps writers from changing the queue while somebody looks at it. Readers, which hold it
 * together, also take elements off; that is short, so a critical section is enough.
 */
#include <lwp/lock.h>
#include <lwp/lwp.h>
#include <preempt/preempt.h>

#define READERS 3
#define WRITERS 2
#define PER_WRITER 40
#define ROOM (WRITERS * PER_WRITER)

static struct Lock lock; /* filled with zeros: free */
static int queue[ROOM];  /* from `head` to `tail` */
static int head, tail;

static int taken[ROOM]; /* how often each element was taken: once, if all is well */
static int share[READERS];
static int readers = READERS;

/* Work that takes a while, and in which slices end. */
static void think(void) {
  for (volatile int i = 0; i < 20000; ++i) continue;
}

static void writer(void* parm) {
  const int first = (int)(size_t)parm * PER_WRITER;
  PRE_PreemptMe();
  for (int i = 0; i < PER_WRITER; ++i) {
    think();
    ObtainWriteLock(&lock);
    queue[tail] = first + i;
    think(); /* if a slice ends here, others find the lock taken and wait */
    ++tail;
    ReleaseWriteLock(&lock);
    LWP_NoYieldSignal(queue);
  }
}

static void reader(void* parm) {
  const size_t self = (size_t)parm;
  PRE_PreemptMe();
  for (int done = 0; !done;) {
    int element = -1;
    ObtainReadLock(&lock);
    think();
    PRE_BeginCritical(); /* other readers hold the lock as well */
    if (head < tail) element = queue[head++];
    done = head == ROOM;
    PRE_EndCritical();
    ReleaseReadLock(&lock);
    if (element >= 0) {
      ++taken[element];
      ++share[self];
      continue;
    }
    /* Between the look and the wait nobody may put anything into the queue. */
    PRE_BeginCritical();
    if (head == tail && tail < ROOM) LWP_WaitProcess(queue);
    PRE_EndCritical();
  }
  LWP_NoYieldSignal(queue); /* the others may be waiting for what will not come */
  if (--readers == 0) LWP_NoYieldSignal(&readers);
}

int main(void) {
  struct timeval slice = {0, 500}; /* half a millisecond */
  LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, NULL);
  if (PRE_InitPreempt(&slice) != LWP_SUCCESS) return 1;
  for (size_t i = 0; i < READERS; ++i) {
    LWP_CreateProcess(reader, 65536, LWP_NORMAL_PRIORITY, (void*)i, "reader", NULL);
  }
  for (size_t i = 0; i < WRITERS; ++i) {
    LWP_CreateProcess(writer, 65536, LWP_NORMAL_PRIORITY, (void*)i, "writer", NULL);
  }
  while (readers != 0) LWP_WaitProcess(&readers);

  int once = 0;
  for (int i = 0; i < ROOM; ++i) once += taken[i] == 1;
  printf("%d elements written, %d of them taken once; by each reader:", ROOM, once);
  for (int i = 0; i < READERS; ++i) printf(" %d", share[i]);
  putchar('\n');
  LWP_TerminateProcessSupport();
  return once == ROOM ? 0 : 1;
}
