/* SPDX-License-Identifier: MIT */
/* detail/export.h - how the public headers mark what the library exports. */
#ifndef LWP_DETAIL_EXPORT_H
#define LWP_DETAIL_EXPORT_H

#if defined(__GNUC__)
#define LWP_EXPORT __attribute__((visibility("default")))
#else
#define LWP_EXPORT
#endif

#endif /* LWP_DETAIL_EXPORT_H */
