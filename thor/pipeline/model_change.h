// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/pipeline/model.h"

namespace thor {

/// Gives a model another preprocessing, e.g. the steps for raw volumes; an ensemble and all its members get the same.
/// A model that carries the brain of its training slices keeps its landmarks.
/// Where slices become gray otherwise than before, a calibration is dropped, with a warning. Throws Usage: slices of
/// another size; an ensemble whose slices become gray otherwise, because its members' healthy references hold no more.
void change_preprocessing(Model& model, const PreprocessConfig& to);

/// To be called before a model is saved in a precision that may round its weights: a calibration that no longer fits is
/// dropped, with a warning; one whose weights stay as they are to the bit keeps it. Throws Usage: an ensemble whose
/// weights would be rounded, because of its members' healthy references.
void prepare_to_store(Model& model, Precision precision);

}  // namespace thor
