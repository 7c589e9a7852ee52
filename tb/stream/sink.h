// SPDX-License-Identifier: Apache-2.0
// StreamSink: takes beats off a stream, at its own pace.
#pragma once

#include "stream/beat.h"
#include "stream/stall.h"

namespace actplane::tb {

class StreamSink {
 public:
  StreamSink(StreamPins pins, Stall stall) : pins_(pins), stall_(stall) {}
  void Drive() { pins_.ready.Set(stall_.Go() ? 1 : 0); }

 private:
  StreamPins pins_;
  Stall stall_;
};

}  // namespace actplane::tb
