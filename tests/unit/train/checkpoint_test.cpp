// SPDX-License-Identifier: Apache-2.0
#include "thor/train/checkpoint.h"

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"

namespace thor {
namespace {

TEST(Checkpoint, ComesBackAsItWas) {
  test::TemporaryFolder folder;
  Checkpoint saved;
  saved.step = 7;
  saved.seconds = 1.5;
  saved.weights["a.weight"] = at::randn({2, 3});
  saved.ema["a.weight"] = at::randn({2, 3});
  saved.first_moments["a.weight"] = at::randn({2, 3});
  saved.second_moments["a.weight"] = at::rand({2, 3});
  saved.config = {{"train", {{"batch", 4}}}};
  saved.data_sha256 = "abc";
  save_checkpoint(folder / "c.safetensors", saved);
  const Checkpoint loaded = load_checkpoint(folder / "c.safetensors");
  EXPECT_EQ(loaded.step, 7);
  EXPECT_EQ(loaded.seconds, 1.5);
  EXPECT_EQ(loaded.config, saved.config);
  EXPECT_EQ(loaded.data_sha256, "abc");
  EXPECT_TRUE(at::equal(loaded.weights.at("a.weight"), saved.weights["a.weight"]));
  EXPECT_TRUE(at::equal(loaded.ema.at("a.weight"), saved.ema["a.weight"]));
  EXPECT_TRUE(at::equal(loaded.first_moments.at("a.weight"), saved.first_moments["a.weight"]));
  EXPECT_TRUE(at::equal(loaded.second_moments.at("a.weight"), saved.second_moments["a.weight"]));
}

TEST(Checkpoint, OtherFilesAreRefused) {
  test::TemporaryFolder folder;
  write_text_atomically(folder / "c.safetensors", "not a checkpoint");
  EXPECT_THROW(load_checkpoint(folder / "c.safetensors"), Error);
  EXPECT_THROW(load_checkpoint(folder / "absent.safetensors"), Error);
}

}  // namespace
}  // namespace thor
