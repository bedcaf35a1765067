// SPDX-License-Identifier: Apache-2.0
// Private to this room: the encapsulation of ITK. It is included in .cpp files only.
#pragma once
#include <itkMacro.h>
#include <itkMultiThreaderBase.h>
#include <itkObject.h>

#include <string>

#include "thor/base/error.h"

namespace thor {

/// Runs ITK code silently and on one thread, because its sums depend on the distribution of work. Its exceptions become
/// Input errors with the reason of ITK on one line.
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
