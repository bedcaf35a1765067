// SPDX-License-Identifier: Apache-2.0
// Checkpoints written by PyTorch itself, on the spot: torch_state_dict.py beside this file.
#include <sys/wait.h>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/nn/unet.h"
#include "thor/nn/weights/torch_file.h"

using namespace thor;
using test::max_abs_diff;

namespace {

class PyTorch : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    const std::string python = test::environment_or("THOR_PYTHON", "/usr/bin/python3");
    const std::string command =
        python + " '" THOR_SOURCE_DIR "/tests/parity/torch_state_dict.py' '" + folder_->path() + "'";
    const int status = std::system(command.c_str());
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  void SetUp() override {
    if (exit_code_ == 77 || exit_code_ == 127)
      GTEST_SKIP() << "python3 cannot import torch here (Debian: python3-torch); THOR_PYTHON names another python";
    ASSERT_EQ(exit_code_, 0) << "torch_state_dict.py failed";
  }
  static std::string file(const std::string& name) { return *folder_ / name; }

  static test::TemporaryFolder* folder_;
  static int exit_code_;
};
test::TemporaryFolder* PyTorch::folder_ = nullptr;
int PyTorch::exit_code_ = -1;

UNetConfig config_of_the_script() {
  UNetConfig config;
  config.channels = {8, 16, 24};
  config.attention = {false, true, true};
  config.res_blocks = 2;
  config.head_channels = 8;
  config.norm_groups = 4;
  return config;
}

TEST_F(PyTorch, ANetworkGivesTheSameOutputHereWhicheverWayItWasSaved) {
  const UNetConfig config = config_of_the_script();
  const StateDict run = read_weights_file(file("run.pt"));
  ASSERT_GT(run.at("output").abs().max().item<double>(), 0.1);
  const at::NoGradGuard no_gradients;
  for (const char* name : {"zip.pt", "legacy.pt", "protocol4.pt", "parameters.pt", "checkpoint.pt"}) {
    const StateDict weights =
        load_strictly(to_generative_names(read_weights_file(file(name))), unet_shapes(config), name);
    EXPECT_LT(max_abs_diff(unet_forward(config, weights, run.at("x"), run.at("t")), run.at("output")), 1e-4) << name;
  }
}

TEST_F(PyTorch, ViewsKeepTheirShapeAndType) {
  const Tensor x = read_weights_file(file("run.pt")).at("x");
  for (const char* name : {"views.pt", "views_legacy.pt"}) {
    const StateDict views = read_weights_file(file(name));
    EXPECT_TRUE(at::equal(views.at("x"), x)) << name;
    EXPECT_TRUE(at::equal(views.at("transposed"), x.transpose(2, 3))) << name;
    EXPECT_TRUE(at::equal(views.at("part"), x[1][0].narrow(0, 2, 3))) << name;
    EXPECT_TRUE(at::equal(views.at("whole"), x.to(at::kBFloat16))) << name;
    EXPECT_TRUE(at::equal(views.at("bool"), x.gt(0))) << name;
  }
}

TEST_F(PyTorch, ACheckpointThatWantsToRunAProgramIsRefusedByName) {
  for (const char* name : {"malicious.pt", "malicious_legacy.pt"}) {
    try {
      read_weights_file(file(name));
      FAIL() << "read " << name;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("refuses to execute 'posix.system'"), std::string::npos) << e.what();
    }
  }
}

}  // namespace
