// SPDX-License-Identifier: Apache-2.0
#include "thor/data/healthy_list.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <functional>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/data/archive.h"
#include "thor/data/overlap.h"
#include "thor/image/image.h"

namespace thor {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Two pictures, an empty mask and one that marks a lesion.
class TrainingLists : public ::testing::Test {
 protected:
  TrainingLists() {
    config_.size = 16;
    for (const int i : {0, 1, 2}) {
      const Tensor ramp = at::linspace(0, 1, 20).view({-1, 1}) * at::linspace(0.2, 1, 30 + i);
      write_png(folder_ / (std::to_string(i) + ".png"), ramp.to(at::kFloat), 8);
    }
    Tensor mask = at::zeros({20, 31});
    write_png(folder_ / "empty.png", mask, 8);
    mask.narrow(0, 3, 4).narrow(1, 5, 4).fill_(1);
    write_png(folder_ / "lesion.png", mask, 8);
    write_text_atomically(folder_ / "sick.csv", "image,mask\n0.png,\n1.png,lesion.png\n");
    write_text_atomically(folder_ / "healthy.csv", "image,mask\n0.png,\n1.png,empty.png\n");
  }
  static std::string refusal_of(const std::function<void()>& act) {
    try {
      act();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::Input);
      return error.what();
    }
    return "";
  }
  Archive prepared(const char* list) const { return prepare(read_split(folder_ / list), config_); }

  test::TemporaryFolder folder_;
  PreprocessConfig config_;
};

TEST_F(TrainingLists, WithALesionInAMaskAreNotTrainedOn) {
  EXPECT_EQ(open_training_data(folder_ / "healthy.csv", config_).slices.size(0), 2);
  EXPECT_THAT(refusal_of([&] { open_training_data(folder_ / "sick.csv", config_); }),
              AllOf(HasSubstr("1 of the 2 scans of"), HasSubstr("sick.csv"), HasSubstr("e.g. '1.png'")));
}

TEST_F(TrainingLists, AreRememberedInTheArchiveMadeOfThem) {
  const std::string file = folder_ / "sick.safetensors";
  const Archive sick = prepared("sick.csv");
  EXPECT_THAT(sick.sick, ElementsAre("1.png"));
  write_archive(file, sick);
  EXPECT_THAT(read_archive(file).sick, ElementsAre("1.png"));
  EXPECT_EQ(open_archive(file, config_).slices.size(0), 2);  // good for detecting
  EXPECT_THAT(refusal_of([&] { open_training_data(file, config_); }),
              AllOf(HasSubstr("1 of the scans"), HasSubstr("e.g. '1.png'")));
  write_archive(file, prepared("healthy.csv"));
  EXPECT_THAT(read_archive(file).sick, IsEmpty());
  EXPECT_EQ(open_training_data(file, config_).slices.size(0), 2);
}

TEST_F(TrainingLists, AMaskThatCannotBeReadCostsNoScan) {
  write_text_atomically(folder_ / "broken.png", "no picture");
  write_text_atomically(folder_ / "odd.csv", "image,mask\n0.png,broken.png\n1.png,\n");
  EXPECT_THAT(prepared("odd.csv").sick, IsEmpty());
  EXPECT_THAT(refusal_of([&] { open_training_data(folder_ / "odd.csv", config_); }), HasSubstr("broken.png"));
}

TEST_F(TrainingLists, ThatShareImagesAreFoundByContent) {
  std::filesystem::copy(folder_ / "1.png", folder_ / "copy.png");
  write_text_atomically(folder_ / "validation.csv", "image\n2.png\ncopy.png\n");
  write_text_atomically(folder_ / "other.csv", "image\n2.png\n");
  const Overlap overlap = overlap_of(prepared("healthy.csv"), prepared("validation.csv"));
  EXPECT_EQ(overlap.slices, 1);
  EXPECT_EQ(overlap.name_in_a, "1.png");
  EXPECT_EQ(overlap.name_in_b, "copy.png");
  EXPECT_EQ(overlap_of(prepared("healthy.csv"), prepared("healthy.csv")).slices, 2);
  EXPECT_EQ(overlap_of(prepared("healthy.csv"), prepared("other.csv")).slices, 0);
}

TEST_F(TrainingLists, EmptySlicesAreNotSharedImages) {
  Archive blank = prepared("healthy.csv");
  blank.slices = at::zeros({2, 16, 16});
  EXPECT_EQ(overlap_of(blank, blank).slices, 0);
}

}  // namespace
}  // namespace thor
