// SPDX-License-Identifier: Apache-2.0
// FreeSurfer's MGH and MGZ.
#include <gmock/gmock.h>

#include "tests/said.h"
#include "tests/scans.h"
#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

using testing::HasSubstr;

class Mgh : public testing::Test {
 protected:
  Image read(const std::string& bytes, const ScanChoice& choice = {}) {
    write_bytes(path_, bytes);
    return read_scan(path_, choice);
  }
  std::string refusal(const std::string& bytes) {
    return story_of([&] { read(bytes); });
  }
  Tensor volume_ = at::stack({pattern(5, 6), pattern(5, 6) + 300});  // [2,5,6]
  TemporaryFolder folder_;
  std::string path_ = folder_ / "a.mgh";
};

TEST_F(Mgh, LiesWhereItsDirectionsAndItsMiddleSay) {
  MghSpec spec;
  EXPECT_EQ(read(mgh_of(volume_, spec)).geometry.ras_from_voxel, (Affine{{1, 0, 0, -3, 0, 1, 0, -2.5, 0, 0, 2, -2}}));
  // Coronal slices, as FreeSurfer conforms them; the numbers are nibabel's.
  spec.directions = {-1, 0, 0, 0, 0, -1, 0, 1, 0};
  spec.spacing = {0.5, 1, 2};
  spec.middle = {7, 8, 9};
  const Image image = read(mgh_of(volume_, spec));
  EXPECT_EQ(max_abs_diff(image.voxels, volume_), 0);
  EXPECT_EQ(image.geometry.ras_from_voxel, (Affine{{-0.5, 0, 0, 8.5, 0, 0, 2, 6, 0, -1, 0, 11.5}}));
  EXPECT_EQ(orientation_of(image.geometry.ras_from_voxel), "LIA");
  EXPECT_TRUE(image.medical);
}

TEST_F(Mgh, IsReadPackedUnderItsOtherEnding) {
  write_bytes(folder_ / "b.mgz", gzip_packed(mgh_of(volume_)));
  EXPECT_EQ(max_abs_diff(read_scan(folder_ / "b.mgz").voxels, volume_), 0);
}

template <class T>
std::string big_endian(const Tensor& values) {
  std::string bytes;
  const Tensor doubles = values.to(at::kDouble).contiguous();
  for (int64_t i = 0; i < doubles.numel(); ++i)
    bytes += DicomWriter::bytes_of(static_cast<T>(doubles.data_ptr<double>()[i]), true);
  return bytes;
}

TEST_F(Mgh, OfEveryTypeKeepsItsValues) {
  const Tensor bytes = volume_.clamp(0, 255);
  MghSpec spec;
  spec.type = 0;
  EXPECT_EQ(max_abs_diff(read(mgh_of(bytes, spec, big_endian<uint8_t>(bytes))).voxels, bytes), 0);
  spec.type = 1;
  EXPECT_EQ(max_abs_diff(read(mgh_of(volume_, spec, big_endian<int32_t>(-volume_))).voxels, -volume_), 0);
  spec.type = 3;
  EXPECT_EQ(max_abs_diff(read(mgh_of(volume_, spec, big_endian<float>(volume_ / 4))).voxels, volume_ / 4), 0);
  spec.type = 4;
  EXPECT_EQ(max_abs_diff(read(mgh_of(volume_, spec, big_endian<int16_t>(-volume_))).voxels, -volume_), 0);
  spec.type = 10;
  EXPECT_EQ(max_abs_diff(read(mgh_of(volume_, spec, big_endian<uint16_t>(volume_ + 65000))).voxels, volume_ + 65000),
            0);
}

TEST_F(Mgh, OfSeveralFramesNeedsAChoiceAndIgnoresWhatFollowsThem) {
  const std::string bytes = mgh_of(at::stack({volume_, volume_ + 7})) + "times of the sequence, notes";
  EXPECT_THAT(refusal(bytes), HasSubstr("2 frames"));
  for (const int64_t frame : {0, 1}) EXPECT_EQ(max_abs_diff(read(bytes, {frame, ""}).voxels, volume_ + 7 * frame), 0);
}

TEST_F(Mgh, ThatDoesNotSayHowThePatientLiesIsTakenAsFreeSurferDoesWithAWarning) {
  MghSpec spec;
  spec.good = 0;
  spec.spacing = {9, 9, 9};
  const Said said;
  EXPECT_EQ(read(mgh_of(volume_, spec)).geometry.ras_from_voxel, (Affine{{-1, 0, 0, 3, 0, 0, 1, -1, 0, -1, 0, 2.5}}));
  EXPECT_THAT(said.warnings(), HasSubstr("left and right may be swapped"));
}

TEST_F(Mgh, ThatIsDamagedOrNotReadIsRefusedWithTheReason) {
  const std::string good = mgh_of(volume_);
  MghSpec spec;
  spec.type = 6;
  EXPECT_THAT(refusal(mgh_of(volume_, spec)), HasSubstr("type 6 is not read"));
  EXPECT_THAT(refusal(good.substr(0, 200)), HasSubstr("not a MGH file"));
  EXPECT_THAT(refusal(good.substr(0, good.size() - 1)), HasSubstr("announces 120 bytes"));
  EXPECT_THAT(refusal(patched(good, 4, '\x7f')), HasSubstr("more than the 64 million allowed"));
  EXPECT_THAT(refusal(patched(good, 8, '\xff')), HasSubstr("dimension 2 is -"));
  EXPECT_THAT(refusal(patched(patched(good, 16, '\x7f'), 3, '\x02')), HasSubstr("not a MGH file"));
  EXPECT_THAT(refusal(patched(good, 16, '\x7f')), HasSubstr("dimension 4"));
  EXPECT_THAT(refusal(gzip_packed(gzip_packed(good))), HasSubstr("packed twice"));
  spec = {};
  spec.spacing = {1, 0, 1};
  EXPECT_THAT(refusal(mgh_of(volume_, spec)), HasSubstr("do not span space"));
}

}  // namespace
}  // namespace thor::test
