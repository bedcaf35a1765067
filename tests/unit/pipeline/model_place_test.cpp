// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/model_place.h"

#include <gmock/gmock.h>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"

namespace thor {
namespace {

TEST(ModelPlace, TakesAPathAsItIsAndLooksANameUpInTheFirstFolderThatHasIt) {
  const test::TemporaryFolder user, installed;
  write_text_atomically(installed / "brain.safetensors", "");
  write_text_atomically(installed / "wrist.safetensors", "");
  write_text_atomically(user / "wrist.safetensors", "");
  const std::vector<std::string> folders{user.path(), user / "absent", installed.path()};
  EXPECT_EQ(find_model("brain", folders), installed / "brain.safetensors");
  EXPECT_EQ(find_model("wrist", folders), user / "wrist.safetensors");
  EXPECT_EQ(find_model("run/model", folders), "run/model");
  EXPECT_EQ(find_model("brain.safetensors", folders), "brain.safetensors");
}

TEST(ModelPlace, ANameThatIsNotThereIsAnsweredWithThoseThatAre) {
  const test::TemporaryFolder folder;
  write_text_atomically(folder / "brain-t1-axial.safetensors", "");
  try {
    find_model("brain-t1-axal", {folder.path()});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("did you mean 'brain-t1-axial'"));
  }
}

}  // namespace
}  // namespace thor
