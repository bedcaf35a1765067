// SPDX-License-Identifier: Apache-2.0
#include <cuda_runtime.h>

#include "thor/nn/kernel/norm_bundle_blocks.h"

namespace thor::cuda {
namespace {

// Grid of the kernels over pixels: x = share, y = image, z = chunk of channels.
template <int V>
__device__ Place own_place(const NormShape& s) {
  return place_of<V>(s, blockIdx.y, static_cast<int>(blockIdx.x), static_cast<int>(blockIdx.z),
                     static_cast<int>(threadIdx.x));
}

template <class T, int V, bool kBackward>
__global__ void __launch_bounds__(kThreads) sum_shares(NormArguments a) {
  __shared__ Sums<V> all[kThreads];
  const int thread = static_cast<int>(threadIdx.x);
  const Place p = own_place<V>(a.shape);
  all[thread] = kBackward ? sum_gradients<T, V>(a, p) : sum_values<T, V>(a, p);
  __syncthreads();
  add_rows<V>(a, p, thread, all);
}

// x = bundle of groups, y = image
template <class T, bool kBackward>
__global__ void __launch_bounds__(kThreads) finish_channels(NormArguments a) {
  __shared__ BundleMemory memory;
  const int thread = static_cast<int>(threadIdx.x);
  const Bundle b = bundle_of(a.shape, blockIdx.y, static_cast<int>(blockIdx.x));
  add_shares(a, b, thread, memory);
  __syncthreads();
  add_slices(b, thread, memory);
  __syncthreads();
  if (kBackward)
    gradients_of_groups(a, b, thread, memory);
  else
    moments_of_groups<T>(a, b, thread, memory);
  __syncthreads();
  if (kBackward)
    write_channel_gradients(a, b, thread, memory);
  else
    write_statistics<T>(a, b, thread, memory);
}

template <class T, int V, bool kBackward>
__global__ void __launch_bounds__(kThreads) write_pixels(NormArguments a) {
  const Place p = own_place<V>(a.shape);
  if (kBackward)
    write_gradients<T, V>(a, p);
  else
    write_result<T, V>(a, p);
}

template <class T, int V, bool kBackward>
void launch(const NormArguments& a, cudaStream_t stream) {
  const NormShape& s = a.shape;
  const auto images = static_cast<unsigned>(s.images), bundles = static_cast<unsigned>(s.bundles());
  const auto chunks = static_cast<unsigned>((s.channels / V + kThreads - 1) / kThreads);
  const dim3 over_pixels(static_cast<unsigned>(s.shares()), images, chunks);
  sum_shares<T, V, kBackward><<<over_pixels, kThreads, 0, stream>>>(a);
  finish_channels<T, kBackward><<<dim3(bundles, images), kThreads, 0, stream>>>(a);
  write_pixels<T, V, kBackward><<<over_pixels, kThreads, 0, stream>>>(a);
}

// As many channels at once as 16 bytes hold, where every pixel begins at a multiple of 16 bytes.
template <class T, bool kBackward>
void launch_widest(const NormArguments& a, cudaStream_t stream) {
  constexpr int kWidest = 16 / static_cast<int>(sizeof(T));
  bool aligned = a.shape.channels % kWidest == 0;
  for (const void* p : {a.x, static_cast<const void*>(a.y), a.dy, static_cast<const void*>(a.dx)})
    aligned = aligned && reinterpret_cast<uintptr_t>(p) % 16 == 0;
  if (aligned)
    launch<T, kWidest, kBackward>(a, stream);
  else
    launch<T, 1, kBackward>(a, stream);
}

template <bool kBackward>
const char* launch_typed(const NormArguments& a, void* stream) {
  const auto on = static_cast<cudaStream_t>(stream);
  if (a.bfloat16)
    launch_widest<Bf16, kBackward>(a, on);
  else
    launch_widest<float, kBackward>(a, on);
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace

const char* launch_forward(const NormArguments& a, void* stream) { return launch_typed<false>(a, stream); }
const char* launch_backward(const NormArguments& a, void* stream) { return launch_typed<true>(a, stream); }

}  // namespace thor::cuda
