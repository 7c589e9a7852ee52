// SPDX-License-Identifier: Apache-2.0
#include "app/files.h"

#include <utility>

namespace actplane::tb {

FileTensor TensorOf(std::shared_ptr<const io::TensorReader> reader, size_t index,
                    const Config& config) {
  const io::TensorInfo& info = reader->tensors()[index];
  const uint64_t width = InfoOf(info.format).value_bytes;
  return {DeviceConfig::From(config), info.values * width,
          [reader = std::move(reader), index, width](uint64_t at, std::span<std::byte> out) {
            return reader->Read(index, at / width, out);
          }};
}

}  // namespace actplane::tb
