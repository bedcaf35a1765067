// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace thor {

/// The purpose of a stream of random numbers. Two purposes never share numbers. The values are part of the file format:
/// new ones are appended, and none is renumbered.
enum class Purpose : uint32_t {
  Start = 1,          ///< noise that takes an image to the start step
  Step = 2,           ///< noise of one sampler step
  TrainNoise = 3,     ///< noise of a training image
  TrainTimestep = 4,  ///< timestep of a training image
  Augment = 5,
  Shuffle = 6,
  Init = 7,    ///< initial weights
  Sample = 8,  ///< initial noise of a sampled image
  Phantom = 9,
  // 10 is free: no released version used it.
  Validation = 11,
  Known = 12,        ///< AutoDDPM: noise on the kept part of the image
  Renoise = 13,      ///< AutoDDPM: noise of the step back up between repeats
  TrainPatch = 14,   ///< position of the noised patch of a training image
  Bootstrap = 15,    ///< cases of a bootstrap resample
  Corruption = 16,   ///< corruption of a training image for a restorer
  Paint = 17,        ///< lesion painted into a healthy image
  Scanner = 18,      ///< changes by a simulated scanner
  TrainHeight = 19,  ///< whether the network is told a training image's height
  Strip = 20,        ///< how much of a training image's skull is taken away
};

/// The full name of a stream. Equal keys give equal numbers on every machine, independent of batch, order and thread.
struct StreamKey {
  uint64_t seed = 0;
  uint64_t case_id = 0;  ///< image: a hash of its content, or an index in training
  uint64_t slice = 0;    ///< slice of a volume; 0 for a 2D image
  Purpose purpose = Purpose::Start;
  uint64_t t = 0;       ///< timestep, or epoch
  uint64_t repeat = 0;  ///< index among several draws with the same purpose and t
  uint64_t chain = 0;   ///< index among independent chains of the same image
};

/// Counter-based generator: Philox4x32-10 (Salmon et al., SC 2011) keyed by a hash of the StreamKey.
/// One object serves one thread at a time; equal keys give equal numbers on any thread.
class Random {
 public:
  explicit Random(const StreamKey& key);

  uint32_t bits();
  /// Returns a uniform number in [0, 1) with 53 random bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Returns a uniform integer in 0..n-1, n > 0, without modulo bias.
  uint64_t below(uint64_t n);
  /// Returns a standard normal number (Box-Muller in double precision).
  double normal();
  void fill_normal(float* out, size_t count);

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_{};
  int used_ = 4;
  double spare_ = 0;
  bool has_spare_ = false;
};

/// Computes one block of Philox4x32-10. It is public for its known-answer test.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

}  // namespace thor
