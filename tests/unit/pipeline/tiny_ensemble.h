// SPDX-License-Identifier: Apache-2.0
// Two tiny networks, each with a detector of its own, as one model.
#pragma once
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "tests/unit/pipeline/tiny_model.h"

namespace thor::test {

inline Member tiny_member(const std::string& name, const std::string& detector) {
  Member member{name, tiny_model(), {}};
  member.model.detector = json_text({{"name", detector}, {"start_step", 3}});
  member.reference = {at::ones({1, 16, 16}), at::linspace(0, 0.3, 100), at::zeros({1})};
  return member;
}

inline Model tiny_ensemble() {
  Model model;
  model.config = tiny_model().config;
  model.networks = std::vector<Member>{tiny_member("a", "ddpm"), tiny_member("b", "anoddpm")};
  return model;
}

}  // namespace thor::test
