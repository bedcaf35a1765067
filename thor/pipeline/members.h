// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/nn/safetensors.h"
#include "thor/pipeline/model.h"

namespace thor {

/// Puts the members of an ensemble into a file, as tensors "member.NAME/*" and metadata "thor.members", and takes them
/// out of one again. Files are hostile: names, shapes and numbers are checked. Throws Input.
void store_members(const std::vector<Member>& members, const std::string& precision, Safetensors& file);
std::vector<Member> take_members(const ModelConfig& ensemble, Safetensors& file);

/// Throws Usage unless the name can stand in a file.
void check_member_name(const std::string& name);

}  // namespace thor
