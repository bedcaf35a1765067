// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/eval/cohort.h"

namespace thor {

JsonText CohortReport::to_json() const {
  nlohmann::json json = {{"images", images}, {"facts", nlohmann::json::array()}, {"failed", nlohmann::json::array()}};
  for (const CohortFact& fact : facts)
    json["facts"].push_back({{"name", fact.name},
                             {"trained", fact.trained},
                             {"here", fact.here},
                             {"verdict", fact.verdict},
                             {"advice", fact.advice}});
  for (const CaseFailure& failure : failed)
    json["failed"].push_back({{"input", failure.input}, {"error", failure.message}});
  return json_text(json);
}

std::string CohortReport::table() const {
  std::string text = fmt::format("{:<27} {:<26} {:<36} {}\n", "", "trained on", "here", "verdict");
  for (const CohortFact& fact : facts) {
    text += fmt::format("{:<27} {:<26} {:<36} {}\n", fact.name, fact.trained, fact.here, fact.verdict);
    if (!fact.advice.empty()) text += fmt::format("    {}\n", fact.advice);
  }
  return text;
}

}  // namespace thor
