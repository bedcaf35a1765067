// SPDX-License-Identifier: Apache-2.0
#include "thor/results/archive_case.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/nn/weights/safetensors.h"

namespace thor {
namespace {

using ::testing::HasSubstr;

class DetectArchive : public ::testing::Test {
 protected:
  void SetUp() override {
    archive.slices = test::pictures(5).pixels.squeeze(1).contiguous();
    archive.names = {"a", "b", "c", "d", "e"};
    archive.preprocess = test::tiny_model().config.preprocess;
    write_archive(path, archive);
  }
  FolderResult detect(int64_t batch) const {
    const RunConfig run = test::on_cpu(3, batch);
    const Pipeline pipeline = test::tiny_pipeline(run);
    DetectOptions options;
    options.inputs = {path};
    options.output = out;
    options.detector_name = "three";
    options.detector_config = JsonText("{}");
    options.layout = layout;
    return detect_files(pipeline, options, run);
  }
  std::string refusal() const {
    try {
      detect(2);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::Usage);
      return error.what();
    }
    return "";
  }
  test::TemporaryFolder folder;
  Archive archive;
  std::string path = folder / "healthy.safetensors", out = folder / "out";
  ResultLayout layout = ResultLayout::Flat;
};

TEST_F(DetectArchive, PutsTheMapsOfAllSlicesIntoOneFileWhateverTheBatch) {
  const FolderResult result = detect(2);
  ASSERT_EQ(result.done.size(), 1u);
  EXPECT_EQ(result.done[0].map_path, out + "/healthy_map.safetensors");
  const Safetensors maps = read_safetensors(result.done[0].map_path);
  const Tensor together = maps.tensors.at("maps").clone();
  EXPECT_EQ(together.sizes(), archive.slices.sizes());
  EXPECT_EQ(maps.tensors.at("pseudo_healthy").sizes(), archive.slices.sizes());
  EXPECT_EQ(maps.metadata.at("thor.names"), R"(["a","b","c","d","e"])");
  const FolderResult again = detect(5);
  EXPECT_TRUE(read_safetensors(again.done[0].map_path).tensors.at("maps").equal(together));
}

TEST_F(DetectArchive, TheSidecarHasTheScoreOfEverySlice) {
  const FolderResult result = detect(2);
  const auto about = nlohmann::json::parse(read_text_file(out + "/healthy.json", 1 << 20));
  ASSERT_EQ(about.at("slices").size(), 5u);
  EXPECT_EQ(about.at("slices").at(1).at("name"), "b");
  double largest = 0;
  for (const auto& slice : about.at("slices")) largest = std::max(largest, slice.at("score").get<double>());
  EXPECT_EQ(about.at("score").get<double>(), largest);
  EXPECT_EQ(result.done[0].score, largest);
  EXPECT_EQ(about.at("archive_sha256"), sha256_of_slices(archive.slices));
}

TEST_F(DetectArchive, OneThatWasPreparedForAnotherModelIsListed) {
  archive.preprocess.intensity = Intensity::Percentile;
  write_archive(path, archive);
  const FolderResult result = detect(2);
  ASSERT_EQ(result.failed.size(), 1u);
  EXPECT_THAT(result.failed[0].message, HasSubstr("intensity"));
}

TEST_F(DetectArchive, RefusesBidsNames) {
  layout = ResultLayout::Bids;
  EXPECT_THAT(refusal(), HasSubstr("`bids`"));
}

TEST_F(DetectArchive, ADamagedOneIsListed) {
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 8);
  const FolderResult result = detect(2);
  ASSERT_EQ(result.failed.size(), 1u);
  EXPECT_THAT(result.failed[0].message, HasSubstr("healthy.safetensors"));
}

}  // namespace
}  // namespace thor
