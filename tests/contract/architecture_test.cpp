// SPDX-License-Identifier: Apache-2.0
// What every row of the table of architectures promises.
#include "thor/nn/architecture.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/device.h"
#include "thor/base/error.h"
#include "thor/nn/layers.h"

namespace thor::test {
namespace {

constexpr int64_t kImageSide = 32;

class EveryArchitecture : public ::testing::TestWithParam<std::string> {
 protected:
  EveryArchitecture() : row(architecture_row(GetParam())), network(row.make()) {
    Fields fields(*network);
    const std::vector<std::pair<std::string, std::string>> small{{"channels", "[32, 64]"},
                                                                 {"attention", "[false, true]"},
                                                                 {"head_channels", "32"},
                                                                 {"norm_groups", "8"},
                                                                 {"z_condition", "true"}};
    for (const auto& [key, value] : small)
      if (fields.has(key)) fields.set(key, value);
    at::manual_seed(2);
    weights = network->initial(1);
    for (auto& [name, tensor] : weights) tensor = tensor + 0.05 * at::randn(tensor.sizes());  // no layer is left at 0
    weights = on_device(cast_weights(weights, at::kFloat));
  }

  NetworkInput input(int64_t count) const {
    at::manual_seed(3);
    return {on_device(at::randn({count, network->form().in_channels, kImageSide, kImageSide})),
            on_device(at::arange(count, at::kLong) * 100 + 50), on_device(at::arange(count, at::kFloat) * 20 - 10)};
  }

  Tensor forward(const NetworkInput& of) const {
    const at::NoGradGuard no_grad;
    return network->forward(weights, of);
  }

  const ArchitectureRow& row;
  std::unique_ptr<Architecture> network;
  StateDict weights;
};

TEST_P(EveryArchitecture, HasFreshWeightsOfTheShapesThatItSaysAndLoadsThemStrictly) {
  const StateDict fresh = network->initial(1);
  EXPECT_EQ(compare(fresh, network->shapes()).text(), LoadReport().text());
  StateDict loaded = load_strictly(fresh, network->shapes(), "a test");
  EXPECT_EQ(loaded.size(), network->shapes().size());
  loaded.erase(loaded.begin());
  EXPECT_THROW(load_strictly(loaded, network->shapes(), "a test"), Error);
}

TEST_P(EveryArchitecture, DrawsFreshWeightsFromTheSeedAlone) {
  const StateDict first = network->initial(1), again = network->initial(1), other = network->initial(2);
  int64_t differ = 0;
  for (const auto& [name, tensor] : first) {
    EXPECT_TRUE(tensor.equal(again.at(name))) << name;
    differ += tensor.equal(other.at(name)) ? 0 : 1;
  }
  EXPECT_GT(differ, 0);
}

TEST_P(EveryArchitecture, GivesImagesOfTheFormThatItSays) {
  const Tensor output = forward(input(2));
  EXPECT_EQ(output.sizes(), (std::vector<int64_t>{2, network->form().out_channels, kImageSide, kImageSide}));
  EXPECT_EQ(output.scalar_type(), at::kFloat);
  EXPECT_TRUE(output.isfinite().all().item<bool>());
  EXPECT_GT(output.abs().max().item<double>(), 0.1);
}

TEST_P(EveryArchitecture, GivesTheSameImageAloneAndInABatch) {
  const NetworkInput batch = input(3);
  const Tensor together = forward(batch);
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_LT(max_abs_diff(forward({batch.x.narrow(0, i, 1), batch.t.narrow(0, i, 1), batch.z_mm.narrow(0, i, 1)}),
                           together.narrow(0, i, 1)),
              tolerance(1e-5));
}

TEST_P(EveryArchitecture, RoundsTheSameOnOneThreadAndOnTwo) {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Tensor one = forward(input(1));
  at::set_num_threads(2);
  const Tensor two = forward(input(1));
  at::set_num_threads(threads);
  EXPECT_TRUE(one.equal(two)) << max_abs_diff(one, two);
}

TEST_P(EveryArchitecture, LeavesItsInputUnchanged) {
  const NetworkInput given = input(2);
  const Tensor x = given.x.clone(), t = given.t.clone();
  forward(given);
  EXPECT_TRUE(given.x.equal(x));
  EXPECT_TRUE(given.t.equal(t));
}

TEST_P(EveryArchitecture, DependsOnEveryInputChannelAndOnTheTimestep) {
  NetworkInput given = input(1);
  const Tensor before = forward(given);
  EXPECT_GT(max_abs_diff(forward({given.x, given.t + 300, given.z_mm}), before), 1e-3);
  given.x.requires_grad_();
  network->forward(weights, given).square().sum().backward();
  for (int64_t channel = 0; channel < given.x.size(1); ++channel)
    EXPECT_GT(given.x.grad().select(1, channel).abs().max().item<double>(), 1e-3) << channel;
}

TEST_P(EveryArchitecture, DependsOnTheHeightWhereItKnowsIt) {
  if (!network->form().knows_z) GTEST_SKIP() << "it takes no heights";
  const NetworkInput given = input(2);
  const Tensor before = forward(given), unknown = forward({given.x, given.t, at::full_like(given.z_mm, NAN)});
  EXPECT_GT(max_abs_diff(forward({given.x, given.t, given.z_mm + 40}), before), 1e-3);
  EXPECT_TRUE(unknown.equal(forward({given.x, given.t}))) << "NaN is not the same as no height";
  EXPECT_TRUE(unknown.isfinite().all().item<bool>());
}

TEST_P(EveryArchitecture, WithFreshLayersForTheHeightIsTheNetworkWithout) {
  if (!network->form().knows_z) GTEST_SKIP() << "it takes no heights";
  const StateDict fresh = network->initial(1);
  for (auto& [name, tensor] : weights)
    if (name.rfind("z_embed.", 0) == 0) tensor = on_device(fresh.at(name));
  const NetworkInput given = input(2);
  EXPECT_TRUE(forward(given).equal(forward({given.x, given.t})));
}

TEST_P(EveryArchitecture, HasFeaturesOfEveryImageFinestFirst) {
  const at::NoGradGuard no_grad;
  const std::vector<Tensor> features = network->features(weights, input(2));
  ASSERT_FALSE(features.empty());
  for (size_t level = 0; level < features.size(); ++level) {
    EXPECT_EQ(features[level].size(0), 2);
    EXPECT_EQ(features[level].scalar_type(), at::kFloat);
    if (level > 0) {
      EXPECT_LT(features[level].size(2), features[level - 1].size(2));
    }
  }
}

TEST_P(EveryArchitecture, RefusesImagesOfAnotherForm) {
  const NetworkInput given = input(1);
  EXPECT_THROW(forward({at::cat({given.x, given.x}, 1), given.t}), Error);
  EXPECT_THROW(forward({given.x.narrow(2, 0, kImageSide - 1), given.t}), Error);
}

TEST_P(EveryArchitecture, IsRecognizedByItsWeights) {
  const auto found = row.of_weights(network->initial(1));
  EXPECT_EQ(found->shapes(), network->shapes());
  EXPECT_EQ(found->kind(), row.name);
  EXPECT_THROW(row.of_weights({{"encoder.weight", at::zeros({3})}}), Error);
}

TEST_P(EveryArchitecture, ExplainsEveryKeyAndReadsItsOwnConfigBack) {
  NetworkConfig config(*network);
  Fields fields;
  fields.group("model", config);
  for (const auto& field : fields.list()) EXPECT_FALSE(field.help.empty()) << field.name;
  const std::string text = fields.to_json().dump();
  NetworkConfig read = network_of_kind(text, {});
  Fields of_read;
  of_read.group("model", read);
  of_read.read(text);
  EXPECT_NO_THROW(read.check());
  EXPECT_EQ(read->shapes(), network->shapes());
  EXPECT_EQ(read.kind(), row.name);
}

TEST_P(EveryArchitecture, ComputesAlongHeightAndWidth) { EXPECT_EQ(row.spatial_rank, 2); }

std::vector<std::string> all_architectures() {
  std::vector<std::string> names;
  for (const ArchitectureRow& row : architectures()) names.push_back(row.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Table, EveryArchitecture, ::testing::ValuesIn(all_architectures()),
                         [](const auto& test) { return test.param; });

TEST(Architectures, HaveNamesOfTheirOwnAndATitle) {
  std::set<std::string> names;
  for (const ArchitectureRow& row : architectures()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.title.empty()) << row.name;
    EXPECT_EQ(row.make()->kind(), row.name);
  }
}

}  // namespace
}  // namespace thor::test
