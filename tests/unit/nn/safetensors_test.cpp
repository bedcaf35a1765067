// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/weights/safetensors.h"

#include <ATen/ATen.h>

#include <fstream>
#include <random>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"

using namespace thor;
using test::TemporaryFolder;

namespace {

std::string with_header(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

void put(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

/// The message with which `bytes` are refused, "" if they are read.
std::string refusal(const std::string& bytes) {
  TemporaryFolder folder;
  put(folder / "a.safetensors", bytes);
  try {
    read_safetensors(folder / "a.safetensors");
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

Safetensors every_type() {
  Safetensors content;
  for (const auto type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort, at::kChar,
                          at::kByte, at::kBool})
    content.tensors[std::string("t.") + c10::toString(type)] = at::arange(7).remainder(2).to(type);
  content.tensors["empty"] = at::empty({3, 0});
  content.tensors["scalar"] = at::full({}, 2.5f);
  content.tensors["transposed"] = at::arange(6, at::kFloat).view({2, 3}).t();
  content.metadata = {{"made", "by a \"test\"\n"}, {"empty", ""}};
  return content;
}

}  // namespace

TEST(Safetensors, ReadsBackWhatItWroteInEveryType) {
  TemporaryFolder folder;
  const Safetensors written = every_type();
  write_safetensors(folder / "a.safetensors", written);
  const Safetensors read = read_safetensors(folder / "a.safetensors");
  EXPECT_EQ(read.metadata, written.metadata);
  ASSERT_EQ(read.tensors.size(), written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) {
    EXPECT_EQ(read.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(read.tensors.at(name), tensor)) << name;
  }
}

TEST(Safetensors, WritesTheSameBytesTwiceAndAlignsEveryTensor) {
  TemporaryFolder folder;
  write_safetensors(folder / "a", every_type());
  write_safetensors(folder / "b", read_safetensors(folder / "a"));
  const std::string bytes = read_text_file(folder / "a", 1 << 20);
  EXPECT_EQ(bytes, read_text_file(folder / "b", 1 << 20));
  EXPECT_EQ(static_cast<unsigned char>(bytes[0]) % 8, 0);
  for (const auto& [name, tensor] : read_safetensors(folder / "a").tensors)
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data_ptr()) % tensor.element_size(), 0u) << name;
}

TEST(Safetensors, TensorsOutliveTheReaderAndWritingToThemLeavesTheFileAlone) {
  TemporaryFolder folder;
  write_safetensors(folder / "a", {{{"x", at::ones({1000})}}, {}});
  Tensor kept = read_safetensors(folder / "a").tensors.at("x");
  kept.add_(1);
  EXPECT_EQ(kept.sum().item<double>(), 2000);
  EXPECT_EQ(read_safetensors(folder / "a").tensors.at("x").sum().item<double>(), 1000);
}

TEST(Safetensors, CopiesUnalignedTensors) {
  TemporaryFolder folder;
  const float values[] = {1.5f, -2.5f};
  put(folder / "a", with_header(R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                                R"("f":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})",
                                std::string(1, '\7') + std::string(reinterpret_cast<const char*>(values), 8)));
  const StateDict read = read_safetensors(folder / "a").tensors;
  EXPECT_EQ(read.at("f")[1].item<float>(), -2.5f);
  EXPECT_EQ(read.at("b")[0].item<int>(), 7);
}

TEST(Safetensors, MakesEveryNonZeroBooleanByteTrue) {
  TemporaryFolder folder;
  put(folder / "a",
      with_header(R"({"b":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}})", std::string("\0\x42\xff", 3)));
  const Tensor read = read_safetensors(folder / "a").tensors.at("b");
  EXPECT_EQ(static_cast<const uint8_t*>(read.data_ptr())[1], 1);
  EXPECT_EQ(read.sum().item<int>(), 2);
}

TEST(Safetensors, RefusesDamagedHeadersAndSaysWhy) {
  const std::string four(4, '\0'), eight(8, '\0');
  const auto one = [](const std::string& offsets, const std::string& shape, const std::string& type = "F32") {
    return R"({"x":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  EXPECT_EQ(refusal(with_header(one("[0,4]", "[1]"), four)), "");
  const std::pair<std::string, std::string> cases[] = {
      {"", "empty"},
      {"abc", "only 3 bytes"},
      {std::string(8, '\xff'), "cut short"},
      {with_header("", ""), "damaged"},
      {with_header("[]", ""), "not a JSON object"},
      {with_header("{\"x\":", ""), "damaged"},
      {with_header(R"({"x":{"shape":[1],"data_offsets":[0,4]}})", four), "dtype"},
      {with_header(one("[0,4]", "[1]", "F8_E4M3"), four), "F8_E4M3"},
      {with_header(one("[0,4]", "[2]"), four), "needs 8 bytes"},
      {with_header(one("[0,8]", "[2]"), four), "the file holds 4"},
      {with_header(one("[4,8]", "[1]"), eight), "gap"},
      {with_header(one("[0,4]", "[1]"), eight), "the file holds 8"},
      {with_header(one("[4,0]", "[1]"), four), "offsets"},
      {with_header(one("[0]", "[1]"), four), "two data_offsets"},
      {with_header(one("[0,4]", "[-1]"), four), "whole number"},
      {with_header(one("[0,4]", "[1.0]"), four), "whole number"},
      {with_header(one("[0,4]", "[[[1]]]"), four), "deeper"},
      {with_header(one("[0,0]", "[0,281474976710655,281474976710655]"), ""), "impossible"},
      {with_header(one("[0,4]", "[4294967296,4294967296,1]"), four), "impossible"},
      {with_header(
           R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
           four),
       "twice"},
      {with_header(
           R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
           four),
       "overlap"},
      {with_header(R"({"__metadata__":{"a":1}})", ""), "damaged"},
  };
  for (const auto& [bytes, word] : cases)
    EXPECT_NE(refusal(bytes).find(word), std::string::npos) << word << ": " << refusal(bytes);
}

TEST(Safetensors, EitherReadsOrRefusesWhateverItIsGiven) {
  TemporaryFolder folder;
  write_safetensors(folder / "a", every_type());
  const std::string whole = read_text_file(folder / "a", 1 << 20);
  int refused = 0, tried = 0;
  for (size_t length = 0; length < whole.size(); length += 3, ++tried)
    refused += !refusal(whole.substr(0, length)).empty();
  EXPECT_EQ(refused, tried) << "a file cut short was read";
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = whole;
    for (int change = 0; change < 3; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
    put(folder / "b", bytes);
    try {
      for (const auto& [name, tensor] : read_safetensors(folder / "b").tensors) EXPECT_GE(tensor.clone().numel(), 0);
    } catch (const Error&) {
    }
  }
}

TEST(Safetensors, LeavesNothingBehindWhenItCannotWrite) {
  EXPECT_THROW(write_safetensors("/nonexistent/a", every_type()), Error);
  TemporaryFolder folder;
  EXPECT_THROW(write_safetensors(folder / "a", {{{"\xff", at::ones({1})}}, {}}), Error);
  EXPECT_THROW(write_safetensors(folder / "a", {{{"c", at::ones({1}, at::kComplexFloat)}}, {}}), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}
