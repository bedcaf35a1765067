// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/weights/torch_file.h"

#include <ATen/ATen.h>

#include <fstream>
#include <random>

#include "tests/support.h"
#include "tests/unit/nn/torch_bytes.h"
#include "thor/base/error.h"
#include "thor/nn/weights/safetensors.h"

using namespace thor;
using namespace thor::test;

namespace {

const std::string kSixFloats = le(0.f) + le(1.f) + le(2.f) + le(3.f) + le(4.f) + le(5.f);

void put_checkpoint(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

StateDict read(const std::string& bytes) {
  TemporaryFolder folder;
  put_checkpoint(folder / "a.pt", bytes);
  return read_weights_file(folder / "a.pt");
}

std::string checkpoint_refusal(const std::string& bytes) {
  try {
    read(bytes);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

ZipContent archive(const std::string& body, const std::string& data = kSixFloats) {
  return {{"net/data.pkl", pickle(body)}, {"net/data/0", data}, {"net/version", "3\n"}};
}
std::string zipped(const std::string& body, const std::string& data = kSixFloats) { return zip(archive(body, data)); }

std::string legacy(const std::string& body, const std::string& stored) {
  return pickle(std::string("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12)) + pickle(number(1001)) +
         pickle(dict({{"little_endian", "\x88"}})) + pickle(body) + pickle("](" + text("0") + "e") + stored;
}

void expect_refused(const std::string& bytes, const std::string& word) {
  const std::string story = checkpoint_refusal(bytes);
  EXPECT_NE(story.find(word), std::string::npos) << "expected '" << word << "' in: " << story;
}

}  // namespace

TEST(TorchFile, ReadsNestedDictionariesListsAndSharedStorages) {
  const std::string body = ordered_dict({{"a.weight", tensor("0", 6, 0, {2, 3}, {3, 1})},
                                         {"epoch", number(3)},
                                         {"nothing", "N"},
                                         {"inner", dict({{"t", tensor("0", 6, 1, {2, 2}, {1, 3})}})},
                                         {"list", "](" + tensor("0", 6, 5, {}, {}) + "e"}}) +
                           dict({{"_metadata", ordered_dict({})}}) + "b";
  const StateDict state = read(zipped(body));
  ASSERT_EQ(state.size(), 3u);
  EXPECT_TRUE(at::equal(state.at("a.weight"), at::arange(6, at::kFloat).view({2, 3})));
  EXPECT_TRUE(at::equal(state.at("inner.t"), at::tensor({1.f, 4.f, 2.f, 5.f}).view({2, 2})));
  EXPECT_EQ(state.at("list.0").item<float>(), 5.f);
}

TEST(TorchFile, ReadsEveryStorageType) {
  const std::pair<const char*, at::ScalarType> types[] = {
      {"DoubleStorage", at::kDouble},     {"FloatStorage", at::kFloat}, {"HalfStorage", at::kHalf},
      {"BFloat16Storage", at::kBFloat16}, {"LongStorage", at::kLong},   {"IntStorage", at::kInt},
      {"ShortStorage", at::kShort},       {"CharStorage", at::kChar},   {"ByteStorage", at::kByte},
      {"BoolStorage", at::kBool}};
  for (const auto& [name, type] : types) {
    const Tensor expected = at::arange(4).remainder(2).to(type);
    const std::string data(static_cast<const char*>(expected.data_ptr()), expected.nbytes());
    const Tensor tensor_read = read(zipped(dict({{"x", tensor("0", 4, 0, {4}, {1}, name)}}), data)).at("x");
    EXPECT_EQ(tensor_read.scalar_type(), type);
    EXPECT_TRUE(at::equal(tensor_read, expected)) << name;
  }
}

TEST(TorchFile, ReadsParametersZip64AndALoneTensor) {
  const std::string parameter =
      global("torch._utils", "_rebuild_parameter") +
      tuple({tensor("0", 6, 0, {6}, {1}), "\x88", global("collections", "OrderedDict") + ")R"}) + "R";
  EXPECT_EQ(read(zipped(dict({{"p", parameter}}))).at("p").sum().item<float>(), 15.f);
  EXPECT_EQ(read(zip(archive(dict({{"p", parameter}})), 0, true)).at("p").sum().item<float>(), 15.f);
  EXPECT_EQ(read(zipped(parameter)).at("tensor").numel(), 6);
}

TEST(TorchFile, ReadsTheLegacyFormat) {
  const std::string body = ordered_dict({{"w", tensor("0", 6, 0, {3, 2}, {2, 1}, "FloatStorage", "N")}});
  const std::string stored = le(int64_t{6}) + kSixFloats;
  EXPECT_TRUE(at::equal(read(legacy(body, stored)).at("w"), at::arange(6, at::kFloat).view({3, 2})));
  expect_refused(legacy(body, le(int64_t{7}) + kSixFloats), "7 numbers");
  expect_refused(legacy(body, le(int64_t{6}) + kSixFloats.substr(1)), "cut short");
  expect_refused(legacy(body, ""), "cut short");
}

TEST(TorchFile, RefusesToExecuteAnythingAndNamesIt) {
  const auto call = [](const std::string& module, const std::string& name) {
    return global(module, name) + tuple({text("id")}) + "R";
  };
  expect_refused(zipped(call("os", "system")), "refuses to execute 'os.system'");
  expect_refused(zipped(dict({{"x", call("posix", "system")}})), "refuses to execute 'posix.system'");
  expect_refused(zipped("(" + text("id") + "ios\nsystem\n"), "os.system");
  expect_refused(zipped(text("os") + text("system") + "\x93" + tuple({text("id")}) + "R"), "os.system");
  expect_refused(zipped(call("numpy.core.multiarray", "scalar")), "numpy.core.multiarray.scalar");
  expect_refused(legacy(call("builtins", "eval"), ""), "builtins.eval");
  expect_refused(zipped(call("torch", "FloatStorage")), "no function");
  expect_refused(pickle(call("os", "system")), "os.system");
}

TEST(TorchFile, RefusesTensorsThatLeaveTheirStorage) {
  const auto one = [](const std::string& described) { return zipped(dict({{"x", described}})); };
  EXPECT_EQ(checkpoint_refusal(one(tensor("0", 6, 0, {6}, {1}))), "");
  expect_refused(one(tensor("0", 6, 1, {6}, {1})), "does not fit its storage");
  expect_refused(one(tensor("0", 6, -1, {2}, {1})), "does not fit its storage");
  expect_refused(one(tensor("0", 6, 5, {2}, {-1})), "does not fit its storage");
  expect_refused(one(tensor("0", 6, 0, {2}, {2147483647})), "does not fit its storage");
  expect_refused(one(tensor("0", 6, 0, {2147483647}, {0})), "does not fit its storage");
  expect_refused(one(tensor("0", 6, 0, {2147483647, 2147483647}, {1, 1})), "impossible");
  expect_refused(one(tensor("0", 6, 0, {-1}, {1})), "impossible");
  expect_refused(one(tensor("0", 6, 0, {2, 3}, {1})), "strides");
  expect_refused(one(tensor("0", 7, 0, {6}, {1})), "expected 28");
  expect_refused(one(tensor("1", 6, 0, {6}, {1})), "lacks its entry data/1");
  expect_refused(one(tensor("0", 6, 0, {6}, {1}, "ComplexFloatStorage")), "torch.ComplexFloatStorage");
}

TEST(TorchFile, RefusesDamagedArchivesAndPickles) {
  const std::string good = dict({{"x", tensor("0", 6, 0, {6}, {1})}});
  expect_refused(zip(archive(good), 8), "compressed");
  expect_refused(zip({{"net/other", ""}}), "no data.pkl");
  expect_refused(zip({{"net/data.pkl", pickle(good)}, {"net/data/0", kSixFloats}, {"net/data/0", kSixFloats}}),
                 "two entries");
  expect_refused(zip({{"net/data.pkl", pickle(good)}, {"net/data/0", kSixFloats}, {"net/byteorder", "big"}}),
                 "big-endian");
  expect_refused(zipped(dict({{"epoch", number(1)}})), "no tensors");
  expect_refused(zipped("h\x05"), "recalls");
  expect_refused(zipped("t"), "never opened");
  expect_refused(zipped("a"), "not there");
  expect_refused(zipped(number(1) + number(2) + "a"), "no list");
  expect_refused(zipped("\xff"), "0xff");
  expect_refused("just some text", "neither");
  expect_refused("", "empty");
}

TEST(TorchFile, SurvivesContainersThatContainThemselvesOrMultiply) {
  expect_refused(zipped("]q\x01h\x01"
                        "a"),
                 "refer to themselves");
  std::string many =
      "](K\x01K\x02K\x03K\x04"
      "e";
  for (int level = 0; level < 30; ++level)
    many = "](" + many +
           "q\x01h\x01h\x01h\x01"
           "e";
  expect_refused(zipped(many), "refer to themselves");
}

TEST(TorchFile, EitherReadsOrRefusesWhateverItIsGiven) {
  const std::string body = ordered_dict({{"w", tensor("0", 6, 0, {3, 2}, {2, 1})}, {"v", tensor("0", 6, 1, {2}, {2})}});
  const std::string wholes[] = {zipped(body), zip(archive(body), 0, true),
                                legacy(ordered_dict({{"w", tensor("0", 6, 0, {3, 2}, {2, 1}, "FloatStorage", "N")}}),
                                       le(int64_t{6}) + kSixFloats)};
  TemporaryFolder folder;
  std::mt19937 random(11);
  for (const auto& whole : wholes) {
    for (size_t length = 0; length < whole.size(); length += 11) {
      put_checkpoint(folder / "a", whole.substr(0, length));
      EXPECT_THROW(read_weights_file(folder / "a"), Error) << length;
    }
    for (int round = 0; round < 80; ++round) {
      std::string bytes = whole;
      for (int change = 0; change < 2; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
      put_checkpoint(folder / "a", bytes);
      try {
        for (const auto& [name, value] : read_weights_file(folder / "a")) EXPECT_LE(value.clone().numel(), 6) << name;
      } catch (const Error&) {
      }
    }
  }
}

TEST(TorchFile, ReadsARealNetworkOfPyTorch) {
  const std::string path = shared_dir() + "/weights/ixi_small_unet_f16.pt";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not here; it is not ours to ship";
  const StateDict state = read_weights_file(path);
  EXPECT_EQ(state.at("conv_in.conv.weight").sizes().vec(), (std::vector<int64_t>{32, 1, 3, 3}));
  EXPECT_EQ(state.at("conv_in.conv.weight").scalar_type(), at::kHalf);
  for (const auto& [name, tensor_read] : state) EXPECT_TRUE(tensor_read.isfinite().all().item<bool>()) << name;
}
