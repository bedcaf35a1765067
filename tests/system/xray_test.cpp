// SPDX-License-Identifier: Apache-2.0
// X-rays through the program itself: synthetic wrists from drawing to the table, then real radiographs.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/program.h"

namespace thor::test {
namespace {

using testing::HasSubstr;

const char* const kWristConfig = R"(
model: {channels: [8, 16], attention: [false, false], head_channels: 8, norm_groups: 4}
preprocess: {size: 32, intensity: percentile}
train: {steps: 30, batch: 8, learning_rate: 0.002, warmup: 5, ema: 0.9, precision: fp32, sample_every: 0,
        validate_every: 0, checkpoint_every: 0}
detector: {name: ddpm, start_step: 200, sampler: {kind: ddim, steps: 5}}
)";

class XraySystem : public testing::Test {
 protected:
  void SetUp() override {
    write_file(folder_ / "tiny.yaml", kWristConfig);
    must(
        "thor synthesize phantom ph --set phantom.kind=xray --set phantom.size=48 --set phantom.train=12 --set "
        "phantom.val=1 "
        "--set phantom.test=6");
    must("thor train tiny.yaml --data ph/train.csv --out run");
  }
  Outcome must(const std::string& line, int code = 0) {
    Outcome outcome = run_in(folder_.path(), line);
    EXPECT_EQ(outcome.code, code) << line << "\n" << outcome.err;
    return outcome;
  }
  TemporaryFolder folder_;
};

TEST_F(XraySystem, SyntheticWristsEndInATableOfPathologies) {
  must("thor detect run/model.safetensors ph/test.csv -o maps");
  must("thor detect run/model.safetensors ph/healthy.csv -o healthy");
  const Outcome table = must("thor evaluate boxes --maps maps --truth ph/boxes.csv --healthy healthy");
  for (const char* label : {"metal", "fracture", "foreignbody", "all"}) EXPECT_THAT(table.out, HasSubstr(label));
  const auto result = nlohmann::json::parse(
      must("thor evaluate boxes --maps maps --truth ph/boxes.csv --healthy healthy --native --json").out);
  EXPECT_EQ(result["groups"].back()["images"], 6);
  EXPECT_LE(result["false_positive_rate"]["realized"], 0.05);
  EXPECT_GT(result["false_positive_rate"]["realized"], 0.045);
}

TEST_F(XraySystem, RealRadiographsAreReadDetectedAndLocalized) {
  const std::string real = shared_dir() + "/data/xray";
  if (!std::filesystem::exists(real + "/wrist")) GTEST_SKIP() << "no real X-rays in " << real;
  run_in(folder_.path(), "ln -s '" + std::filesystem::absolute(real).string() + "' real");
  must("thor detect run/model.safetensors real/wrist -o maps");
  must("thor detect run/model.safetensors real/hand/00000*.jpeg real/hand/00010*.jpeg -o healthy");

  write_file(folder_ / "boxes.csv",
             "image,xmin,ymin,xmax,ymax,label\n"
             "real/wrist/0003_0662359226_01_WRI-R1_M011.png,210,661,335,731,fracture\n"
             "real/wrist/0003_0662359226_01_WRI-R1_M011.png,404,699,474,777,fracture\n"
             "real/wrist/3799_0949300875_03_WRI-L1_M010.png,245,288,545,882,metal\n"
             "real/wrist/5791_0288377040_02_WRI-R1_F009.png,184,386,330,448,fracture\n"
             "real/wrist/5791_0288377040_02_WRI-R1_F009.png,552,190,611,262,text\n");
  const auto result = nlohmann::json::parse(
      must("thor evaluate boxes --maps maps --truth boxes.csv --healthy healthy --ignore text --json").out);
  ASSERT_EQ(result["groups"].size(), 3u);
  EXPECT_EQ(result["groups"][0]["label"], "fracture");
  EXPECT_EQ(result["groups"][0]["images"], 2);

  // The annotation as published knows one of the three images; the others are listed.
  const Outcome annotated = must("thor evaluate boxes --maps maps --truth real/wrist --healthy healthy --native", 3);
  EXPECT_THAT(annotated.out, HasSubstr("fracture"));
  EXPECT_THAT(annotated.err, HasSubstr("no row in the table of boxes"));
}

}  // namespace
}  // namespace thor::test
