/* SPDX-License-Identifier: MIT */
/* sha256.h - the hash function SHA-256 (FIPS 180-4). */
#ifndef DEMO_SHA256_H
#define DEMO_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
  uint32_t state[8];
  uint64_t length; /* bytes so far */
  unsigned char block[64];
};

void sha256_begin(struct sha256* hash);
void sha256_add(struct sha256* hash, const unsigned char* data, size_t size);
void sha256_end(struct sha256* hash, char ret_hex[65]);

#endif
