// SPDX-License-Identifier: Apache-2.0
// Interface of the fused GroupNorm and SiLU on a GPU, without libtorch, for nvcc. Private to this room.
#pragma once
#include <cstdint>

#ifdef __CUDACC__
#define THOR_DEVICE __host__ __device__ __forceinline__
#else
#define THOR_DEVICE inline
#endif

namespace thor::cuda {

inline constexpr int kThreads = 256;            ///< threads of every block
inline constexpr int kShareValues = 16 * 1024;  ///< values that are summed in float32 before double
inline constexpr int kMaxGroup = 256;           ///< largest number of channels in a group

/// The layout of images in memory: [images,pixels,channels].
struct NormShape {
  int64_t images = 0, pixels = 0;
  int channels = 0, groups = 1;

  /// Returns the number of pixels that one block sums, independent of batch and GPU.
  THOR_DEVICE int pixels_a_share() const { return channels < kShareValues ? kShareValues / channels : 1; }
  THOR_DEVICE int shares() const { return static_cast<int>((pixels + pixels_a_share() - 1) / pixels_a_share()); }
  THOR_DEVICE int group_size() const { return channels / groups; }
  /// Returns the number of channels that one block combines: whole groups.
  THOR_DEVICE int bundle_size() const { return group_size() * (group_size() < 32 ? 32 / group_size() : 1); }
  THOR_DEVICE int bundles() const { return (channels + bundle_size() - 1) / bundle_size(); }
};

/// Returns true if the kernels support this shape.
inline bool takes(const NormShape& s) {
  constexpr int64_t kMaxImages = 65535;  // a grid's second dimension
  return s.images > 0 && s.images <= kMaxImages && s.pixels > 0 && s.groups > 0 && s.channels > 0 &&
         s.channels % s.groups == 0 && s.group_size() <= kMaxGroup;
}

/// Device pointers of the arguments. x, y, dy and dx are bfloat16 or float32, all others float32.
struct NormArguments {
  NormShape shape;
  bool silu = true, bfloat16 = false;
  double eps = 1e-6;
  const float *weight = nullptr, *bias = nullptr;  ///< [channels]
  const float* offset = nullptr;                   ///< [images,channels], or null; forward only
  const void* x = nullptr;
  void* y = nullptr;         ///< forward
  const void* dy = nullptr;  ///< backward
  void* dx = nullptr;        ///< backward
  float* partial = nullptr;  ///< working memory [images,shares,2,channels]
  /// [images,3,channels], stored by the forward pass for the backward pass: mean of the channel's group minus the
  /// offset, inverse standard deviation of the group, and mean of the channel minus mean of its group.
  float* statistics = nullptr;
  /// [images,5,channels], computed by the backward pass: slope and level of dx, the contributions of each image to the
  /// gradients of weight and bias, and the gradient of the offset.
  float* gradients = nullptr;
};

/// Starts the three kernels of a pass on a stream (a cudaStream_t): sums, numbers of the channels, result. Nothing
/// depends on the order in which blocks run, so equal input gives equal bits, in any batch. Returns the error's text,
/// null where all is well.
const char* launch_forward(const NormArguments& arguments, void* stream);
const char* launch_backward(const NormArguments& arguments, void* stream);

}  // namespace thor::cuda
