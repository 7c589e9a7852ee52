// SPDX-License-Identifier: Apache-2.0
// actplane-train compare: several methods and seeds on the same data and dropout, one process each,
// and one table and two pictures of them all.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <filesystem>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "actplane/io/tensor_info.h"
#include "train/app/commands.h"
#include "train/app/runs.h"
#include "train/stash/registry.h"
#include "train/trainer/comparison.h"
#include "train/trainer/train_log.h"
#include "train/trainer/verdict.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostCurves = 16;  // of several seeds, in one picture

struct CompareOptions {
  RunConfig run;
  std::vector<std::string> methods;
  std::vector<uint64_t> seeds = {1};
  std::string runs;  // folder of the runs; empty: `run.out`
  int jobs = 0;
  bool slurm = false;
  std::string sbatch;  // options of the user for it
  bool ended = false;  // start no run
  bool json = false;
};

using TableHashes = std::map<std::string, std::string>;  // of methods that read some

// Checks every run before the first starts. The list with `exact` in front, each method once. `run`
// learns what text and weights there are, `hashes` what tables.
Result<std::vector<std::string>> CheckedMethods(const CompareOptions& o, RunConfig& run,
                                                TableHashes& hashes) {
  RefuseStreams();
  std::vector<std::string> methods = {"exact"};
  for (const std::string& spec : o.methods) {
    if (std::find(methods.begin(), methods.end(), spec) == methods.end()) methods.push_back(spec);
  }
  const Result<Corpus> corpus = Corpus::Load(o.run.text, o.run.held_out, o.run.geometry.context);
  if (!corpus.ok()) return corpus.status();
  for (const std::string& spec : methods) {
    RunConfig config = o.run;
    config.stash = spec;
    const Result<std::unique_ptr<Trainer>> trainer = Trainer::Create(config, *corpus);
    if (!trainer.ok()) return trainer.status();
    hashes[spec] = (*trainer)->config().table_hash;
    if (const std::string output = Output::AnyClaimed(); !output.empty()) {
      return ConfigError(
          fmt::format("every run of {} would write {}; let actplane-train train do it", spec,
                      io::Quote(output)));
    }
    if (spec != methods[0]) continue;  // one look at the weights is enough
    if (!o.run.init.empty()) {
      if (Status s = (*trainer)->LoadWeights(o.run.init); !s.ok()) return s;
    }
    run = (*trainer)->config();
  }
  return methods;
}

// What to run, and where it lies.
struct Plan {
  const CompareOptions& options;
  RunConfig run;                     // with what it reads
  std::vector<std::string> methods;  // exact first
  TableHashes hashes;
  std::vector<std::string> given;  // options of the run
  std::string runs;

  std::string FolderOf(const std::string& method, uint64_t seed) const {
    return RunFolder(runs, method, seed);
  }
  std::string GradientOf(const std::string& method) const {
    return FolderOf(method, options.seeds[0]) + ".gradient.json";
  }
  static std::string NameOf(const std::string& method, uint64_t seed) {
    return fmt::format("{} seed {}", method, seed);
  }
  bool Ended(const std::string& method, uint64_t seed) const {
    std::error_code ignored;
    return std::filesystem::exists(FolderOf(method, seed) + "/summary.json", ignored);
  }
  // Such a run has failed and has its summary all the same.
  bool Diverged(const std::string& name) const {
    for (const std::string& method : methods) {
      for (const uint64_t seed : options.seeds) {
        if (NameOf(method, seed) == name) return Ended(method, seed);
      }
    }
    return false;
  }
  // Not in the tables: what is not there yet, or has no exact run to be compared with.
  bool LeftOut(const std::string& method, uint64_t seed) const {
    return options.ended && !(Ended(method, seed) && Ended(methods[0], seed));
  }
};

// The runs that are not there yet, seed by seed, so that an interrupted comparison has whole ones.
Result<std::deque<Task>> TrainingTasks(const Plan& plan) {
  std::deque<Task> tasks;
  for (const uint64_t seed : plan.options.seeds) {
    for (const std::string& method : plan.methods) {
      if (plan.LeftOut(method, seed)) continue;
      RunConfig config = plan.run;
      config.stash = method;
      config.table_hash = plan.hashes.at(method);
      config.seed = seed;
      Result<std::optional<Task>> task =
          TrainingTask(Plan::NameOf(method, seed), plan.given, config, plan.FolderOf(method, seed));
      if (!task.ok()) return task.status();
      if (task->has_value()) tasks.push_back(std::move(**task));
    }
  }
  return tasks;
}

// The gradient of every method on the weights that the exact run of the first seed ended with.
// One that is there stays, unless it is of other weights or of another table; where the weights are
// not kept nobody can tell.
Result<std::deque<Task>> GradientTasks(const Plan& plan) {
  const uint64_t seed = plan.options.seeds[0];
  const std::string weights = plan.FolderOf("exact", seed) + "/checkpoint";
  std::error_code ignored;
  std::string hash;
  if (std::filesystem::exists(weights, ignored)) {
    Result<std::string> read = Trainer::HashOf(weights);
    if (!read.ok()) return read.status();
    hash = std::move(read).value();
  }
  std::deque<Task> tasks;
  for (const std::string& method : plan.methods) {
    const std::string result = plan.GradientOf(method);
    if (std::filesystem::exists(result, ignored)) {
      const Result<Json> json = ReadJson(result);
      if (!json.ok()) return json.status();
      const bool same = hash.empty() || json->value("weights", std::string()) == hash;
      if (same && json->value("table", std::string()) == plan.hashes.at(method)) continue;
    }
    Task task{method + " gradient", {"gradcheck"}, result + ".txt", result};
    for (const std::string& g : plan.given) {
      if (!g.starts_with("--init")) task.arguments.push_back(g);
    }
    for (const std::string& a : {"--init=" + weights, fmt::format("--seed={}", seed),
                                 std::string("--threads=1"), std::string("--json"), method})
      task.arguments.push_back(a);
    tasks.push_back(std::move(task));
  }
  return tasks;
}

struct Results {
  std::vector<Outcome> outcomes;
  std::vector<Curve> curves;  // of every seed, if one can still see something; else of one
  size_t left_out = 0;        // of --ended
};

Result<Results> ReadRuns(const Plan& plan, const Failures& failed) {
  const std::vector<uint64_t>& seeds = plan.options.seeds;
  const bool all_seeds = seeds.size() > 1 && plan.methods.size() * seeds.size() <= kMostCurves;
  Results results;
  std::map<uint64_t, size_t> exact;  // curves of the first method, where that has ended
  for (const std::string& method : plan.methods) {
    for (const uint64_t seed : seeds) {
      if (plan.LeftOut(method, seed)) {
        ++results.left_out;
        continue;
      }
      Outcome& outcome = results.outcomes.emplace_back();
      outcome.method = method;
      outcome.seed = seed;
      if (const auto why = failed.find(Plan::NameOf(method, seed)); why != failed.end()) {
        outcome.failure = why->second;
        continue;
      }
      const std::string folder = plan.FolderOf(method, seed);
      Result<Json> summary = ReadJson(folder + "/summary.json");
      if (!summary.ok()) return summary.status();
      outcome.summary = std::move(summary).value();
      outcome.path = folder + "/summary.json";
      if (method != plan.methods[0] && !exact.contains(seed)) continue;
      if (method == plan.methods[0] && !exact.empty() && !all_seeds) continue;
      Result<std::vector<LogRow>> log = ReadLog(folder + "/log.csv", Role::kOwn);
      if (!log.ok()) return log.status();
      if (log->empty()) continue;  // the first step has diverged
      if (method == plan.methods[0]) exact[seed] = results.curves.size();
      results.curves.push_back({all_seeds ? fmt::format("{}, seed {}", method, seed) : method,
                                std::move(log).value(), exact[seed]});
    }
  }
  return results;
}

Json JsonOf(const Interval& i) { return {{"mean", i.mean}, {"low", i.low}, {"high", i.high}}; }

Json JsonOf(const std::vector<Verdict>& verdicts) {
  Json all = Json::array();
  for (const Verdict& v : verdicts) {
    all.push_back({{"range", v.range},
                   {"method", v.row->method},
                   {"loss_percent", JsonOf(v.loss)},
                   {"against_exact", v.exact},
                   {"least", v.least->method},
                   {"behind_percent", JsonOf(v.behind)},
                   {"against_least", v.others}});
  }
  return all;
}

Json JsonOf(const std::vector<Row>& rows) {
  Json all = Json::array();
  for (const Row& r : rows) {
    const Against against(r);
    all.push_back({{"method", r.method},
                   {"bytes", r.bytes},
                   {"ratio", r.ratio},
                   {"ratio_bf16", r.ratio / 2},
                   {"state_ratio", r.state_ratio},
                   {"relative", r.checked() ? Json(r.relative) : Json()},
                   {"cosine", r.checked() ? Json(r.cosine) : Json()},
                   {"bias", r.checked() ? Json(r.bias) : Json()},
                   {"held_out", r.losses},
                   {"exact", r.exact},
                   {"diverged", r.diverged},
                   {"against_bits", JsonOf(against.bits)},
                   {"perplexity_percent", JsonOf(against.perplexity)},
                   {"loss_percent", JsonOf(against.loss)},
                   {"step_time", std::isnan(r.step_time) ? Json() : Json(r.step_time)},
                   {"failure", r.failure}});
  }
  return {{"rows", all}, {"verdicts", JsonOf(Verdicts(rows))}};
}

// The tables and pictures. Those of a comparison are replaced: the folder is its own.
Result<std::map<std::string, Output>> ClaimTables(const CompareOptions& o) {
  std::error_code ignored;
  ReplaceOutputs(o.run.force || std::filesystem::exists(o.run.out + "/compare.csv", ignored));
  std::map<std::string, Output> files;
  for (const char* name :
       {"compare.csv", "compare.md", "verdict.csv", "kinds.csv", "loss.svg", "pareto.svg"}) {
    Result<Output> file = Output::ClaimOwn(fmt::format("{}/{}", o.run.out, name));
    if (!file.ok()) return file.status();
    files.emplace(name, std::move(file).value());
  }
  ReplaceOutputs(true);  // runs go on where they stopped
  return files;
}

Status Run(CompareOptions o, const CLI::App& app) {
  std::set<uint64_t> seen;  // a seed twice would be two that agree
  std::erase_if(o.seeds, [&](uint64_t seed) { return !seen.insert(seed).second; });
  RunConfig run;
  TableHashes hashes;
  Result<std::vector<std::string>> methods = CheckedMethods(o, run, hashes);
  if (!methods.ok()) return methods.status();
  Result<std::map<std::string, Output>> tables = ClaimTables(o);
  if (!tables.ok()) return tables.status();
  const std::string& out = o.run.out;
  const Plan plan{o,
                  run,
                  std::move(methods).value(),
                  std::move(hashes),
                  GivenOptions(app),
                  o.runs.empty() ? out : o.runs};
  for (const std::string& folder : {out, plan.runs}) {
    if (Status s = MakeFolder(folder); !s.ok()) return s;
  }
  Result<std::deque<Task>> tasks = TrainingTasks(plan);
  if (!tasks.ok()) return tasks.status();
  Result<std::deque<Task>> checks = o.ended ? std::deque<Task>() : GradientTasks(plan);
  if (!checks.ok()) return checks.status();
  if (Status s = CheckOutputs(*checks); !s.ok()) return s;  // before any run
  const int jobs = JobsOf(o.jobs);
  StatusLine line(o.json);
  const auto run_all = [&](std::deque<Task> all, const char* folder) {
    if (!o.slurm) return RunAll(std::move(all), jobs, line);
    std::istringstream words(o.sbatch);
    return RunOnSlurm(all, fmt::format("{}/{}", out, folder),
                      {std::istream_iterator<std::string>(words), {}}, line);
  };
  Result<Failures> failed = run_all(std::move(tasks).value(), "slurm-runs");
  if (!failed.ok()) return failed.status();
  std::erase_if(*failed, [&](const auto& f) { return plan.Diverged(f.first); });
  if (!o.ended) checks = GradientTasks(plan);  // of the weights that there are now
  if (!checks.ok()) return checks.status();
  const Result<Failures> unchecked = run_all(std::move(checks).value(), "slurm-gradients");
  if (!unchecked.ok()) return unchecked.status();

  const Result<Results> results = ReadRuns(plan, *failed);
  if (!results.ok()) return results.status();
  std::map<std::string, std::string> gradients;
  for (const std::string& method : plan.methods) gradients[method] = plan.GradientOf(method);
  const Result<std::vector<Row>> rows = Collect(results->outcomes, gradients);
  if (!rows.ok()) return rows.status();
  if (rows->empty())
    return IoError(fmt::format("no exact run has ended in {}; leave out --ended", plan.runs));
  if ((*rows)[0].losses.empty())
    return IoError(fmt::format("the exact run failed: {}", (*rows)[0].failure));
  for (const double loss : (*rows)[0].losses) {
    if (std::isnan(loss)) return MismatchError("an exact run diverges; lower --lr");
  }
  const Result<std::string> loss = DrawCurves(results->curves);
  if (!loss.ok()) return loss.status();
  const Result<std::string> pareto = DrawPareto(*rows);
  if (!pareto.ok()) return pareto.status();
  const Result<std::string> kinds = KindsCsv(gradients);
  if (!kinds.ok()) return kinds.status();
  const std::string table = MarkdownOf(*rows) + VerdictMarkdown(*rows);
  for (const auto& [name, text] :
       std::map<std::string, std::string>{{"compare.csv", CsvOf(*rows)},
                                          {"compare.md", table},
                                          {"verdict.csv", VerdictCsv(*rows)},
                                          {"kinds.csv", *kinds},
                                          {"loss.svg", *loss},
                                          {"pareto.svg", *pareto}}) {
    if (Status s = tables->at(name).Write(text); !s.ok()) return s;
  }
  if (results->left_out != 0) {
    Complain(fmt::format("{} of {} runs have not ended, or not with exact: left out",
                         results->left_out, plan.methods.size() * o.seeds.size()));
  }
  for (const auto& [name, why] : *unchecked) Complain(fmt::format("{}: {}", name, why));
  const Status printed =
      o.json ? PrintJson(JsonOf(*rows))
             : Print(table + fmt::format("files  {}: compare.csv compare.md verdict.csv kinds.csv "
                                         "loss.svg pareto.svg\n",
                                         out));
  if (!printed.ok() || (failed->empty() && unchecked->empty())) return printed;
  return MismatchError(fmt::format("{} of the runs and checks failed, as the table says",
                                   failed->size() + unchecked->size()));
}

}  // namespace

Command AddCompare(CLI::App& root, const RunConfig& preset) {
  auto o = std::make_shared<CompareOptions>();
  o->run = preset;
  o->run.out = "build/runs/compare";
  CLI::App* app = root.add_subcommand(
      "compare", "Train with several methods on the same data, and compare loss, error and bytes");
  AddRunOptions(*app, o->run);
  app->remove_option(app->get_option("--stash"));
  app->remove_option(app->get_option("--seed"));
  app->remove_option(app->get_option("--threads"));
  app->add_option("--methods", o->methods, "Methods, as for --stash; exact is always there")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("SPEC...");
  app->add_option("--seeds", o->seeds, "Seeds of weights, data order and dropout")
      ->transform(cli::Decimal())
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("N,...")
      ->capture_default_str();
  app->add_option("--jobs", o->jobs, "Runs at a time, one thread each; 0: as many as cores")
      ->transform(cli::Decimal())
      ->check(CLI::Range(0, 1024).description(""))
      ->type_name("N")
      ->capture_default_str();
  app->add_flag("--slurm", o->slurm, "Runs become a job array of a Slurm cluster (sbatch)");
  app->add_option("--sbatch", o->sbatch, "With --slurm: options of sbatch, as in '-p long -c 1'")
      ->needs("--slurm")
      ->type_name("OPTION...");
  app->add_flag("--ended", o->ended, "Tables of the runs that have ended so far; starts none")
      ->excludes("--slurm");
  app->add_option("--runs", o->runs, "Folder of the runs, if several comparisons share it")
      ->check(NotEmpty())
      ->type_name("DIR");
  app->add_option("--out", o->run.out, "Folder of the tables, the pictures and the runs")
      ->check(NotEmpty())
      ->type_name("DIR")
      ->capture_default_str();
  AddJson(*app, o->json);
  AddForce(*app, o->run.force);
  app->footer(
      "Runs that are there are not repeated, one that was stopped goes on from its checkpoint.\n"
      "In a folder that has a compare.csv the tables and pictures are replaced without -f.\n\n"
      "Examples:\n"
      "  actplane-train compare --preset tiny --methods mxfp8 mesa alam:bits=2 --seeds 1,2\n"
      "  actplane-train compare --methods tempo fewbit:bits=3 compact:ratio=4 "
      "tempo+actplane:order=significance,ratio=4,ratio.gelu_output=exact");
  return {app, [o, app] { return Run(*o, *app); }};
}

}  // namespace actplane::train
