// SPDX-License-Identifier: Apache-2.0
// Stands in for bias_field.cpp where the program is built without ITK.
#include "thor/base/error.h"
#include "thor/image/register/registration.h"

namespace thor {

Tensor bias_field(const Image&, const Tensor&, const BiasFieldOptions&) {
  fail(ErrorKind::Unsupported,
       "built without ITK: bias fields (N4) are not computed; prepare the scans with a program that has it, or leave "
       "the step out");
}

}  // namespace thor
