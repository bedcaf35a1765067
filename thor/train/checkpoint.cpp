// SPDX-License-Identifier: Apache-2.0
#include "thor/train/checkpoint.h"

#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/utf8.h"
#include "thor/nn/weights/safetensors.h"
#include "thor/nn/weights/weights.h"

namespace thor {
namespace {

// The parts of a checkpoint and the prefixes of their tensors in the file.
template <class C, class F>
void for_each_part(C& checkpoint, F&& f) {
  f("weights", checkpoint.weights);
  f("ema", checkpoint.ema);
  f("adam.first", checkpoint.first_moments);
  f("adam.second", checkpoint.second_moments);
}

}  // namespace

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  Safetensors file;
  for_each_part(checkpoint, [&](const char* prefix, const StateDict& part) {
    for (const auto& [name, tensor] : part) file.tensors[std::string(prefix) + "." + name] = tensor;
  });
  const nlohmann::json state = {{"step", checkpoint.step},
                                {"seconds", checkpoint.seconds},
                                {"config", checkpoint.config},
                                {"data_sha256", checkpoint.data_sha256},
                                {"from", checkpoint.from}};
  file.metadata["thor.checkpoint"] = dump_json(state);
  write_safetensors(path, file);
}

Checkpoint load_checkpoint(const std::string& path) {
  return with_context("reading checkpoint " + path, [&] {
    const Safetensors file = read_safetensors(path);
    const auto found = file.metadata.find("thor.checkpoint");
    if (found == file.metadata.end()) fail_input("'{}' is not a training checkpoint", path);
    Checkpoint checkpoint;
    try {
      const auto state = nlohmann::json::parse(found->second);
      checkpoint.step = state.at("step").get<int64_t>();
      checkpoint.seconds = state.at("seconds").get<double>();
      checkpoint.config = state.at("config");
      checkpoint.data_sha256 = state.at("data_sha256").get<std::string>();
      if (const auto from = state.find("from"); from != state.end()) checkpoint.from = *from;
    } catch (const nlohmann::json::exception& e) {
      fail_input("the checkpoint's metadata is damaged: {}", e.what());
    }
    for_each_part(checkpoint, [&](const char* prefix, StateDict& part) {
      for (const auto& [name, tensor] : subset(file.tensors, std::string(prefix) + ".")) part[name] = tensor.clone();
    });
    return checkpoint;
  });
}

}  // namespace thor
