// SPDX-License-Identifier: Apache-2.0
// Status and Result<T>: how every fallible function of the library answers. No exceptions cross the
// API.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace actplane {

enum class StatusCode {
  kOk = 0,
  kMismatch,       // two things that must be equal are not
  kInvalidConfig,  // the caller asked for an impossible configuration
  kBadInput,       // a file, slot or tensor is malformed
  kIo,             // the operating system refused to read or write
};

// One line, written for the person who has to fix it: what is wrong, then how to mend it.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

inline Status OkStatus() { return {}; }
inline Status MismatchError(std::string m) { return {StatusCode::kMismatch, std::move(m)}; }
inline Status ConfigError(std::string m) { return {StatusCode::kInvalidConfig, std::move(m)}; }
inline Status BadInputError(std::string m) { return {StatusCode::kBadInput, std::move(m)}; }
inline Status IoError(std::string m) { return {StatusCode::kIo, std::move(m)}; }

// A value, or the Status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return *std::move(value_); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace actplane
