// SPDX-License-Identifier: Apache-2.0
#include "app/waveform.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "actplane/io/tensor_info.h"
#include "core/gtkw.h"

namespace actplane::tb {
namespace {

Status SpoolError(const std::string& folder) {
  return IoError(
      fmt::format("cannot keep the waveform in {}: {}; set TMPDIR to a folder with room for it",
                  io::Quote(folder), std::generic_category().message(errno)));
}

}  // namespace

Result<std::unique_ptr<Waveform>> Waveform::Create(const io::Files& files, const std::string& path,
                                                   bool overwrite) {
  Result<std::unique_ptr<io::Sink>> sink = files.OpenOutput(path, overwrite);
  if (!sink.ok()) return sink.status();
  std::unique_ptr<io::Sink> save;
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  const bool file = type == std::filesystem::file_type::not_found ||
                    type == std::filesystem::file_type::regular;  // not /dev/null
  if (file && !io::Files::IsStandardOutput(path)) {
    Result<std::unique_ptr<io::Sink>> opened = files.OpenOutput(path + ".gtkw", overwrite);
    if (!opened.ok()) return opened.status();
    save = std::move(*opened);
  }
  std::string folder = std::filesystem::temp_directory_path(error).string();
  if (error) {
    errno = error.value();
    return SpoolError("TMPDIR");
  }
  folder += "/actplane-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return SpoolError(folder);
  return std::unique_ptr<Waveform>(new Waveform(
      std::move(*sink), std::move(save), std::filesystem::absolute(path, error).string(), folder));
}

Waveform::~Waveform() {
  if (fd_ >= 0) ::close(fd_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Waveform::TakeOver() {
  fd_ = ::open(path().c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) status_ = SpoolError(folder_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Status Waveform::Commit() {
  if (!status_.ok()) return status_;
  std::vector<std::byte> piece(1 << 20);
  for (;;) {
    const ssize_t n = ::read(fd_, piece.data(), piece.size());
    if (n < 0) return SpoolError(folder_);
    if (n == 0) {
      if (Status s = CommitSaveFile(); !s.ok()) return s;
      return sink_->Commit();
    }
    if (Status s = sink_->Write(std::span(piece).first(static_cast<size_t>(n))); !s.ok()) return s;
  }
}

Status Waveform::CommitSaveFile() {
  if (save_ == nullptr) return {};
  // The file has no name any more.
  const std::string text = SaveFileText(fmt::format("/proc/self/fd/{}", fd_), name_);
  if (Status s = save_->Write(std::as_bytes(std::span(text))); !s.ok()) return s;
  return save_->Commit();
}

}  // namespace actplane::tb
