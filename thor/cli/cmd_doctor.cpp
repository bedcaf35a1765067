// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <fmt/format.h>
#include <torch/version.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <thread>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/base/version.h"
#include "thor/cli/command.h"
#include "thor/cli/self_check.h"
#include "thor/data/case_list.h"
#include "thor/eval/cohort.h"
#include "thor/pipeline/pipeline.h"

namespace thor {
namespace {

using Json = nlohmann::ordered_json;

#ifdef __clang__
constexpr const char* kCompiler = __VERSION__;
#else
constexpr const char* kCompiler = "g++ " __VERSION__;
#endif

std::string cpu_features() {
  std::string text;
#ifdef __x86_64__
  const auto add = [&](bool there, const char* name) {
    text += there ? std::string(text.empty() ? "" : " ") + name : "";
  };
  add(__builtin_cpu_supports("avx2"), "avx2");
  add(__builtin_cpu_supports("avx512f"), "avx512f");
  add(__builtin_cpu_supports("avx512bf16"), "avx512bf16");
#endif
  return text.empty() ? "none known" : text;
}

std::string first_match(const std::string& text, const char* pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : "unknown";
}

/// The BLAS that this process really loaded: a matter of the machine, not of the build.
std::string loaded_blas() {
  std::ifstream maps("/proc/self/maps");
  const std::regex blas("(/\\S*/lib(?:open)?blas\\S*|/\\S*libmkl_\\S*)");
  std::smatch match;
  for (std::string line; std::getline(maps, line);)
    if (std::regex_search(line, match, blas)) return match[1].str();
  return "built in, or none";
}

void warn_about_blas(const std::string& path) {
  if (path.find("openblas-pthread") != std::string::npos)
    warn("this OpenBLAS uses its own threads beside OpenMP, which is slow: install libopenblas0-openmp");
  else if (path.find("/libblas") != std::string::npos || path.find("/blas/") != std::string::npos)
    warn("this is the reference BLAS, about 50 times slower than OpenBLAS: install libopenblas0-openmp");
}

Json lpips_state() {
  Json state = Json::object();
  for (const char* kind : {"lpips-squeeze", "lpips-alex"}) {
    const std::string path = thor_home() + "/" + kind + ".safetensors";
    state[kind] = std::filesystem::exists(path) ? path : fmt::format("absent; thor import FILE --as {}", kind);
  }
  return state;
}

std::vector<at::Device> devices() {
  std::vector<at::Device> list{at::kCPU};
  const int64_t gpus = at::hasCUDA() ? static_cast<int64_t>(at::getNumGPUs()) : 0;
  for (int64_t i = 0; i < gpus; ++i) list.emplace_back(at::kCUDA, static_cast<at::DeviceIndex>(i));
  return list;
}

Json report() {
  Json out;
  out["thor"] = version();
  out["libtorch"] = TORCH_VERSION;
  out["itk"] = THOR_ITK_VERSION;
  out["compiler"] = kCompiler;
  out["cpu"] = cpu_features();
  out["vector_kernels"] = first_match(at::show_config(), "CPU capability usage: (\\S+)");
  out["threads"] = fmt::format("{} of {} cores", at::get_num_threads(), std::thread::hardware_concurrency());
  out["blas"] = loaded_blas();
  out["home"] = thor_home();
  out["lpips"] = lpips_state();
  out["checks"] = Json::array();
  for (const auto& device : devices())
    for (const auto type : {at::kFloat, at::kBFloat16}) {
      const SelfCheck check = self_check(device, type);
      out["checks"].push_back({{"device", device.str()},
                               {"precision", type == at::kFloat ? "fp32" : "bf16"},
                               {"error", check.error},
                               {"tolerance", check.tolerance},
                               {"ok", check.ok()}});
    }
  return out;
}

void print_for_people(const Json& out) {
  for (const auto& [key, value] : out.items())
    if (value.is_string()) fmt::print("{:<16} {}\n", key, value.get<std::string>());
  for (const auto& [kind, state] : out["lpips"].items()) fmt::print("{:<16} {}\n", kind, state.get<std::string>());
  for (const auto& check : out["checks"])
    fmt::print("{:<16} {} (network off by {:.1e}, allowed {:.0e})\n",
               check["device"].get<std::string>() + " " + check["precision"].get<std::string>(),
               check["ok"].get<bool>() ? "ok" : "FAILED", check["error"].get<double>(),
               check["tolerance"].get<double>());
}

struct DoctorOptions {
  std::string cohort, model;
  int64_t images = 20;
  RunConfig run;
  bool json = false;
};

int check_cohort(const DoctorOptions& options) {
  if (options.cohort.empty() || options.model.empty())
    fail_usage("a cohort is compared with a model: give both --cohort INPUT and --model MODEL");
  if (options.images < 1) fail_usage("--images is {}, expected at least 1", options.images);
  const Model model = load_model(options.model);
  const CohortReport report = compare_cohort(model, list_cases({options.cohort}), options.images, options.run);
  for (const CaseFailure& failure : report.failed) warn("{}", failure.message);
  if (options.json)
    fmt::print("{}\n", dump_json(parse(report.to_json()), 2));
  else
    fmt::print("{}", report.table());
  return 0;
}

int check_installation(bool json) {
  const Json out = report();
  if (json)
    fmt::print("{}\n", out.dump(2));
  else
    print_for_people(out);
  warn_about_blas(out["blas"]);
  for (const auto& check : out["checks"])
    if (!check["ok"].get<bool>()) return 1;
  return 0;
}

}  // namespace

Command doctor_command() {
  const auto o = std::make_shared<DoctorOptions>();
  return {
      "doctor",
      CommandGroup::Use,
      "check this installation, or whether a cohort fits a model",
      "Prints what thor runs with and lets a tiny built-in network compute known numbers on every device, in fp32 and\n"
      "bf16. Exit code 1 if one of them is wrong. With --cohort it compares images with what the model was trained on\n"
      "instead (brightness, foreground, sizes, spacing, bit depth and, if the model is calibrated, image scores) and\n"
      "says what differs, why that matters and what to do. Volumes go through the model's steps first: what is\n"
      "compared is what the network would see of them.",
      {{"doctor", "for people"},
       {"doctor --json", "for bug reports"},
       {"doctor --cohort scans.csv --model run/model.safetensors", "do these images fit this model?"},
       {"doctor --cohort bids --model run/model.safetensors", "do these raw scans?"}},
      {{"--cohort", "INPUT", "a CSV, a folder, a BIDS dataset, or one scan: pictures, volumes, DICOM", &o->cohort},
       {"--model", "MODEL", "what they are compared with", &o->model},
       {"--images", "N", "at most so many pictures or slices get a score, if the model is calibrated (default: 20)",
        &o->images},
       seed_option(o->run.seed),
       device_option(o->run.device),
       lpips_option(o->run.lpips),
       json_option(o->json)},
      [o] { return o->cohort.empty() && o->model.empty() ? check_installation(o->json) : check_cohort(*o); }};
}

}  // namespace thor
