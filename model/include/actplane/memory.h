// SPDX-License-Identifier: Apache-2.0
// Driver of the memory path: regions and counters, on top of two functions that the user has. C99,
// no library. docs/memory.md says what the registers do; the device checks a region itself when it
// is turned on.
#ifndef ACTPLANE_MEMORY_H_
#define ACTPLANE_MEMORY_H_

#include <stdint.h>

#include "actplane/memory_regs.h"

#ifdef __cplusplus
extern "C" {
#endif

// How this program reaches the registers: `offset` is a byte address of memory_regs.h. Both return
// 0, or what the bus said instead (SLVERR or whatever is not 0), and this header hands that on.
typedef struct {
  int (*read)(void* context, uint32_t offset, uint32_t* value);
  int (*write)(void* context, uint32_t offset, uint32_t value);
  void* context;
} actp_mem_device;

typedef struct {
  uint64_t base;          // bytes; a multiple of 4096
  uint64_t size;          // bytes; a multiple of 64, the last block may be shorter
  uint64_t slots;         // where slot 0 is; a multiple of 4096
  uint32_t format;        // 0 FP32, 1 FP16, 2 BF16
  uint32_t significance;  // order: 0 field, 1 significance
  uint32_t fill_zero;     // order field: 0 midpoint, 1 zero
  uint32_t delta_cap;     // order field: 0 none
  uint32_t row_limit;     // order significance: R
  uint32_t slot_bytes;    // T
} actp_mem_region;

#define ACTP_MEM_EINVAL \
  (-1)  // no device was asked: a value that no register can hold, or no such device

static inline uint32_t actp_mem_at(uint32_t offset, uint32_t region) {
  return offset + ACTP_MEM_REGION_STRIDE * region;
}

// 0 when the device is one of this register map.
static inline int actp_mem_probe(const actp_mem_device* device) {
  uint32_t id = 0, version = 0;
  int status = device->read(device->context, ACTP_MEM_ID, &id);
  if (status != 0) return status;
  status = device->read(device->context, ACTP_MEM_VERSION, &version);
  if (status != 0) return status;
  if (id != ACTP_MEM_ID_ID_RESET) return ACTP_MEM_EINVAL;
  return version >> ACTP_MEM_VERSION_MAJOR_SHIFT == ACTP_MEM_VERSION_MAJOR_RESET ? 0
                                                                                 : ACTP_MEM_EINVAL;
}

// Bytes of one block of the region, 0 with a status when the device does not answer.
static inline int actp_mem_block_bytes(const actp_mem_device* device, const actp_mem_region* region,
                                       uint32_t* bytes) {
  uint32_t config = 0;
  const int status = device->read(device->context, ACTP_MEM_CONFIG, &config);
  *bytes = ((config & ACTP_MEM_CONFIG_BLOCK_LEN_MASK) >> ACTP_MEM_CONFIG_BLOCK_LEN_SHIFT) *
           (region->format == 0u ? 4u : 2u);
  return status;
}

// Bytes of memory that the slots of the region take.
static inline int actp_mem_slot_area(const actp_mem_device* device, const actp_mem_region* region,
                                     uint64_t* bytes) {
  uint32_t block = 0, config = 0, bus;
  int status = actp_mem_block_bytes(device, region, &block);
  if (status == 0) status = device->read(device->context, ACTP_MEM_CONFIG, &config);
  if (status != 0) return status;
  bus = ((config & ACTP_MEM_CONFIG_STREAM_WIDTH_MASK) >> ACTP_MEM_CONFIG_STREAM_WIDTH_SHIFT) / 8u;
  if (block == 0u || bus == 0u) return ACTP_MEM_EINVAL;
  *bytes = (region->size + block - 1u) / block * ((region->slot_bytes + bus - 1u) / bus * bus);
  return 0;
}

// The region goes: everything of it is in memory when this returns.
static inline int actp_mem_disable(const actp_mem_device* device, uint32_t number) {
  return device->write(device->context, actp_mem_at(ACTP_MEM_REGION_CTRL, number), 0u);
}

// Fills in the registers of a region that is off and turns it on. Not 0: it is off.
static inline int actp_mem_enable(const actp_mem_device* device, uint32_t number,
                                  const actp_mem_region* region) {
  const struct {
    uint32_t offset, value;
  } writes[] = {
      {ACTP_MEM_REGION_BASE_LO, (uint32_t)region->base},
      {ACTP_MEM_REGION_BASE_HI, (uint32_t)(region->base >> 32)},
      {ACTP_MEM_REGION_SIZE, (uint32_t)(region->size >> 6)},
      {ACTP_MEM_REGION_SLOT_LO, (uint32_t)region->slots},
      {ACTP_MEM_REGION_SLOT_HI, (uint32_t)(region->slots >> 32)},
      {ACTP_MEM_REGION_CONFIG, region->format << ACTP_MEM_REGION_CONFIG_FORMAT_SHIFT |
                                   region->significance << ACTP_MEM_REGION_CONFIG_ORDER_SHIFT |
                                   region->fill_zero << ACTP_MEM_REGION_CONFIG_FILL_ZERO_SHIFT |
                                   region->delta_cap << ACTP_MEM_REGION_CONFIG_DELTA_CAP_SHIFT |
                                   region->row_limit << ACTP_MEM_REGION_CONFIG_ROW_LIMIT_SHIFT |
                                   region->slot_bytes << ACTP_MEM_REGION_CONFIG_SLOT_BYTES_SHIFT},
      {ACTP_MEM_REGION_CTRL, ACTP_MEM_REGION_CTRL_ENABLE_MASK},
  };
  unsigned i;
  if ((region->size & 63u) != 0u || region->size >> 6 > 0xffffffffu || region->format > 3u ||
      region->significance > 1u || region->fill_zero > 1u || region->delta_cap > 15u ||
      region->row_limit > 31u || region->slot_bytes > 2047u) {
    return ACTP_MEM_EINVAL;
  }
  for (i = 0; i < sizeof writes / sizeof writes[0]; ++i) {
    const int status =
        device->write(device->context, actp_mem_at(writes[i].offset, number), writes[i].value);
    if (status != 0) return status;
  }
  return 0;
}

// Which errors there were since they were last taken, bits ACTP_MEM_ERRORS_*, and where the first
// of them was; they are cleared. `address` means something when `errors` is not 0.
static inline int actp_mem_take_errors(const actp_mem_device* device, uint32_t* errors,
                                       uint64_t* address) {
  uint32_t low = 0, high = 0;
  int status = device->read(device->context, ACTP_MEM_ERRORS, errors);
  if (status == 0) status = device->read(device->context, ACTP_MEM_ERROR_ADDR_LO, &low);
  if (status == 0) status = device->read(device->context, ACTP_MEM_ERROR_ADDR_HI, &high);
  if (status != 0) return status;
  *address = (uint64_t)high << 32 | low;
  return *errors == 0u ? 0 : device->write(device->context, ACTP_MEM_ERRORS, *errors);
}

#ifdef __cplusplus
}
#endif

#endif  // ACTPLANE_MEMORY_H_
