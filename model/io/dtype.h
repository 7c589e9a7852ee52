// SPDX-License-Identifier: Apache-2.0
// The data types that can be compressed, by the name that each kind of file gives them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "actplane/format.h"

namespace actplane::io {

enum class FileKind : uint8_t { kNpy, kSafetensors };

struct DtypeInfo {
  std::string_view name;
  FileKind kind;
  Format format;
  std::string_view npy;  // how it is written as .npy
};

// .npy has no bfloat16: people store the bits as <u2,
// numpy shows foreign types as V2, ml_dtypes as <V2.
inline constexpr std::array kDtypes = {
    DtypeInfo{"<f4", FileKind::kNpy, Format::kFp32, "<f4"},
    DtypeInfo{"<f2", FileKind::kNpy, Format::kFp16, "<f2"},
    DtypeInfo{"<u2", FileKind::kNpy, Format::kBf16, "<u2"},
    DtypeInfo{"|V2", FileKind::kNpy, Format::kBf16, "|V2"},
    DtypeInfo{"<V2", FileKind::kNpy, Format::kBf16, "<V2"},
    DtypeInfo{"V2", FileKind::kNpy, Format::kBf16, "|V2"},
    DtypeInfo{"F32", FileKind::kSafetensors, Format::kFp32, "<f4"},
    DtypeInfo{"F16", FileKind::kSafetensors, Format::kFp16, "<f2"},
    DtypeInfo{"BF16", FileKind::kSafetensors, Format::kBf16, "<u2"},
};

// Null when the dtype is none of them.
const DtypeInfo* FindDtype(std::string_view dtype);

// The one that a .npy header means, however numpy lets it be spelt: "=f4", "float32" and "f" are
// "<f4". "bfloat16", which ml_dtypes adds to numpy, is "<V2". Null when it is none of them.
const DtypeInfo* FindNpyDtype(std::string_view descr);

}  // namespace actplane::io
