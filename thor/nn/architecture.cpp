// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/architecture.h"

#include "thor/base/error.h"
#include "thor/nn/unet25d.h"
#include "thor/nn/unet_architecture.h"

namespace thor {
namespace {

std::vector<std::string> names_of_architectures() {
  std::vector<std::string> names;
  for (const ArchitectureRow& row : architectures()) names.push_back(row.name);
  return names;
}

void describe_kind(Fields& fields, const std::string& name, std::string* kind) {
  fields.add(name, kind, "architecture of the network, which decides the other keys", one_of(names_of_architectures()));
}

}  // namespace

const std::vector<ArchitectureRow>& architectures() {
  static const std::vector<ArchitectureRow> rows{unet_row(), unet25d_row()};
  return rows;
}

const ArchitectureRow& architecture_row(const std::string& name) {
  for (const ArchitectureRow& row : architectures())
    if (row.name == name) return row;
  const std::vector<std::string> names = names_of_architectures();
  fail_usage("there is no architecture '{}', expected one of: {}{}", name, fmt::join(names, ", "),
             did_you_mean(name, names));
}

NetworkConfig::NetworkConfig() : NetworkConfig(UNet()) {}
NetworkConfig::NetworkConfig(const Architecture& architecture)
    : kind_(architecture.kind()), architecture_(architecture.clone()) {}
NetworkConfig::NetworkConfig(const NetworkConfig& other)
    : kind_(other.kind_), architecture_(other.architecture_->clone()) {}
NetworkConfig& NetworkConfig::operator=(const NetworkConfig& other) { return *this = NetworkConfig(other); }
NetworkConfig::NetworkConfig(NetworkConfig&&) noexcept = default;
NetworkConfig& NetworkConfig::operator=(NetworkConfig&&) noexcept = default;
NetworkConfig::~NetworkConfig() = default;

void NetworkConfig::describe(Fields& fields) {
  describe_kind(fields, "kind", &kind_);
  architecture_->describe(fields);
}

void NetworkConfig::check() const {
  if (kind_ != architecture_->kind())
    fail_usage("'model.kind' is '{}', but the network that is there is '{}' and cannot become another", kind_,
               architecture_->kind());
  architecture_->check();
}

NetworkConfig network_of_kind(const std::string& yaml_text, const std::vector<std::string>& sets) {
  std::string kind = UNet().kind();
  Fields fields;
  describe_kind(fields, "model.kind", &kind);
  fields.read_known(yaml_text);
  for (const std::string& set : sets)
    if (fields.has(set.substr(0, set.find('=')))) fields.assign(set);
  return *architecture_row(kind).make();
}

}  // namespace thor
