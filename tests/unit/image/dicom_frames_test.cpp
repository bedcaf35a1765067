// SPDX-License-Identifier: Apache-2.0
// Several images at every place of a DICOM series: which belong together.
#include <gmock/gmock.h>

#include <functional>
#include <map>

#include "tests/scans.h"
#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int kSlices = 4;

class DicomFrames : public testing::Test {
 protected:
  static Tensor slice_of(int frame, int z) { return pattern(5, 6) + 100 * z + 1000 * frame; }
  static Tensor whole(int frame) {
    std::vector<Tensor> slices;
    for (int z = 0; z < kSlices; ++z) slices.push_back(slice_of(frame, z));
    return at::stack(slices);
  }
  /// What an image says besides its place: VR and text by tag.
  using Says = std::map<uint32_t, std::pair<const char*, std::string>>;
  using SaysOf = std::function<Says(int frame, int z)>;

  /// Two images at each of four places; names of files are in no order, numbers all 1 unless `says` has others.
  void write(
      const SaysOf& says, const std::function<bool(int frame, int z)>& there = [](int, int) { return true; }) {
    const DicomWriter writer(kExplicitSyntax);
    for (int frame = 0; frame < 2; ++frame)
      for (int z = 0; z < kSlices; ++z) {
        if (!there(frame, z)) continue;
        DicomSpec spec;
        spec.instance_uid = "1.2.3.1." + std::to_string(10 * frame + z + 1);
        spec.position = {0, 0, 3.0 * z};
        spec.pixels = slice_of(frame, z);
        auto elements = dicom_elements(spec);
        for (const auto& [tag, said] : says(frame, z)) elements[tag] = writer.element(tag, said.first, said.second);
        write_bytes(folder_ / std::to_string((frame + z) % 2) + std::to_string(frame) + std::to_string(z),
                    dicom_of(spec, elements));
      }
  }
  Image read(int64_t frame = -1) { return read_scan(folder_.path(), {frame, ""}); }
  std::string refusal(int64_t frame = -1) {
    return story_of([&] { read(frame); });
  }
  void expect_both_whole() {
    for (int frame = 0; frame < 2; ++frame) EXPECT_EQ(max_abs_diff(read(frame).voxels, whole(frame)), 0) << frame;
    EXPECT_THAT(refusal(2), HasSubstr("no frame 2"));
  }
  TemporaryFolder folder_;
};

TEST_F(DicomFrames, AreEchoesWhereTheEchoTimeSaysSo) {
  write([](int frame, int) { return Says{{0x00180081, {"DS", frame == 0 ? "4.6" : "9.20"}}}; });
  EXPECT_THAT(refusal(), AllOf(HasSubstr("2 frames"), HasSubstr("0: echo time 4.6 ms, 1: echo time 9.2 ms"),
                               HasSubstr("`frame`")));
  expect_both_whole();
}

TEST_F(DicomFrames, AreToldApartByEveryAttributeThatNamesThem) {
  const std::pair<uint32_t, const char*> said[] = {
      {0x00180086, "echo 1"},           {0x00180082, "inversion time 1 ms"}, {0x00181314, "flip angle 1 deg"},
      {0x00200100, "time point 1"},     {0x00181060, "trigger time 1"},      {0x00200012, "acquisition 1"},
      {0x00541300, "reference time 1"},
  };
  for (const auto& [tag, name] : said) {
    write([tag = tag](int frame, int) { return Says{{tag, {"DS", std::to_string(frame + 1)}}}; });
    EXPECT_THAT(refusal(), HasSubstr(name));
    expect_both_whole();
  }
}

TEST_F(DicomFrames, AreMagnitudeAndPhaseWhereTheImageTypeSaysSo) {
  write([](int frame, int) {
    return Says{{0x00080008, {"CS", frame == 0 ? "ORIGINAL\\PRIMARY\\M" : "ORIGINAL\\PRIMARY\\P"}}};
  });
  EXPECT_THAT(refusal(), HasSubstr("image type ORIGINAL\\PRIMARY\\M"));
  expect_both_whole();
}

TEST_F(DicomFrames, AreTimePointsWhereTimesGrowVolumeByVolume) {
  write([](int frame, int z) {
    return Says{{0x00080032, {"TM", fmt::format("12000{}.{:04}", frame, (3 * z) % kSlices)}},
                {0x00200012, {"IS", std::to_string(z)}}};  // acquisitions of slices are no frames
  });
  EXPECT_THAT(refusal(), AllOf(HasSubstr("acquisition time 120000 to"), HasSubstr("acquisition time 120001 to")));
  expect_both_whole();
}

TEST_F(DicomFrames, AreTimePointsWhereInstanceNumbersGrowPlaceByPlace) {
  write([](int frame, int z) { return Says{{0x00200013, {"IS", std::to_string(2 * z + frame + 1)}}}; });
  EXPECT_THAT(refusal(), HasSubstr("by instance number"));
  expect_both_whole();
}

TEST_F(DicomFrames, ThatNothingTellsApartAreRefused) {
  write([](int, int) { return Says{}; });
  for (const int frame : {-1, 0, 1})
    EXPECT_THAT(refusal(frame), AllOf(HasSubstr("2 images at each of 4 places"), HasSubstr("which belong together")));
}

TEST_F(DicomFrames, WhoseNumbersAreInNoOrderAreRefused) {
  const int numbers[2][kSlices] = {{1, 7, 3, 8}, {4, 2, 6, 5}};
  write([&](int frame, int z) { return Says{{0x00200013, {"IS", std::to_string(numbers[frame][z])}}}; });
  EXPECT_THAT(refusal(0), HasSubstr("which belong together"));
}

TEST_F(DicomFrames, WhoseEchoTimesAndEchoNumbersContradictEachOtherAreRefused) {
  write([](int frame, int z) {
    const bool crossed = z == 2;
    return Says{{0x00180081, {"DS", frame == 0 ? "5" : "25"}},
                {0x00180086, {"IS", (frame == 0) != crossed ? "1" : "2"}}};
  });
  EXPECT_THAT(refusal(0), AllOf(HasSubstr("echo time"), HasSubstr("echo contradict")));
}

TEST_F(DicomFrames, OfWhichOneLacksASliceSaysWhichAndReadsTheOther) {
  write(
      [](int frame, int) {
        return Says{{0x00180081, {"DS", frame == 0 ? "5" : "25"}}};
      },
      [](int frame, int z) { return frame == 0 || z != 2; });
  EXPECT_THAT(refusal(), AllOf(HasSubstr("echo time 5 ms,"), HasSubstr("echo time 25 ms (3 of 4 places)")));
  EXPECT_EQ(max_abs_diff(read(0).voxels, whole(0)), 0);
  EXPECT_THAT(refusal(1), AllOf(HasSubstr("frame 1 (echo time 25 ms)"), HasSubstr("3 of 4 places")));
}

TEST_F(DicomFrames, WithABlackFirstSliceAreNotTakenForCopies) {
  write([](int frame, int) { return Says{{0x00180081, {"DS", frame == 0 ? "5" : "25"}}}; });
  const DicomWriter writer(kExplicitSyntax);
  for (int frame = 0; frame < 2; ++frame) {
    DicomSpec black;
    black.instance_uid = "1.2.3.2." + std::to_string(frame);
    black.position = {0, 0, -3};
    black.pixels = at::zeros({5, 6});
    auto elements = dicom_elements(black);
    elements[0x00180081] = writer.element(0x00180081, "DS", frame == 0 ? "5" : "25");
    write_bytes(folder_ / "black" + std::to_string(frame), dicom_of(black, elements));
  }
  EXPECT_THAT(refusal(), HasSubstr("2 frames"));
  EXPECT_EQ(max_abs_diff(read(1).voxels.narrow(0, 1, kSlices), whole(1)), 0);
}

/// Frames of an enhanced file: place, stack, time point, position in the stack.
struct EnhancedFrame {
  double height;
  const char* stack;
  uint32_t time;
};
std::string enhanced(const std::vector<EnhancedFrame>& frames, const Tensor& pixels, bool with_times = true) {
  const DicomWriter w(kExplicitSyntax);
  DicomSpec spec;
  spec.pixels = pixels;
  spec.frame_positions.assign(frames.size(), {0, 0, 0});
  auto elements = dicom_elements(spec);
  std::vector<std::string> groups;
  for (const EnhancedFrame& frame : frames) {
    const std::string time = DicomWriter::bytes_of(frame.time);
    std::string content = w.element(0x00209056, "SH", frame.stack);
    if (with_times) content += w.element(0x00209128, "UL", time);
    content += w.element(0x00209157, "UL", DicomWriter::bytes_of(uint32_t{1}) + (with_times ? time : std::string()));
    groups.push_back(w.sequence(0x00209111, {content}, false) +
                     w.sequence(0x00209113,
                                {w.element(0x00200032, "DS", dicom_numbers(std::array<double, 3>{0, 0, frame.height}))},
                                false));
  }
  elements[0x52009230] = w.sequence(0x52009230, groups, true);
  return dicom_of(spec, elements);
}

class EnhancedDicom : public testing::Test {
 protected:
  static Tensor frames(int count) {
    std::vector<Tensor> all;
    for (int i = 0; i < count; ++i) all.push_back(pattern(5, 6) + 100 * i);
    return at::stack(all);
  }
  std::string refusal(const std::string& bytes, const ScanChoice& choice = {}) {
    write_bytes(path_, bytes);
    return story_of([&] { read_scan(path_, choice); });
  }
  TemporaryFolder folder_;
  std::string path_ = folder_ / "enhanced.dcm";
};

TEST_F(EnhancedDicom, HasFramesForEachTimePointWhereverTheyLieInTheFile) {
  const Tensor pixels = frames(6);
  // Frame 0 of the scan is at 1, 2, 4 of the file, frame 1 at 0, 3, 5.
  const std::string bytes =
      enhanced({{0, "1", 7}, {0, "1", 3}, {2, "1", 3}, {2, "1", 7}, {4, "1", 3}, {4, "1", 7}}, pixels);
  EXPECT_THAT(refusal(bytes), AllOf(HasSubstr("0: time point 3, 1: time point 7"), HasSubstr("`frame`")));
  EXPECT_EQ(max_abs_diff(read_scan(path_, {0, ""}).voxels, at::stack({pixels[1], pixels[2], pixels[4]})), 0);
  EXPECT_EQ(max_abs_diff(read_scan(path_, {1, ""}).voxels, at::stack({pixels[0], pixels[3], pixels[5]})), 0);
}

TEST_F(EnhancedDicom, WhoseStacksLieApartOffersEachAsASeries) {
  const Tensor pixels = frames(6);
  const std::string bytes =
      enhanced({{0, "1", 1}, {2, "1", 1}, {4, "1", 1}, {90, "2", 1}, {92, "2", 1}, {94, "2", 1}}, pixels);
  EXPECT_THAT(refusal(bytes), AllOf(HasSubstr("2 series"), HasSubstr("axial, stack 1"), HasSubstr("axial, stack 2")));
  EXPECT_EQ(max_abs_diff(read_scan(path_, {-1, "2"}).voxels, pixels.narrow(0, 3, 3)), 0);
}

TEST_F(EnhancedDicom, WhoseStacksAreOneVolumeIsReadAsOne) {
  const Tensor pixels = frames(4);
  write_bytes(path_, enhanced({{0, "1", 1}, {2, "1", 1}, {4, "2", 1}, {6, "2", 1}}, pixels));
  EXPECT_EQ(max_abs_diff(read_scan(path_).voxels, pixels), 0);
}

TEST_F(EnhancedDicom, WithAGapNamesTheFrames) {
  EXPECT_THAT(refusal(enhanced({{0, "1", 1}, {2, "1", 1}, {4, "1", 1}, {90, "1", 1}}, frames(4))),
              AllOf(HasSubstr("'enhanced.dcm' frame 3"), HasSubstr("'enhanced.dcm' frame 4"), HasSubstr("86.000 mm")));
}

TEST_F(EnhancedDicom, WithoutTimesIsToldApartByItsFrameNumbersOnlyWhereTheyAreInOrder) {
  const Tensor pixels = frames(6);
  const std::string in_order =
      enhanced({{0, "1", 1}, {2, "1", 1}, {4, "1", 1}, {0, "1", 1}, {2, "1", 1}, {4, "1", 1}}, pixels, false);
  EXPECT_THAT(refusal(in_order), HasSubstr("frame number 1 to 3, 1: frame number 4 to 6"));
  EXPECT_EQ(max_abs_diff(read_scan(path_, {1, ""}).voxels, pixels.narrow(0, 3, 3)), 0);
  const std::string mixed =
      enhanced({{0, "1", 1}, {2, "1", 1}, {0, "1", 1}, {4, "1", 1}, {4, "1", 1}, {2, "1", 1}}, pixels, false);
  EXPECT_THAT(refusal(mixed, {0, ""}), HasSubstr("which belong together"));
}

}  // namespace
}  // namespace thor::test
