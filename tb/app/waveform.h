// SPDX-License-Identifier: Apache-2.0
// A waveform that the user asked for, and a save file for GTKWave beside it (OUT.gtkw): whole at
// their places, or not there at all.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "actplane/io/files.h"
#include "actplane/status.h"

namespace actplane::tb {

// Verilator's writer opens by name, removes what is there first, and seeks. So it writes to a
// folder of our own, whose names are removed as soon as the file is open.
class Waveform {
 public:
  // What is refused is refused here, before the run.
  static Result<std::unique_ptr<Waveform>> Create(const io::Files& files, const std::string& path,
                                                  bool overwrite);
  ~Waveform();
  Waveform(const Waveform&) = delete;
  Waveform& operator=(const Waveform&) = delete;

  std::string path() const { return folder_ + "/wave.fst"; }  // for the device
  void TakeOver();                                            // the device has opened it
  Status Commit();                                            // the device has closed it

 private:
  Waveform(std::unique_ptr<io::Sink> sink, std::unique_ptr<io::Sink> save, std::string name,
           std::string folder)
      : sink_(std::move(sink)),
        save_(std::move(save)),
        name_(std::move(name)),
        folder_(std::move(folder)) {}
  Status CommitSaveFile();

  std::unique_ptr<io::Sink> sink_;
  std::unique_ptr<io::Sink> save_;  // none where the waveform is no file
  std::string name_;                // of the waveform
  std::string folder_;
  int fd_ = -1;
  Status status_;
};

}  // namespace actplane::tb
