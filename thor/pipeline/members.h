// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/nn/weights/safetensors.h"
#include "thor/pipeline/model.h"

namespace thor {

/// Puts the members of an ensemble into a file, as tensors "member.NAME/*" and metadata "thor.members", and takes them
/// out of one again. Files are hostile: names, shapes and numbers are checked. Throws Input.
void store_members(const std::vector<Member>& members, Precision precision, Safetensors& file);
/// Whether the file is that of an ensemble.
bool holds_members(const Safetensors& file);
std::vector<Member> take_members(const ModelConfig& ensemble, Safetensors& file);

/// One member of an ensemble as a model of its own that stands in the same file: with the templates, calibrations and
/// hash of that. Throws Usage where there is none of that name.
Model member_of(Model ensemble, const std::string& name);
/// As load_model; of an ensemble only the named member, unless `member` is "".
Model load_member(const std::string& path_or_name, const std::string& member);

/// Throws Usage unless the name can stand in a file.
void check_member_name(const std::string& name);

}  // namespace thor
