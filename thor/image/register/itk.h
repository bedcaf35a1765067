// SPDX-License-Identifier: Apache-2.0
// Private to this room: the wall behind which ITK stays. Include in .cpp files only.
#pragma once
#include <itkMacro.h>
#include <itkMultiThreaderBase.h>
#include <itkObject.h>

#include <string>

#include "thor/base/error.h"

namespace thor {

/// Runs ITK code silently and on one thread, because its sums depend on how work is shared out; its exceptions leave as
/// Input errors with ITK's reason in one line.
template <class F>
auto behind_the_wall(const char* what, F&& work) {
  itk::Object::GlobalWarningDisplayOff();
  itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(1);
  try {
    return work();
  } catch (const itk::ExceptionObject& e) {
    fail_input("{}: {}", what, e.GetDescription());
  }
}

}  // namespace thor
