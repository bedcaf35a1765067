// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/data/prepare.h"
#include "thor/report/page.h"

namespace thor {

/// Quality of a preparation: what failed, how like the template every scan became, the least alike first, and views of
/// these: three planes of the scan, and the same in squares that alternate with the template.
Page prepare_page(const PrepareResult& result);

}  // namespace thor
