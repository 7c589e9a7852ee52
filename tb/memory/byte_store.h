// SPDX-License-Identifier: Apache-2.0
// The bytes of an address space. What nobody wrote reads as zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "memory/axi.h"

namespace actplane::tb::memory {

class ByteStore {
 public:
  std::byte Get(uint64_t addr) const {
    const auto page = pages_.find(addr / kPageBytes);
    return page == pages_.end() ? std::byte{0} : page->second[addr % kPageBytes];
  }
  void Set(uint64_t addr, std::byte value) {
    pages_[addr / kPageBytes][addr % kPageBytes] = value;  // a new page is zero
  }
  std::vector<std::byte> Read(uint64_t addr, size_t bytes) const {
    std::vector<std::byte> out(bytes);
    for (size_t i = 0; i < bytes; ++i) out[i] = Get(addr + i);
    return out;
  }
  void Write(uint64_t addr, std::span<const std::byte> bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) Set(addr + i, bytes[i]);
  }

  // The lowest address at which two stores differ.
  std::optional<uint64_t> Difference(const ByteStore& other) const {
    std::optional<uint64_t> lowest;
    for (const ByteStore* store : {this, &other}) {
      for (const auto& [number, page] : store->pages_) {
        for (size_t i = 0; i < page.size(); ++i) {
          const uint64_t addr = number * kPageBytes + i;
          if (Get(addr) != other.Get(addr) && (!lowest || addr < *lowest)) lowest = addr;
        }
      }
    }
    return lowest;
  }
  size_t pages() const { return pages_.size(); }

 private:
  std::map<uint64_t, std::array<std::byte, kPageBytes>> pages_;
};

}  // namespace actplane::tb::memory
