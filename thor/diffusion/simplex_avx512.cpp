// SPDX-License-Identifier: Apache-2.0
// OpenSimplex noise of 64 positions at a time. Hashes are looked up in registers, so nothing is gathered from memory;
// every sum is taken in the order of OpenSimplex::noise3, and this room is compiled without contracting a * b + c.
#include "thor/diffusion/simplex_avx512.h"

#include "thor/base/error.h"
#include "thor/diffusion/simplex_lattice.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#include <algorithm>
#include <cstring>
// GCC 12 takes what its own intrinsics leave undefined on purpose for a mistake (its bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#define THOR_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")))
#endif

namespace thor {

SimplexTables::SimplexTables(const OpenSimplex& noise) : permutation(), gradients() {
  for (size_t hash = 0; hash < 256; ++hash) {
    permutation[hash] = static_cast<uint8_t>(noise.permutation()[hash]);
    const double* g = kGradients3.values[noise.gradient_index3()[hash] / 3];
    int code = 0;
    for (int axis = 0; axis < 3; ++axis) code |= ((g[axis] < 0 ? 2 : 0) | (g[axis] * g[axis] > 16 ? 1 : 0)) << 2 * axis;
    gradients[hash] = static_cast<uint8_t>(code);
  }
}

#ifdef THOR_AVX512
namespace {

constexpr int kBlock = 64, kGroup = 8, kGroups = kBlock / kGroup, kSlots = 8;

/// The n-th neighbour of every case: its offset along each axis, and all in two bits each with their sum.
struct SlotTable {
  alignas(64) std::array<uint8_t, 64> x{}, y{}, z{}, packed{};
};
struct SlotTables {
  std::array<SlotTable, kSlots> slots{};
  constexpr SlotTables() {
    for (size_t n = 0; n < kSlots; ++n)
      for (size_t which = 0; which < LatticeCase::kCount; ++which) {
        const LatticePoint p = kNeighbours.of[which].points[n];
        slots[n].x[which] = static_cast<uint8_t>(p.x);
        slots[n].y[which] = static_cast<uint8_t>(p.y);
        slots[n].z[which] = static_cast<uint8_t>(p.z);
        slots[n].packed[which] =
            static_cast<uint8_t>((p.x & 3) | (p.y & 3) << 2 | (p.z & 3) << 4 | ((p.x + p.y + p.z) & 3) << 6);
      }
  }
};
constexpr SlotTables kSlotTables;

/// What is known of 64 positions.
struct Block {
  alignas(64) double x[kBlock], y[kBlock], z[kBlock];                        // relative to the cell's corner
  alignas(64) uint8_t cell_x[kBlock], cell_y[kBlock], cell_z[kBlock];        // the cell's indices, modulo 256
  alignas(64) uint8_t bits[4][kGroups], upper[kGroups], octahedra[kGroups];  // of the lattice case, a bit a position
  alignas(64) uint8_t offsets[kSlots][kBlock], gradients[kSlots][kBlock];
};

THOR_AVX512 inline uint64_t mask_of(const uint8_t* bits) {
  uint64_t mask;
  std::memcpy(&mask, bits, sizeof mask);
  return mask;
}

/// The bits of the lattice case as `case_of` finds them, for eight positions in their cells.
THOR_AVX512 inline void find_cases(__m512d x, __m512d y, __m512d z, int group, Block& block) {
  const __m512d one = _mm512_set1_pd(1), sum = _mm512_add_pd(_mm512_add_pd(x, y), z);
  const __mmask8 upper = _mm512_cmp_pd_mask(sum, _mm512_set1_pd(2), _CMP_GE_OQ);
  const __mmask8 octahedron = _mm512_cmp_pd_mask(sum, one, _CMP_GT_OQ) & ~upper;

  const __m512d sign = _mm512_maskz_mov_pd(upper, _mm512_set1_pd(-0.0));
  __m512d a = _mm512_xor_pd(x, sign), b = _mm512_xor_pd(y, sign);
  const __m512d third = _mm512_xor_pd(z, sign);
  const __m512d whole = _mm512_mask_mov_pd(one, upper, _mm512_set1_pd(3));
  const __m512d corner = _mm512_xor_pd(_mm512_sub_pd(whole, sum), sign);
  const __mmask8 a_first = _mm512_cmp_pd_mask(a, b, _CMP_GE_OQ);
  const __mmask8 for_b = a_first & _mm512_cmp_pd_mask(third, b, _CMP_GT_OQ);
  const __mmask8 for_a = ~a_first & _mm512_cmp_pd_mask(third, a, _CMP_GT_OQ);
  a = _mm512_mask_mov_pd(a, for_a, third);
  b = _mm512_mask_mov_pd(b, for_b, third);
  const __mmask8 corner_closer = _mm512_cmp_pd_mask(corner, _mm512_min_pd(a, b), _CMP_GT_OQ);
  const __mmask8 b_closer = _mm512_cmp_pd_mask(b, a, _CMP_GT_OQ);

  const __m512d p = _mm512_add_pd(x, y), q = _mm512_add_pd(x, z), r = _mm512_add_pd(y, z);
  const __m512d p_score = _mm512_abs_pd(_mm512_sub_pd(p, one)), q_score = _mm512_abs_pd(_mm512_sub_pd(q, one)),
                r_score = _mm512_abs_pd(_mm512_sub_pd(r, one));
  const __mmask8 p_upper = _mm512_cmp_pd_mask(p, one, _CMP_GT_OQ), q_upper = _mm512_cmp_pd_mask(q, one, _CMP_GT_OQ),
                 r_upper = _mm512_cmp_pd_mask(r, one, _CMP_GT_OQ);
  const __mmask8 p_first = _mm512_cmp_pd_mask(p_score, q_score, _CMP_LE_OQ);
  const __mmask8 for_p = p_first & _mm512_cmp_pd_mask(p_score, r_score, _CMP_LT_OQ);
  const __mmask8 for_q = ~p_first & _mm512_cmp_pd_mask(q_score, r_score, _CMP_LT_OQ);
  const __mmask8 a_upper = (for_p & r_upper) | (~for_p & p_upper), b_upper = (for_q & r_upper) | (~for_q & q_upper);

  const auto either = [octahedron](__mmask8 in_octahedron, __mmask8 otherwise) {
    return static_cast<uint8_t>((octahedron & in_octahedron) | (~octahedron & otherwise));
  };
  block.bits[0][group] = either(for_p, for_a);
  block.bits[1][group] = either(for_q, for_b);
  block.bits[2][group] = either(a_upper, corner_closer);
  block.bits[3][group] = either(b_upper, b_closer);
  block.upper[group] = upper;
  block.octahedra[group] = octahedron;
}

/// The low byte of eight whole numbers.
THOR_AVX512 inline void store_bytes(__m512d whole, uint8_t* to) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm512_cvtepi64_epi8(_mm512_cvttpd_epi64(whole)));
}

/// Which cells the positions lie in, and where.
THOR_AVX512 void locate(const double* columns, double row_y, double row_z, Block& block) {
  constexpr int kDown = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
  const __m512d y = _mm512_set1_pd(row_y), z = _mm512_set1_pd(row_z), squish3 = _mm512_set1_pd(kSquish3);
  for (int group = 0; group < kGroups; ++group) {
    const int i = group * kGroup;
    const __m512d x = _mm512_loadu_pd(columns + i);
    const __m512d stretch = _mm512_mul_pd(_mm512_add_pd(_mm512_add_pd(x, y), z), _mm512_set1_pd(kStretch3));
    const __m512d xs = _mm512_add_pd(x, stretch), ys = _mm512_add_pd(y, stretch), zs = _mm512_add_pd(z, stretch);
    const __m512d xf = _mm512_roundscale_pd(xs, kDown), yf = _mm512_roundscale_pd(ys, kDown),
                  zf = _mm512_roundscale_pd(zs, kDown);
    const __m512d squish = _mm512_mul_pd(_mm512_add_pd(_mm512_add_pd(xf, yf), zf), squish3);
    _mm512_store_pd(block.x + i, _mm512_sub_pd(x, _mm512_add_pd(xf, squish)));
    _mm512_store_pd(block.y + i, _mm512_sub_pd(y, _mm512_add_pd(yf, squish)));
    _mm512_store_pd(block.z + i, _mm512_sub_pd(z, _mm512_add_pd(zf, squish)));
    store_bytes(xf, block.cell_x + i);
    store_bytes(yf, block.cell_y + i);
    store_bytes(zf, block.cell_z + i);
    find_cases(_mm512_sub_pd(xs, xf), _mm512_sub_pd(ys, yf), _mm512_sub_pd(zs, zf), group, block);
  }
}

/// 256 bytes in registers.
struct Bytes256 {
  __m512i part[4];
};
THOR_AVX512 inline Bytes256 loaded(const std::array<uint8_t, 256>& table) {
  return {{_mm512_load_si512(table.data()), _mm512_load_si512(table.data() + 64), _mm512_load_si512(table.data() + 128),
           _mm512_load_si512(table.data() + 192)}};
}
THOR_AVX512 inline __m512i look_up(const Bytes256& table, __m512i index) {
  return _mm512_mask_mov_epi8(_mm512_permutex2var_epi8(table.part[0], index, table.part[1]), _mm512_movepi8_mask(index),
                              _mm512_permutex2var_epi8(table.part[2], index, table.part[3]));
}

/// The gradients of all neighbours.
THOR_AVX512 void hash(const SimplexTables& tables, Block& block) {
  const Bytes256 permutation = loaded(tables.permutation), gradients = loaded(tables.gradients);
  const __m512i x = _mm512_load_si512(block.cell_x), y = _mm512_load_si512(block.cell_y),
                z = _mm512_load_si512(block.cell_z);
  __m512i which = _mm512_maskz_set1_epi8(mask_of(block.bits[0]), 1);
  for (int bit = 1; bit < 4; ++bit)
    which = _mm512_or_si512(which, _mm512_maskz_set1_epi8(mask_of(block.bits[bit]), static_cast<char>(1 << bit)));
  which = _mm512_or_si512(which, _mm512_maskz_set1_epi8(mask_of(block.upper), LatticeCase::kUpper));
  which = _mm512_or_si512(which, _mm512_maskz_set1_epi8(mask_of(block.octahedra), LatticeCase::kOctahedron));
  for (int n = 0; n < kSlots; ++n) {
    const SlotTable& slot = kSlotTables.slots[static_cast<size_t>(n)];
    const auto offset = [&](const std::array<uint8_t, 64>& table)
                            THOR_AVX512 { return _mm512_permutexvar_epi8(which, _mm512_load_si512(table.data())); };
    __m512i value = look_up(permutation, _mm512_add_epi8(x, offset(slot.x)));
    value = look_up(permutation, _mm512_add_epi8(_mm512_add_epi8(value, y), offset(slot.y)));
    value = look_up(gradients, _mm512_add_epi8(_mm512_add_epi8(value, z), offset(slot.z)));
    _mm512_store_si512(block.gradients[n], value);
    _mm512_store_si512(block.offsets[n], offset(slot.packed));
  }
}

/// Eight bytes as the whole numbers that permutations of eight doubles take.
THOR_AVX512 inline __m512i widened(const uint8_t* bytes) {
  return _mm512_cvtepu8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes)));
}

/// What two bits stand for, whatever the third is.
THOR_AVX512 inline __m512d of_two_bits(double a, double b, double c, double d) {
  return _mm512_setr_pd(a, b, c, d, a, b, c, d);
}

/// What the n-th neighbours add to eight values.
THOR_AVX512 inline __m512d contribution(const Block& block, int n, int i, __mmask8 counted) {
  const __m512i offsets = widened(block.offsets[n] + i);
  const __m512d steps = of_two_bits(0, 1, 2, -1);
  const __m512d shift = _mm512_permutexvar_pd(_mm512_srli_epi64(offsets, 6),
                                              of_two_bits(0 * kSquish3, 1 * kSquish3, 2 * kSquish3, 3 * kSquish3));
  const __m512d x =
      _mm512_sub_pd(_mm512_sub_pd(_mm512_load_pd(block.x + i), _mm512_permutexvar_pd(offsets, steps)), shift);
  const __m512d y = _mm512_sub_pd(
      _mm512_sub_pd(_mm512_load_pd(block.y + i), _mm512_permutexvar_pd(_mm512_srli_epi64(offsets, 2), steps)), shift);
  const __m512d z = _mm512_sub_pd(
      _mm512_sub_pd(_mm512_load_pd(block.z + i), _mm512_permutexvar_pd(_mm512_srli_epi64(offsets, 4), steps)), shift);
  __m512d weight = _mm512_sub_pd(_mm512_set1_pd(2), _mm512_mul_pd(x, x));
  weight = _mm512_sub_pd(_mm512_sub_pd(weight, _mm512_mul_pd(y, y)), _mm512_mul_pd(z, z));
  weight = _mm512_maskz_max_pd(counted, weight, _mm512_setzero_pd());
  weight = _mm512_mul_pd(weight, weight);

  const __m512i codes = widened(block.gradients[n] + i);
  const __m512d lengths = of_two_bits(4, 11, -4, -11);
  const __m512d along_x = _mm512_mul_pd(_mm512_permutexvar_pd(codes, lengths), x),
                along_y = _mm512_mul_pd(_mm512_permutexvar_pd(_mm512_srli_epi64(codes, 2), lengths), y),
                along_z = _mm512_mul_pd(_mm512_permutexvar_pd(_mm512_srli_epi64(codes, 4), lengths), z);
  return _mm512_mul_pd(_mm512_mul_pd(weight, weight), _mm512_add_pd(_mm512_add_pd(along_x, along_y), along_z));
}

/// Adds the noise to the first `count` values.
THOR_AVX512 void add_up(const Block& block, int64_t count, double amplitude, double* values) {
  for (int group = 0; group * kGroup < count; ++group) {
    const int i = group * kGroup;
    __m512d sum = _mm512_setzero_pd();
    for (int n = 0; n < kSlots; ++n)
      sum = _mm512_add_pd(sum, contribution(block, n, i, n < 6 ? 0xff : block.octahedra[group]));
    const __mmask8 kept = static_cast<__mmask8>(count - i >= kGroup ? 0xff : (1 << (count - i)) - 1);
    const __m512d noise = _mm512_mul_pd(_mm512_set1_pd(amplitude), _mm512_div_pd(sum, _mm512_set1_pd(kNorm3)));
    _mm512_mask_storeu_pd(values + i, kept, _mm512_add_pd(_mm512_maskz_loadu_pd(kept, values + i), noise));
  }
}

}  // namespace
#pragma GCC diagnostic pop

bool has_simplex_rows() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vbmi");
}

void add_simplex_row(const SimplexTables& tables, const SimplexRow& row, double amplitude, double* values) {
  Block block;
  for (int64_t first = 0; first < row.width; first += kBlock) {
    locate(row.x + first, row.y, row.z, block);
    hash(tables, block);
    add_up(block, std::min<int64_t>(kBlock, row.width - first), amplitude, values + first);
  }
}

#else

bool has_simplex_rows() { return false; }

void add_simplex_row(const SimplexTables&, const SimplexRow&, double, double*) {
  fail(ErrorKind::Internal, "rows of simplex noise need AVX-512 VBMI");
}

#endif

}  // namespace thor
