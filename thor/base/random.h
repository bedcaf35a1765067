// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace thor {

/// What a stream of random numbers is for; two purposes never share numbers. Values are part of the file format:
/// append, never renumber.
enum class Purpose : uint32_t {
  Start = 1,          ///< the noise that takes an image to the start step
  Step = 2,           ///< the noise of one sampler step
  TrainNoise = 3,     ///< the noise a training image gets
  TrainTimestep = 4,  ///< which timestep a training image gets
  Augment = 5,
  Shuffle = 6,
  Init = 7,    ///< initial weights
  Sample = 8,  ///< where the walk to a drawn image begins
  Phantom = 9,
  // 10 is free: nothing was ever drawn under it.
  Validation = 11,
  Known = 12,       ///< AutoDDPM: the noise on the part of the image that is kept
  Renoise = 13,     ///< AutoDDPM: the noise of a step back up between repeats
  TrainPatch = 14,  ///< which patch of a training image is noised
  Bootstrap = 15,   ///< which cases a resample draws
  Corruption = 16,  ///< how a training image is corrupted for a restorer
  Paint = 17,       ///< the lesion painted into a healthy image
  Scanner = 18,     ///< how a simulated scanner changes an image
};

/// The full name of a stream. Equal keys give equal numbers on every machine, whatever the batch, order or thread.
struct StreamKey {
  uint64_t seed = 0;
  uint64_t case_id = 0;  ///< which image: a hash of its content, or an index in training
  uint64_t slice = 0;    ///< which slice of a volume; 0 for a 2D image
  Purpose purpose = Purpose::Start;
  uint64_t t = 0;       ///< timestep, or epoch
  uint64_t repeat = 0;  ///< which of several draws of the same kind at the same t
  uint64_t chain = 0;   ///< which of several independent chains of the same image
};

/// Counter-based generator: Philox4x32-10 (Salmon et al., SC 2011) keyed by a hash of the StreamKey.
/// One object serves one thread at a time; equal keys give equal numbers on any thread.
class Random {
 public:
  explicit Random(const StreamKey& key);

  uint32_t bits();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform in 0..n-1, n > 0, without modulo bias.
  uint64_t below(uint64_t n);
  /// Unit normal (Box-Muller in double precision).
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

/// One block of Philox4x32-10, exposed for its known-answer test.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

}  // namespace thor
