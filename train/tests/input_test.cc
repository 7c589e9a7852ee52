// SPDX-License-Identifier: Apache-2.0
// Every place that reads a file, with files that are not what they should be: one line with the
// fix, at once, and nothing changed.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/serialize.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <map>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "program.h"
#include "train/stash/few_bit.h"
#include "train/stash/files.h"
#include "train/stash/random.h"
#include "train/trainer/comparison.h"
#include "train/trainer/exceptions.h"
#include "train/trainer/train_log.h"

namespace actplane::train {
namespace {

// TorchScript, as other programs save their models.
torch::jit::Module ForeignModel() {
  torch::jit::Module model("Model");
  model.register_parameter("weight", at::ones({3, 3}), false);
  model.define("def forward(self, x):\n  return x + 1\n");
  return model;
}

// Its code runs while libtorch loads it, and does not end.
torch::jit::Module EndlessModel() {
  torch::jit::Module model("Endless");
  model.register_attribute("n", c10::IntType::get(), 1);
  model.define(
      "def __getstate__(self):\n  return 1\n"
      "def __setstate__(self, n: int) -> None:\n  while True:\n    self.n = 0\n");
  return model;
}

// An archive like ours, without a seal.
void SaveArchive(const std::string& path) {
  torch::serialize::OutputArchive archive;
  archive.write("config", c10::IValue(std::string("{}")));
  archive.write("step", c10::IValue(3));
  archive.save_to(path);
}

class OddFiles : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    fs::create_directory(folder_ / "odd");
    const auto write = [&](const char* name, const std::string& bytes) {
      std::ofstream(folder_ / "odd" / name, std::ios::binary) << bytes;
    };
    write("empty", "");
    write("text.txt", MadeUpText());
    write("binary", [] {
      std::string bytes;
      for (uint64_t i = 0; i < 4096; ++i) bytes += static_cast<char>(MixKey(1, i));
      return bytes;
    }());
    write("array.npy", "\x93NUMPY\x01" + std::string(1, '\0') + "v" + std::string(200, '\0'));
    write("list.json", "[1, 2, 3]");
    write("deep.json", std::string(1 << 20, '['));
    write("other.json", R"({"tensors": 3, "levels": {}, "config": [], "lines": []})");
    ForeignModel().save((folder_ / "odd/model.pt").string());
    EndlessModel().save((folder_ / "odd/endless.pt").string());
    SaveArchive((folder_ / "odd/archive.pt").string());
    torch::save(at::ones({3}), (folder_ / "odd/tensor.pt").string());
    write("huge", "x");
    fs::resize_file(folder_ / "odd/huge", uint64_t{300} << 20);  // a hole
    fs::create_directory(folder_ / "odd/folder");
    ASSERT_EQ(mkfifo((folder_ / "odd/pipe").c_str(), 0600), 0);
  }

  // Calls `read` with every odd file and with none; what it says by name.
  std::map<std::string, Status> Say(const std::function<Status(const std::string&)>& read) {
    std::map<std::string, Status> said;
    for (const auto& entry : fs::directory_iterator(folder_ / "odd"))
      said[entry.path().filename()] = read(entry.path());
    said["missing"] = read((folder_ / "odd/missing").string());
    said["/dev/zero"] = read("/dev/zero");
    return said;
  }

  // All are refused as files, in one line for people. `own`: files of the program, never pipes.
  void ExpectRefused(const std::map<std::string, Status>& said, bool own = false) {
    EXPECT_EQ(said.size(), 16U);
    for (const auto& [name, status] : said) {
      EXPECT_EQ(status.code(), name == "missing" ? StatusCode::kIo : StatusCode::kBadInput)
          << name << ": " << status.message();
      EXPECT_EQ(status.message().find_first_of("\n\x1b"), std::string::npos) << status.message();
      EXPECT_EQ(status.message().find("0x"), std::string::npos) << status.message();
      EXPECT_NE(status.message().find("; "), std::string::npos) << "the fix: " << status.message();
    }
    const auto part = [&](const char* name) { return said.at(name).message(); };
    EXPECT_NE(part("folder").find("is a directory"), std::string::npos);
    EXPECT_NE(part("pipe").find(own ? "is a pipe or device" : "gave no byte"), std::string::npos);
    EXPECT_NE(part("/dev/zero").find("is a pipe or device"), std::string::npos);
    EXPECT_NE(part("missing").find("No such file"), std::string::npos);
  }
};

TEST_F(OddFiles, AreNoCheckpoints) {
  const auto trainer = TrainerOf(SmallConfig());
  const at::Tensor before = trainer->parameters()[0]->value.clone();
  for (const bool all : {true, false}) {
    const auto said = Say([&](const std::string& path) {
      return all ? trainer->Resume(path) : trainer->LoadWeights(path);
    });
    ExpectRefused(said, all);
    for (const auto& [name, status] : said) {
      if (name == "folder" || name == "pipe" || name == "missing" || name == "/dev/zero") continue;
      EXPECT_NE(status.message().find("it is damaged or of another program"), std::string::npos)
          << name << ": " << status.message();
    }
  }
  EXPECT_TRUE(SameBits(trainer->parameters()[0]->value, before));
  EXPECT_EQ(trainer->step(), 0);
}

TEST_F(OddFiles, AreNoLogs) {
  ExpectRefused(Say([](const std::string& path) { return ReadLog(path, Role::kInput).status(); }));
}

TEST_F(OddFiles, AreNoTables) {
  ExpectRefused(Say([](const std::string& path) { return ReadFewBit(path).status(); }));
  auto said = Say([](const std::string& path) { return MakeStash("alam:table=" + path).status(); });
  EXPECT_TRUE(said.at("other.json").ok()) << "what it holds is compared with the network later";
  said["other.json"] = BadInputError("; ");
  ExpectRefused(said);
}

TEST_F(OddFiles, AreNoResults) {
  auto said = Say([](const std::string& path) { return ReadJson(path).status(); });
  EXPECT_TRUE(said.at("other.json").ok());
  said["other.json"] = BadInputError("; ");
  ExpectRefused(said, true);
  const std::string other = (folder_ / "odd/other.json").string();
  EXPECT_EQ(KindsCsv({{"x", other}}).status().code(), StatusCode::kOk) << "no lines";
  Outcome outcome{.method = "exact", .seed = 1, .failure = "", .summary = {}, .path = "summary"};
  EXPECT_EQ(Collect({outcome}, {}).status().message(),
            "'summary' is damaged; remove it and run compare again");
  outcome.failure = "none";
  EXPECT_NE(Collect({outcome}, {{"exact", other}}).status().message().find("is damaged"),
            std::string::npos);
  std::ofstream(other) << R"({"lines": [{"kind": "all", "relative": [[]]}]})";
  EXPECT_NE(KindsCsv({{"x", other}}).status().message().find("is damaged"), std::string::npos);
}

TEST_F(OddFiles, AreNoSettings) {
  auto said = Say([](const std::string& path) {
    return ExpandConfigFile({"train", "--config", path}).status();
  });
  EXPECT_TRUE(said.at("empty").ok()) << "no settings at all";
  said["empty"] = BadInputError("; ");
  ExpectRefused(said);
  std::ofstream(folder_ / "more.toml") << "config = \"others.toml\"\n";
  EXPECT_NE(ExpandConfigFile({"train", "--config=" + (folder_ / "more.toml").string()})
                .status()
                .message()
                .find("names another file"),
            std::string::npos);
}

TEST_F(OddFiles, AreTextWhereTheyHaveBytes) {
  for (const auto& [name, status] :
       Say([](const std::string& path) { return Corpus::Load(path, 0.1, 16).status(); })) {
    const bool fits = name == "deep.json" || name.ends_with(".pt") || name == "text.txt" ||
                      name == "binary" || name == "array.npy";
    if (name == "list.json" || name == "other.json" || name == "empty") {
      EXPECT_NE(status.message().find("too few"), std::string::npos);
    } else {
      EXPECT_EQ(status.ok(), fits) << name << ": " << status.message();
    }
  }
}

TEST(InputFile, IsReadUpToItsLimitAndRefusedBeforeItIsRead) {
  const std::string path = ScratchPath("limit");
  std::ofstream(path) << "12345";
  EXPECT_EQ(ReadInput(path, 5, "cut it").value(), "12345");
  EXPECT_EQ(ReadInput(path, 4, "cut it").status().message(),
            fmt::format("'{}' has more than the 4 bytes that are read; cut it", path));
  fs::resize_file(path, kMostText + 1);
  EXPECT_NE(Corpus::Load(path, 0.1, 16)
                .status()
                .message()
                .find("has more than the 268435456 bytes that are read; give a part of it, as "
                      "head -c 268435456 makes one"),
            std::string::npos);
  fs::resize_file(path, uint64_t{1} << 40);  // more than most machines could hold
  EXPECT_EQ(Corpus::Load(path, 0.1, 16).status().code(), StatusCode::kBadInput);
  fs::remove(path);
}

// As of yes(1), which would fill the disk.
TEST(InputFile, APipeIsReadNoFurtherThanItsLimit) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  uint64_t taken = 0;
  std::thread endless([&] {
    ::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c)
    const std::vector<char> much(1 << 16, 'y');
    for (ssize_t n; taken < (64U << 20) && (n = ::write(fds[1], much.data(), much.size())) > 0;) {
      taken += static_cast<uint64_t>(n);
    }
    ::close(fds[1]);
  });
  const std::string path = fmt::format("/proc/self/fd/{}", fds[0]);
  const auto text = ReadInput(path, 1 << 20, "cut it");
  ::close(fds[0]);
  endless.join();
  EXPECT_EQ(text.status().message(),
            fmt::format("'{}' has more than the 1048576 bytes that are read; cut it", path));
  EXPECT_LE(taken, 4U << 20);
}

// A log whose numbers are no steps or no numbers.
TEST(TrainLog, RefusesRowsThatNoRunWrites) {
  const std::string path = ScratchPath("rows");
  const auto read = [&](const std::string& row) {
    std::ofstream(path, std::ios::binary)
        << "step,loss,lr,gradient_norm,seconds,tokens_per_second,stash_bytes,held_out_loss\n"
        << row << "\n";
    return ReadLog(path, Role::kInput);
  };
  const auto good = read("1,2.5,0.1,3,0.01,100,4096,2.25");
  ASSERT_TRUE(good.ok()) << good.status().message();
  EXPECT_EQ(good->at(0).step, 1);
  EXPECT_EQ(good->at(0).held_out, 2.25);
  EXPECT_TRUE(read("1,nan,0.1,inf,0.01,100,4096,").ok()) << "a run may diverge";
  for (const std::string& row :
       {std::string("1e300,2,0,3,0,1,4,"), std::string("nan,2,0,3,0,1,4,"),
        std::string("-1,2,0,3,0,1,4,"), std::string("1.5,2,0,3,0,1,4,"),
        std::string("1,2,0,3,0,1,inf,"), std::string("1,,0,3,0,1,4,"),
        std::string("1,2\0x,0,3,0,1,4,", 17), std::string("1,2,0,3,0,1,4"), std::string()}) {
    EXPECT_EQ(read(row).status().code(), StatusCode::kBadInput) << row;
  }
  fs::remove(path);
}

TEST(Checkpoint, WithAnyBitChangedIsRefused) {
  const std::string path = ScratchPath("flipped-checkpoint");
  RunConfig config = SmallConfig();
  config.geometry = {.blocks = 1, .width = 4, .heads = 2, .context = 4};
  config.stash = "mesa";
  const auto trainer = TrainerOf(config);
  ASSERT_TRUE(trainer->Step().ok());
  ASSERT_TRUE(SaveTo(*trainer, path).ok());
  const std::string whole = ReadFile(path);
  const auto other = TrainerOf(config);
  const at::Tensor before = other->parameters()[0]->value.clone();
  const auto expect_refused = [&](const std::string& bytes, const std::string& what) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    const Status s = other->Resume(path);
    EXPECT_EQ(s.code(), StatusCode::kBadInput) << what << ": " << s.message();
    EXPECT_NE(s.message().find("it is damaged or of another program"), std::string::npos) << what;
  };
  for (size_t i = 0; i < whole.size(); i += i + 64 < whole.size() ? size_t{61} : size_t{1}) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ (1 << (i % 8)));
    expect_refused(bytes, fmt::format("byte {} of {}", i, whole.size()));
  }
  for (size_t size = 0; size < whole.size(); size += size < 64 ? size_t{1} : size_t{997})
    expect_refused(whole.substr(0, size), fmt::format("the first {} bytes", size));
  expect_refused(whole + '\0', "a byte more");
  expect_refused(whole + whole, "twice");
  EXPECT_TRUE(SameBits(other->parameters()[0]->value, before));
  std::ofstream(path, std::ios::binary | std::ios::trunc) << whole;
  EXPECT_TRUE(other->Resume(path).ok());
  fs::remove(path);
}

// --- what libraries throw ---

std::string ExplanationOf(const std::function<void()>& fail) {
  try {
    fail();
  } catch (const std::exception& e) {
    const std::string text = Explain(e);
    EXPECT_EQ(text.find_first_of("\n\r\x1b"), std::string::npos) << text;
    EXPECT_EQ(text.find("frame #"), std::string::npos) << text;
    EXPECT_EQ(text.find("close other programs") != std::string::npos, IsOutOfMemory(e)) << text;
    return text;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST(Explain, LeavesOutAddressesAndBacktraces) {
  const std::string path = ScratchPath("model.pt");
  ForeignModel().save(path);
  // What libtorch itself says when one reads what is not there names an address.
  const std::string attribute = ExplanationOf([&] {
    torch::serialize::InputArchive archive;
    archive.load_from(path);
    c10::IValue value;
    archive.read("magic", value);
  });
  EXPECT_NE(attribute.find("does not have a field with name 'magic'"), std::string::npos)
      << attribute;
  EXPECT_EQ(attribute.find("0x"), std::string::npos) << attribute;
  fs::remove(path);

  const std::string check = ExplanationOf([] { (void)at::ones({2}).view({3}); });
  EXPECT_NE(check.find("shape '[3]' is invalid"), std::string::npos) << check;
  const std::string code =
      ExplanationOf([] { ForeignModel().define("def f(self):\n  return y\n"); });
  EXPECT_NE(code.find("undefined value y"), std::string::npos) << code;
  const std::string made_up = ExplanationOf([] {
    throw std::runtime_error("\n\x1b[31mat 0x7ffe12345678 of 0xABCDEF\nframe #0: 0x1234");
  });
  EXPECT_EQ(made_up,
            "a library failed with '\\x1b[31mat 0x... of 0x...'; report it together with the "
            "command line");
}

TEST(Explain, SaysWhenMemoryIsShort) {
  const int64_t much = int64_t{1} << 46;
  for (const auto& fail : std::vector<std::function<void()>>{
           [&] { (void)at::empty({much}, at::kFloat); },
           [&] {
             (void)at::empty({much, much}, at::kFloat);
           },
           [] { throw std::bad_alloc(); }, [] { throw std::length_error("vector"); }}) {
    EXPECT_NE(ExplanationOf(fail).find("there is not enough memory; lower --batch"),
              std::string::npos);
  }
}

// --- the program ---

TEST_F(OddFiles, StopTheProgramAtOnce) {
  const auto run = [&](const std::string& arguments) { return Run(arguments, "timeout 60"); };
  const std::string damaged = "it is damaged or of another program; give a checkpoint of";
  for (const char* sub : {"train --out r", "capture --out r", "gradcheck", "allocate",
                          "compare --out r --methods mxfp8"}) {
    ExpectComplaint(run(std::string(sub) + Small() + " --init odd/model.pt"), 3, damaged);
    EXPECT_FALSE(fs::exists(folder_ / "r")) << sub;
  }
  ExpectComplaint(run("train --out r" + Small() + "--init odd/endless.pt"), 3, damaged);
  fs::create_directory(folder_ / "r");
  fs::copy(folder_ / "odd/model.pt", folder_ / "r/checkpoint");
  ExpectComplaint(run("train --resume --out r" + Small()), 3, damaged);
  EXPECT_EQ(ReadFile(folder_ / "r/checkpoint"), ReadFile(folder_ / "odd/model.pt"));

  const std::string pipe = "gave no byte; check the program that writes to it";
  for (const char* arguments :
       {"train --out s --text odd/pipe", "train --config odd/pipe", "plot odd/pipe --out p.svg",
        "fewbit --inputs odd/pipe", "train --out s --text text --init odd/pipe",
        "train --out s --text text --stash fewbit:table=odd/pipe",
        "train --out s --text text --stash alam:table=odd/pipe"})
    ExpectComplaint(run(arguments), 3, pipe);
  ExpectComplaint(run("compare --out s --text text --methods alam:table=odd/pipe"), 3,
                  "is a pipe or device, which cannot be read at will");
  EXPECT_FALSE(fs::exists(folder_ / "s"));
  ExpectComplaint(run("train --out s --text odd/huge"), 3, "has more than the 268435456 bytes");
  EXPECT_FALSE(fs::exists(folder_ / "s"));
}

TEST_F(OddFiles, ResultsOfAnEarlierComparisonAreRefused) {
  fs::create_directories(folder_ / "all/exact-1");
  fs::copy(folder_ / "odd/other.json", folder_ / "all/exact-1/summary.json");
  ExpectComplaint(Run("compare" + Small() + "--steps 3 --out all --methods exact"), 2,
                  "is a run with other settings");
  fs::copy(folder_ / "odd/list.json", folder_ / "all/exact-1/summary.json",
           fs::copy_options::overwrite_existing);
  ExpectComplaint(Run("compare" + Small() + "--steps 3 --out all --methods exact"), 3,
                  "is damaged; remove it and run compare again");
}

TEST_F(Program, ImpossibleSizesAreRefusedAndNotTried) {
  for (const char* option :
       {"--width 2147483647 --heads 1", "--blocks 2147483647", "--batch 2147483647"})
    ExpectComplaint(Run("train" + Small() + option + " --out r", "timeout 60"), 2,
                    "this run needs at least");
  EXPECT_FALSE(fs::exists(folder_ / "r"));
}

TEST_F(Program, ALeadingZeroDoesNotMakeANumberOctal) {
  const std::string train = "train" + Small() + "--steps 010 --seed 012 --out a --json";
  const nlohmann::json summary = nlohmann::json::parse(Run(train).out);
  EXPECT_EQ(summary["steps"], 10);
  EXPECT_EQ(summary["config"]["seed"], 12);
}

TEST_F(Program, HintsNameWhatCanBeDone) {
  std::ofstream(folder_ / "head.csv")
      << "step,loss,lr,gradient_norm,seconds,tokens_per_second,stash_bytes,held_out_loss\n";
  ExpectComplaint(Run("plot head.csv --out p.svg"), 3, "has no loss to draw");
  std::ofstream(folder_ / "nan.csv")
      << "step,loss,lr,gradient_norm,seconds,tokens_per_second,stash_bytes,held_out_loss\n"
         "1,nan,1,1,1,1,1,\n";
  ExpectComplaint(Run("plot nan.csv --out p.svg"), 3, "has no loss to draw");
  ASSERT_EQ(Run("train" + Small() + "--steps 2 --out a").code, 0);
  ExpectComplaint(Run("plot a/log.csv --out p.svg", "PATH=/nowhere"), 3, "there is no gnuplot");

  const auto npy = [&](const char* name, const char* type, const std::string& bytes, int values) {
    std::string header =
        fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({},), }}", type, values);
    header.resize(117, ' ');
    std::ofstream(folder_ / name, std::ios::binary)
        << "\x93NUMPY\x01" << '\0' << "v" << '\0' << header << '\n'
        << bytes;
  };
  npy("half.npy", "<f2", std::string("\0\x3c\0\x40", 4), 2);    // 1, 2
  npy("bf16.npy", "<u2", std::string("\x80\x3f\0\x40", 4), 2);  // the same
  npy("none.npy", "<f4", "", 0);
  npy("far.npy", "<f4", std::string(8, '\x7f'), 2);
  const std::string half = Run("fewbit --bits 1 --inputs half.npy --json").out;
  EXPECT_NE(half.find("\"weight\": \"inputs\""), std::string::npos);
  ExpectComplaint(Run("fewbit --bits 1 --inputs bf16.npy"), 3, "pass --format bf16");
  EXPECT_EQ(Run("fewbit --bits 1 --inputs bf16.npy --format bf16 --json").out, half);
  ExpectComplaint(Run("fewbit --inputs none.npy"), 2, "hold no values");
  ExpectComplaint(Run("fewbit --inputs far.npy"), 2, "none of the 2 inputs lies between");
  ExpectComplaint(Run("fewbit --inputs half.npy --format fp8"), 2, "--format");
}

// A table for another network is found at the first step, when a log is there already.
TEST_F(Program, AFailureBeforeTheFirstStepLeavesTheLogAlone) {
  fs::create_directory(folder_ / "r");
  std::ofstream(folder_ / "r/log.csv") << "mine\n";
  std::ofstream(folder_ / "table.json") << R"({"tensors": []})";
  ExpectComplaint(Run("train" + Small() + "--stash alam:table=table.json --out r -f"), 2,
                  "has no bits for");
  EXPECT_EQ(ReadFile(folder_ / "r/log.csv"), "mine\n");
  ExpectComplaint(Run("train" + Small() + "--stash alam:save=\"$(printf '\\377')\" --out s"), 2,
                  "has bytes that are not text");
}

}  // namespace
}  // namespace actplane::train
