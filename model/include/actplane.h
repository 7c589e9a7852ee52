/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec from C: libactplane, soname libactplane.so.0. C99 and C++.
 *
 * A tensor is `count` values, little-endian, one after the other; its shape does not matter. It is
 * cut into blocks of block_len values, the last one may be shorter. In fixed mode every block takes
 * slot_bytes bytes, and block i starts at i * slot_bytes. In lossless mode (order field) nothing is
 * lost, blocks take what they need, and an array of boundaries says where each one starts.
 *
 * All memory is the caller's, of any alignment, but boundaries and other numbers have that of their
 * type. The input is not copied; fixed mode allocates nothing that grows with it. Every function
 * may be called from any number of threads at once. No C++ exception comes out.
 *
 * What returns int returns an actplane_status. After anything but ACTPLANE_OK, actplane_last_error
 * says what is wrong and how to mend it, and nothing has been written to memory of the caller
 * (malformed blocks, see actplane_decompress, and ACTPLANE_NO_MEMORY, ACTPLANE_INTERNAL excepted).
 */
#ifndef ACTPLANE_H
#define ACTPLANE_H

#include <stdint.h> /* NOLINT: C */

#if defined(__GNUC__)
#define ACTPLANE_API __attribute__((visibility("default")))
#else
#define ACTPLANE_API
#endif

/* What this header describes: the number in the soname of the library. */
#define ACTPLANE_ABI_VERSION 0

/* NOLINTBEGIN: C, not C++ */
#ifdef __cplusplus
extern "C" {
#endif

typedef enum actplane_status {
  ACTPLANE_OK = 0,
  ACTPLANE_INVALID_CONFIG = 1, /* an impossible configuration, or one of another version */
  ACTPLANE_BAD_INPUT = 2,      /* a null pointer, a size that does not fit, damaged slots */
  ACTPLANE_NO_ROOM = 3,        /* the room for the slots is too small */
  ACTPLANE_NO_MEMORY = 4,      /* the machine has no memory left */
  ACTPLANE_INTERNAL = 5        /* a fault of the library: please report it */
} actplane_status;

typedef enum actplane_format {
  ACTPLANE_FP32 = 0, /* 4 bytes a value */
  ACTPLANE_FP16 = 1, /* 2 bytes */
  ACTPLANE_BF16 = 2  /* 2 bytes */
} actplane_format;

typedef enum actplane_order {
  ACTPLANE_FIELD = 0,       /* what is lost is lost of all values of a block alike; lossless mode */
  ACTPLANE_SIGNIFICANCE = 1 /* the smallest error: lossy mode only */
} actplane_order;

typedef enum actplane_fill {
  ACTPLANE_MIDPOINT = 0, /* bits that were cut off read as the middle of what they may have been */
  ACTPLANE_ZERO = 1      /* they read as 0 */
} actplane_fill;

/* Call actplane_config_init first, then change what you want other. */
typedef struct actplane_config {
  uint32_t size;       /* sizeof(actplane_config); set by actplane_config_init, leave it as it is */
  uint32_t format;     /* actplane_format */
  uint32_t order;      /* actplane_order */
  uint32_t block_len;  /* values per block (N): 32, 64, 128 or 256 */
  uint32_t slot_bytes; /* bytes per block (T), as actplane_config_set_ratio; unused if lossless */
  uint32_t lossless;   /* 1: nothing is lost; order must be ACTPLANE_FIELD. 0: fixed mode */
  uint32_t fill;       /* actplane_fill; order field, read by actplane_decompress only */
  uint32_t delta_cap;  /* order field: most exponent planes of a cut block; 0: no limit */
  uint32_t group_len;  /* order significance: values per group (K), 4 or 8 */
  uint32_t row_limit;  /* order significance: most rows of magnitude bits (R), 8 to 24 */
  uint32_t threads;    /* how many work, the caller included; 0: as many as the machine has */
} actplane_config;

/*
 * FP32, order significance, blocks of 128 values in slots of 160 bytes (ratio 3.2), groups of 4,
 * 16 rows, all threads. Writes the sizeof(actplane_config) bytes of this ABI.
 */
ACTPLANE_API void actplane_config_init(actplane_config* config);

/*
 * Sets slot_bytes to the most whole bytes at which a block takes at least `ratio` times as much
 * without compression. Call it last: the ratio holds for format, order and block_len as they are.
 * ACTPLANE_INVALID_CONFIG: no such slot, the message has the bounds; or lossless mode.
 */
ACTPLANE_API int actplane_config_set_ratio(actplane_config* config, double ratio);

/*
 * Room that actplane_compress needs for `values` values, in bytes. Fixed mode: exactly what it
 * writes. Lossless mode: the most that they may take, which must be below 4 GiB.
 */
ACTPLANE_API int actplane_slots_bytes(const actplane_config* config, uint64_t values,
                                      uint64_t* bytes);

/*
 * Compresses `count` values into `slots`, which has room for `room` bytes, at least
 * actplane_slots_bytes; `*bytes` is how many are used from its beginning. What lies behind the room
 * is not touched; between `*bytes` and the room, lossless mode leaves anything.
 * `boundaries`: NULL in fixed mode. In lossless mode one entry more than there are blocks: block i
 * is bytes boundaries[i] to boundaries[i + 1] - 1 of `slots`.
 * No two of `values`, `slots` and `boundaries` may overlap. With count 0, `values` may be NULL.
 */
ACTPLANE_API int actplane_compress(const actplane_config* config, const void* values,
                                   uint64_t count, void* slots, uint64_t room, uint64_t* bytes,
                                   uint32_t* boundaries);

/*
 * The inverse: `count` values out of `bytes` bytes of slots. The configuration, the count and, in
 * lossless mode, the boundaries are those of actplane_compress.
 * `*malformed` is the number of damaged blocks; these read as +0, the others are right, and the
 * call is ACTPLANE_OK. Where `malformed` is NULL, any such block is ACTPLANE_BAD_INPUT, after
 * everything has been written.
 */
ACTPLANE_API int actplane_decompress(const actplane_config* config, const void* slots,
                                     uint64_t bytes, const uint32_t* boundaries, void* values,
                                     uint64_t count, uint64_t* malformed);

/*
 * What the last call of this thread complained about, in one line; "" if it succeeded or there was
 * none. Valid until the next call of this thread. The four functions from here on change nothing.
 */
ACTPLANE_API const char* actplane_last_error(void);

/* The version of the library, as "0.2.0". */
ACTPLANE_API const char* actplane_version(void);

/* ACTPLANE_ABI_VERSION of the library. Compare it after dlopen. */
ACTPLANE_API uint32_t actplane_abi_version(void);

/* The version of the block format that it reads and writes (docs/format.md). */
ACTPLANE_API uint32_t actplane_format_version(void);

#ifdef __cplusplus
}
#endif
/* NOLINTEND */

#endif
