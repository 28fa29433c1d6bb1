/* SPDX-License-Identifier: MIT */
/* preempt.h - the preemption package under the name that older sources include. */
#ifndef LWP_PREEMPT_H
#define LWP_PREEMPT_H

#include <preempt/preempt.h>

#endif /* LWP_PREEMPT_H */
