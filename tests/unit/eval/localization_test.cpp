// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/localization.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/image/image.h"

namespace thor::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// Maps on disk, as `detect` leaves them, healthy ones, and a table of boxes.
class Localizing : public testing::Test {
 protected:
  Localizing() {
    for (const char* name : {"maps", "healthy"}) make_folder(folder_ / name);
    // 4 of 100 pixels above 0.5, none above 0.6.
    at::Tensor healthy = at::full({10, 10}, 0.5);
    healthy[0].slice(0, 0, 4).fill_(0.6);
    map("healthy", "h", healthy);
    options_.maps = folder_ / "maps";
    options_.healthy = folder_ / "healthy";
    options_.boxes = folder_ / "boxes.csv";
    options_.native = true;
  }
  void map(const std::string& folder, const std::string& stem, const at::Tensor& values, const char* model = "m") {
    constexpr double kFullScale = 5;
    const std::string file = stem + "_map.png";
    write_png(folder_ / (folder + "/" + file), values.to(at::kFloat) / kFullScale, 16);
    const nlohmann::json about{{"input", stem + ".png"},
                               {"map", file},
                               {"map_full_scale", kFullScale},
                               {"network_size", 16},
                               {"model", {{"sha256", model}}}};
    write_text_atomically(folder_ / (folder + "/" + stem + ".json"), about.dump());
  }
  Localization run(const std::string& rows) {
    write_text_atomically(options_.boxes, "image,xmin,ymin,xmax,ymax,label\n" + rows);
    return localize(options_);
  }
  std::string error(const std::string& rows) {
    try {
      run(rows);
    } catch (const Error& caught) {
      EXPECT_EQ(caught.kind(), ErrorKind::Input);
      return caught.what();
    }
    return "no error";
  }

  TemporaryFolder folder_;
  LocalizationOptions options_;
};

const LocalizedImage& image(const Localization& result, const std::string& name, const std::string& label) {
  for (const LocalizedImage& one : result.images)
    if (one.name == name && one.label == label) return one;
  throw std::runtime_error("no " + name + " " + label);
}

const LocalizationGroup& group(const Localization& result, const std::string& label) {
  for (const LocalizationGroup& one : result.groups)
    if (one.label == label) return one;
  throw std::runtime_error("no group " + label);
}

/// The map of the worked example in docs/methods/localization.md: two fractures and one metal in 4 x 5 pixels.
at::Tensor worked_example() {
  return at::tensor({0.9, 0.1, 0.0, 0.0, 0.2,   //
                     0.1, 0.1, 0.0, 0.0, 0.2,   //
                     2.5, 0.0, 0.8, 0.0, 0.2,   //
                     2.5, 0.0, 0.0, 0.0, 0.2})  //
      .view({4, 5});
}
constexpr const char* kWorkedBoxes =
    "a.png,0,0,2,2,fracture\n"
    "a.png,2,2,4,4,fracture\n"
    "a.png,4,0,5,2,metal\n";

TEST_F(Localizing, AnImageWithSeveralBoxesGetsWhatIsComputedByHand) {
  map("maps", "a", worked_example());
  const Localization result = run(kWorkedBoxes);
  EXPECT_NEAR(result.threshold, 0.5, 1e-4);

  // Fracture: 8 pixels, those of 0.9 and 0.8 above 0.5; 1.2 + 0.8 = 2 inside, 2.5 + 2.5 + 0.2 + 0.2 = 5.4 outside all.
  const LocalizationScore& fracture = image(result, "a.png", "fracture").score;
  EXPECT_DOUBLE_EQ(fracture.share, 2.0 / 8);
  EXPECT_TRUE(fracture.found);
  EXPECT_EQ(fracture.false_positives, 2);  // floor(5.4 / 2)
  EXPECT_DOUBLE_EQ(fracture.precision, 1.0 / 3);
  EXPECT_DOUBLE_EQ(fracture.recall, 1);
  EXPECT_DOUBLE_EQ(fracture.f1, 0.5);

  // Metal: 2 pixels of 0.2; the sum 0.4 inside counts as 1.
  const LocalizationScore& metal = image(result, "a.png", "metal").score;
  EXPECT_FALSE(metal.found);
  EXPECT_EQ(metal.false_positives, 5);  // floor(5.4 / 1)
  EXPECT_EQ(metal.precision + metal.recall + metal.f1, 0);

  // All: 2 of 10 pixels; 2.4 inside.
  const LocalizationScore& all = image(result, "a.png", "all").score;
  EXPECT_DOUBLE_EQ(all.share, 0.2);
  EXPECT_EQ(all.false_positives, 2);  // floor(5.4 / 2.4)
}

TEST_F(Localizing, AnImageCountsOnceForEachLabelItHas) {
  map("maps", "a", worked_example());
  map("maps", "b", at::full({4, 5}, 0.6));
  const Localization result = run(std::string(kWorkedBoxes) + "b.png,0,0,2,2,metal\n");
  ASSERT_EQ(result.groups.size(), 3u);
  EXPECT_EQ(result.groups.back().label, "all");
  EXPECT_EQ(group(result, "fracture").images, 1);
  EXPECT_EQ(group(result, "metal").images, 2);
  EXPECT_EQ(group(result, "all").images, 2);
  EXPECT_DOUBLE_EQ(group(result, "metal").recall.mean, 0.5);
  // b: 9.6 outside, 2.4 inside: 4 false positives.
  EXPECT_NEAR(group(result, "metal").precision.mean, (0 + 1.0 / 5) / 2, 1e-12);
}

TEST_F(Localizing, TheIntervalHoldsTheMeanAndNarrowsWithAgreement) {
  map("maps", "a", worked_example());
  map("maps", "b", at::full({4, 5}, 0.6));
  const Localization result = run(std::string(kWorkedBoxes) + "b.png,0,0,2,2,metal\n");
  const Interval metal = group(result, "metal").recall, all = group(result, "all").recall;
  EXPECT_EQ(metal.low, 0);
  EXPECT_EQ(metal.high, 1);
  EXPECT_EQ(all.low, 1);
  EXPECT_EQ(all.high, 1);
}

TEST_F(Localizing, OnTheNetworksGridBoxesAndMapsTakeTheSameWay) {
  at::Tensor values = at::zeros({40, 24});
  values.slice(0, 8, 16).slice(1, 4, 12).fill_(1);
  map("maps", "a", values);
  options_.native = false;
  EXPECT_GT(image(run("a.png,4,8,12,16,metal\n"), "a.png", "metal").score.share, 0.99);
  EXPECT_LT(image(run("a.png,12,16,20,24,metal\n"), "a.png", "metal").score.share, 0.1);
}

TEST_F(Localizing, WhatCannotBeUsedIsListedAndTheRestIsScored) {
  for (const char* stem : {"a", "cut", "outside", "healthy", "unlisted"}) map("maps", stem, worked_example());
  const Localization result = run(std::string(kWorkedBoxes) +
                                  "cut.png,3,3,9,9,metal\noutside.png,50,50,60,60,metal\nhealthy.png,,,,,\n"
                                  "inverted.png,3,3,1,1,metal\nundetected.png,1,1,2,2,metal\n");
  EXPECT_EQ(group(result, "all").images, 2);
  EXPECT_EQ(result.without_boxes, 1);
  std::vector<std::string> names;
  for (const auto& one : result.left_out) names.push_back(std::filesystem::path(one.name).filename().string());
  EXPECT_THAT(names, ElementsAre("inverted.png", "outside.png", "undetected.png", "unlisted.png"));
  ASSERT_EQ(result.notes.size(), 1u);
  EXPECT_THAT(result.notes[0].text, HasSubstr("cut to the image"));
  EXPECT_THAT(result.table(), AllOf(HasSubstr("4 images are left out"), HasSubstr("1 images without a box")));
  EXPECT_EQ(parse(result.to_json())["left_out"].size(), 4u);
}

TEST_F(Localizing, AnIgnoredLabelIsAsIfItWereNotThere) {
  map("maps", "a", worked_example());
  options_.ignore = {"metal"};
  const Localization result = run(kWorkedBoxes);
  ASSERT_EQ(result.groups.size(), 2u);
  EXPECT_EQ(image(result, "a.png", "fracture").score.false_positives, 2);  // floor(5.8 / 2): its pixels are outside now
}

TEST_F(Localizing, RefusesMapsOfAnotherModelAndTablesWithNothingToFind) {
  map("maps", "a", worked_example());
  EXPECT_THAT(error("a.png,,,,,\n"), HasSubstr("no image of"));
  EXPECT_THAT(error("b.png,0,0,2,2,metal\n"), HasSubstr("it has no map"));
  EXPECT_THAT(error("a.png,0,0,2,2,all\n"), HasSubstr("rename it"));
  map("maps", "a", worked_example(), "another");
  EXPECT_THAT(error(kWorkedBoxes), HasSubstr("different models"));
}

TEST(ThresholdAtRate, IsTheSmallestThatKeepsToTheRate) {
  const at::Tensor map = at::arange(1, 101, at::kFloat).view({10, 10}) / 100;
  const double threshold = threshold_at_rate({map}, 0.05);
  EXPECT_EQ(threshold, map[9][4].item<float>());  // 0.95: five values are above it
  EXPECT_DOUBLE_EQ(mean_share_above({map}, threshold), 0.05);
  EXPECT_GT(mean_share_above({map}, std::nextafterf(static_cast<float>(threshold), 0)), 0.05);
  EXPECT_EQ(threshold_at_rate({map}, 0), 1);
}

TEST(ThresholdAtRate, WeighsEveryMapAlikeWhateverItsSize) {
  at::Tensor small = at::zeros({2, 5}), large = at::zeros({10, 10});
  small[0][0] = 0.9;
  large[0].slice(0, 0, 3).fill_(0.5);
  // Above 0: (10 % + 3 %) / 2 = 6.5 %; above 0.5: 5 %. Pooled, 4 of 110 pixels would allow 0.
  EXPECT_EQ(threshold_at_rate({small, large}, 0.05), 0.5);
}

TEST(ThresholdAtRate, RefusesARateThatIsNoneAndMapsThatAreNone) {
  EXPECT_THROW(threshold_at_rate({at::ones({2, 2})}, 1), Error);
  EXPECT_THROW(threshold_at_rate({at::ones({2, 2})}, NAN), Error);
  EXPECT_THROW(threshold_at_rate({}, 0.05), Error);
  EXPECT_THROW(threshold_at_rate({-at::ones({2, 2})}, 0.05), Error);
}

TEST(ScoreBoxes, ATenthIsNotEnoughAndMoreIs) {
  at::Tensor map = at::zeros({2, 10});
  const at::Tensor inside = at::zeros({2, 10}, at::kBool);
  inside[0].fill_(true);
  map[0][0] = 1;
  EXPECT_FALSE(score_boxes(map, inside, inside.logical_not(), 0.5).found);
  map[0][1] = 1;
  EXPECT_TRUE(score_boxes(map, inside, inside.logical_not(), 0.5).found);
}

TEST(ScoreBoxes, CountsTenFalsePositivesAtMost) {
  at::Tensor map = at::full({10, 10}, 0.9), inside = at::zeros({10, 10}, at::kBool);
  inside[0][0] = true;
  const LocalizationScore score = score_boxes(map, inside, inside.logical_not(), 0.5);
  EXPECT_EQ(score.false_positives, kMaxFalsePositives);
  EXPECT_DOUBLE_EQ(score.f1, 2.0 / 12);  // precision 1/11, recall 1
}

}  // namespace
}  // namespace thor::test
