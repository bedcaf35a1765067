// SPDX-License-Identifier: Apache-2.0
#include "bench/targets.h"

#include <fmt/format.h>

#include <cmath>

#include "bench/work.h"

namespace thor::bench {
namespace {

constexpr int64_t kFullCalls = 351;
/// Full THOR keeps a map at every 50th of its steps, and harmonizes at three.
constexpr int64_t kMaps = 8, kRegions = 3;

std::string ratio_text(double ratio) { return std::isnan(ratio) ? "-" : fmt::format("{:.3g}", ratio); }

struct Verdict {
  double value;
  std::string text, target;
  double at_least = NAN, below = NAN;
  std::string word() const {
    if (std::isnan(value) || (std::isnan(at_least) && std::isnan(below))) return "";
    return (std::isnan(at_least) || value >= at_least) && (std::isnan(below) || value < below) ? "met" : "missed";
  }
};

Verdict at_least(double ratio, double target) {
  return {ratio, ratio_text(ratio), fmt::format("at least {:g}", target), target};
}
Verdict shown(double ratio) { return {ratio, ratio_text(ratio), ""}; }
Verdict below(double value, double target, const std::string& text, const std::string& target_text) {
  return {value, text, "below " + target_text, NAN, target};
}

/// Collects the rows of the table of targets.
struct Targets {
  const Results& results;
  Rows rows{{"what", "ours", "peer", "ratio or figure", "target", ""}};

  void compare(const std::string& what, double ours, double peer, double target = NAN) {
    const double ratio = peer / ours;
    add(what, ours, peer, std::isnan(target) ? shown(ratio) : at_least(ratio, target));
  }
  void add(const std::string& what, double ours, double peer, const Verdict& verdict) {
    rows.push_back({what, seconds_text(ours), seconds_text(peer), verdict.text, verdict.target, verdict.word()});
  }
  double ours(const std::string& name) const { return results.ours(name).seconds; }
  double peer(const std::string& name) const { return results.peer(name).seconds; }

  /// From the step and the pieces: 351 network calls, 8 maps, 3 region masks, 351 fields of noise.
  double full_slice(const std::string& network, const std::string& precision) const {
    const double map = ours("part/lpips-pair") + ours("part/blur");
    return kFullCalls * (ours("step/" + network + "/b1/s128/" + precision) + ours("part/gaussian-field")) +
           (kMaps + kRegions) * map + kRegions * ours("part/region-mask");
  }
  void steps() {
    const std::string step = "step/paper/b1/s128/";
    compare("network step, float32, against the peer's float32", ours(step + "fp32"), peer(step + "fp32"), 2);
    compare("network step, bfloat16, against the peer's float32", ours(step + "bf16"), peer(step + "fp32"), 4);
    compare("network step, bfloat16, against the peer's best", ours(step + "bf16"), peer(step + "bf16"));
    const Timing bf16 = results.ours(step + "bf16");
    const double share = bf16.operations / bf16.seconds / results.peak("peak/conv3x3", "bf16");
    add("its share of the measured bfloat16 convolution peak", bf16.seconds, NAN,
        {share, fmt::format("{:.0f} %", 100 * share), "at least 65 %", 0.65});
  }
  void slices() {
    const double peer_full = kFullCalls * peer("step/paper/b1/s128/fp32");
    compare("a slice of full THOR, bfloat16 (both estimated from a step)", full_slice("paper", "bf16"), peer_full, 4);
    compare("a slice of fast THOR, bfloat16, against full THOR of the peer (estimated from a step)",
            ours("fast/paper/seeds4/bf16"), peer_full, 40);
    compare("the same with one seed", ours("fast/paper/seeds1/bf16"), peer_full, 150);
    compare("a slice of full THOR, small network, bfloat16, against the peer's float32", ours("thor/small/c351/bf16"),
            peer("thor/small/c351/fp32"));
    compare("the same against the peer's best", ours("thor/small/c351/bf16"), peer("thor/small/c351/bf16"));
    compare("a slice of DDPM, small network, bfloat16, against the peer's float32", ours("ddpm/small/c351/bf16"),
            peer("ddpm/small/c351/fp32"));
  }
  void training() {
    compare("training step, paper's network, batch 4, bfloat16 both", ours("train/paper/b4/bf16"),
            peer("train/paper/b4/bf16"), 1.5);
    compare("training step, small network, batch 8, bfloat16 both", ours("train/small/b8/bf16"),
            peer("train/small/b8/bf16"), 1.5);
  }
  void pieces() {
    const double simplex = ours("part/simplex-field"), lpips = ours("part/lpips-pair");
    add("simplex field, 128 x 128, 6 octaves, one core", simplex, NAN,
        below(simplex, 5e-4, seconds_text(simplex), "0.5 ms"));
    add("LPIPS of a pair, 128 x 128", lpips, NAN, below(lpips, 1e-2, seconds_text(lpips), "10 ms"));
  }
  void program() {
    for (const char* precision : {"fp32", "bf16"}) {
      const double memory = results.program(precision, "memory"), bar = results.program(precision, "first_bar");
      const std::string what = fmt::format("`thor detect` of one image, paper's network, {}: ", precision);
      add(what + "peak memory", NAN, NAN, below(memory, 1.2e9, fmt::format("{:.2f} GB", memory / 1e9), "1.2 GB"));
      add(what + "start to first progress", bar, NAN, below(bar, 1.5, seconds_text(bar), "1.5 s"));
      add(what + "start to first network call done", results.program(precision, "first_call"), NAN, {NAN, "", ""});
    }
  }
};

std::string precision_of(const std::string& name) { return name.substr(name.rfind('/') + 1); }

}  // namespace

Rows target_rows(const Results& results) {
  Targets targets{results};
  targets.steps();
  targets.slices();
  targets.training();
  targets.pieces();
  targets.program();
  return targets.rows;
}

Rows case_rows(const Results& results) {
  Rows rows{{"case", "ours", "peer", "ratio", "GFLOP/s", "of the peak", "error"}};
  for (const auto& [name, timing] : results.all_of_ours()) {
    const Timing peer = results.peer(name);
    const double speed = timing.operations / timing.seconds,
                 share = speed / results.peak("peak/conv3x3", precision_of(name));
    rows.push_back({name, seconds_text(timing.seconds), seconds_text(peer.seconds),
                    ratio_text(peer.seconds / timing.seconds),
                    std::isnan(speed) ? "-" : fmt::format("{:.0f}", speed / 1e9),
                    std::isnan(share) ? "-" : fmt::format("{:.0f} %", 100 * share),
                    std::isnan(timing.error) ? "-" : fmt::format("{:.2g}", timing.error)});
  }
  return rows;
}

Rows part_rows(const Results& results) {
  struct Part {
    std::string name;
    double full, fast;  // times a slice
  };
  const std::vector<Part> parts{
      {"part/gaussian-field", 352, 10}, {"part/simplex-field", 352, 10},          {"part/lpips-pair", kMaps, kMaps},
      {"part/blur", kMaps, kMaps},      {"part/region-mask", kRegions, kRegions}, {"part/harmonic-mean", 1, 1},
      {"part/median-5x5", 0, 0}};
  Rows rows{{"piece", "once", "times in full THOR", "of 351 steps (paper)", "of 351 steps (small)",
             "times in fast THOR, one seed", "of 9 steps (paper)", "of 9 steps (small)"}};
  const double paper = results.ours("step/paper/b1/s128/bf16").seconds,
               small = results.ours("step/small/b1/s128/bf16").seconds;
  for (const Part& part : parts) {
    const double once = results.ours(part.name).seconds;
    const auto share = [&](double times, double steps) { return fmt::format("{:.2g} %", 100 * times * once / steps); };
    rows.push_back({part.name, seconds_text(once), fmt::format("{:g}", part.full), share(part.full, kFullCalls * paper),
                    share(part.full, kFullCalls * small), fmt::format("{:g}", part.fast), share(part.fast, 9 * paper),
                    share(part.fast, 9 * small)});
  }
  return rows;
}

Rows floor_rows(const Results& results) {
  Rows rows{{"step", "convolutions", "linears", "attention", "values moved", "at the measured peak", "measured",
             "times the floor"}};
  for (const std::string network : {"paper", "small"})
    for (const char* precision : {"fp32", "bf16"}) {
      const Work work = work_of(network_config(network), 1, 128);
      const double floor = work.convolutions / results.peak("peak/conv3x3", precision) +
                           (work.linears + work.attention) / results.peak("peak/gemm", precision);
      const double measured = results.ours(fmt::format("step/{}/b1/s128/{}", network, precision)).seconds;
      const double bytes = (work.weights + work.activations) * (precision[0] == 'f' ? 4 : 2);
      rows.push_back({fmt::format("{}, {}", network, precision), fmt::format("{:.1f} GFLOP", work.convolutions / 1e9),
                      fmt::format("{:.1f} GFLOP", work.linears / 1e9),
                      fmt::format("{:.1f} GFLOP", work.attention / 1e9), fmt::format("{:.0f} MB", bytes / 1e6),
                      seconds_text(floor), seconds_text(measured), ratio_text(measured / floor)});
    }
  return rows;
}

std::string markdown(const Rows& rows) {
  std::string text;
  for (size_t i = 0; i < rows.size(); ++i) {
    text += fmt::format("| {} |\n", fmt::join(rows[i], " | "));
    if (i > 0) continue;
    for (size_t column = 0; column < rows[0].size(); ++column) text += "|---";
    text += "|\n";
  }
  return text;
}

std::string seconds_text(double seconds) {
  if (std::isnan(seconds)) return "-";
  if (seconds < 1e-3) return fmt::format("{:.3g} µs", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.3g} ms", seconds * 1e3);
  return fmt::format("{:.3g} s", seconds);
}

}  // namespace thor::bench
