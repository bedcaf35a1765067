// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Makes a type visible outside the shared library that it is linked into. The library is compiled with hidden
/// visibility; exceptions are the types that a program must recognize on the other side of such a border.
#define THOR_EXPORT __attribute__((visibility("default")))
