// SPDX-License-Identifier: Apache-2.0
#include "thor/data/archive.h"

#include <gmock/gmock.h>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/nn/weights/safetensors.h"

namespace thor {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Three small pictures of different sizes and a CSV that lists them.
class Archives : public testing::Test {
 protected:
  Archives() {
    config_.size = 32;
    for (int i = 0; i < 3; ++i) {
      const Tensor ramp = at::linspace(0, 1, 20).view({-1, 1}) * at::linspace(0.2, 1, 30 + i);
      write_png(folder_ / (std::to_string(i) + ".png"), ramp.to(at::kFloat), 8);
    }
    write_text_atomically(csv(), "image\n2.png\n0.png\n1.png\n");
  }
  std::string csv() const { return folder_ / "list.csv"; }
  std::string file() const { return folder_ / "slices.safetensors"; }

  /// Writes an archive whose file was changed by `change` first.
  template <class F>
  std::string error_after(F&& change) {
    write_archive(file(), prepare(read_split(csv()), config_));
    Safetensors content = read_safetensors(file());
    for (auto& [name, tensor] : content.tensors) tensor = tensor.clone();
    change(content);
    write_safetensors(folder_ / "changed.safetensors", content);
    return error([&] { read_archive(folder_ / "changed.safetensors"); }, ErrorKind::Input);
  }
  template <class F>
  static std::string error(F&& work, ErrorKind kind) {
    try {
      work();
    } catch (const Error& caught) {
      EXPECT_EQ(caught.kind(), kind);
      return caught.what();
    }
    return "no error";
  }

  test::TemporaryFolder folder_;
  PreprocessConfig config_;
};

TEST_F(Archives, HoldEverySliceInTheOrderOfTheCsv) {
  const Archive archive = prepare(read_split(csv()), config_);
  EXPECT_THAT(archive.names, ElementsAre("2.png", "0.png", "1.png"));
  EXPECT_THAT(archive.slices.sizes().vec(), ElementsAre(3, 32, 32));
  const Tensor second = preprocess(config_, read_image(folder_ / "0.png")).unit;
  EXPECT_EQ(test::max_abs_diff(archive.slices[1], second), 0);
}

TEST_F(Archives, ReadBackWhatWasWritten) {
  config_.intensity = Intensity::Percentile;
  config_.percentile = 97.3;
  const Archive archive = prepare(read_split(csv()), config_);
  write_archive(file(), archive);
  const Archive read = read_archive(file());
  EXPECT_EQ(test::max_abs_diff(read.slices, archive.slices), 0);
  EXPECT_EQ(read.names, archive.names);
  EXPECT_EQ(read.sha256, archive.sha256);
  EXPECT_EQ(read.preprocess.percentile, 97.3);
  EXPECT_EQ(read.preprocess.intensity, Intensity::Percentile);
}

TEST_F(Archives, TrainTheSameAsTheirCsv) {
  write_archive(file(), prepare(read_split(csv()), config_));
  EXPECT_EQ(open_training_data(file(), config_).sha256, open_training_data(csv(), config_).sha256);
}

TEST_F(Archives, NameEveryImageThatCannotBeUsed) {
  write_text_atomically(folder_ / "bad1.png", "no picture");
  write_text_atomically(folder_ / "bad2.png", "");
  write_text_atomically(csv(), "image\nbad1.png\n0.png\nbad2.png\n");
  EXPECT_THAT(
      error([&] { open_training_data(csv(), config_); }, ErrorKind::Input),
      AllOf(HasSubstr("2 of 3 images"), HasSubstr("'bad1.png'"), HasSubstr("'bad2.png'"), Not(HasSubstr("'0.png'"))));
}

TEST_F(Archives, AreRefusedWhereTheConfigPreparesDifferently) {
  write_archive(file(), prepare(read_split(csv()), config_));
  PreprocessConfig other = config_;
  other.percentile = 90;  // without meaning for full_range
  EXPECT_NO_THROW(open_training_data(file(), other));
  other.size = 64;
  other.intensity = Intensity::Percentile;
  EXPECT_THAT(error([&] { open_training_data(file(), other); }, ErrorKind::Usage),
              AllOf(HasSubstr("preprocess.size is 32 there and 64 in the config"), HasSubstr("preprocess.intensity"),
                    HasSubstr("slices.safetensors")));
}

TEST_F(Archives, AreCheckedBeforeTheyAreTrusted) {
  EXPECT_THAT(error_after([](Safetensors& s) { s.tensors.erase("slices"); }), HasSubstr("no tensor 'slices'"));
  EXPECT_THAT(error_after([](Safetensors& s) { s.tensors["slices"][1][2][3] = NAN; }), HasSubstr("outside [0,1]"));
  EXPECT_THAT(error_after([](Safetensors& s) { s.tensors["slices"][1][2][3] = 1.5; }), HasSubstr("outside [0,1]"));
  EXPECT_THAT(error_after([](Safetensors& s) { s.tensors["slices"][1][20][3] = 0.123; }), HasSubstr("damaged"));
  EXPECT_THAT(error_after([](Safetensors& s) { s.tensors["slices"] = s.tensors["slices"].to(at::kDouble); }),
              HasSubstr("float32"));
  EXPECT_THAT(error_after([](Safetensors& s) { s.metadata["thor.names"] = "[\"a\"]"; }), HasSubstr("name each"));
  EXPECT_THAT(error_after([](Safetensors& s) { s.metadata["thor.names"] = "[1,2,3]"; }), HasSubstr("not text"));
  EXPECT_THAT(error_after([](Safetensors& s) { s.metadata["thor.format"] = "archive 9"; }), HasSubstr("archive 9"));
  EXPECT_THAT(error_after([](Safetensors& s) { s.metadata["thor.preprocess"] = "{\"size\": 64}"; }),
              HasSubstr("says size 64"));
  EXPECT_THAT(error_after([](Safetensors& s) { s.metadata["thor.preprocess"] = "{\"sise\": 64}"; }),
              HasSubstr("cannot be understood"));
  EXPECT_THAT(error_after([](Safetensors& s) { s.metadata.erase("thor.sha256"); }), HasSubstr("thor.sha256"));
}

}  // namespace
}  // namespace thor
