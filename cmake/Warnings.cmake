# SPDX-License-Identifier: Apache-2.0
# Compile options of our own targets; the libraries' headers are SYSTEM includes.
add_library(thor_options INTERFACE)
target_compile_options(thor_options INTERFACE -Wall -Wextra -Wshadow -Wno-unused-parameter)
if(THOR_WERROR)
  target_compile_options(thor_options INTERFACE -Werror)
endif()
if(THOR_SANITIZE)
  target_compile_options(thor_options INTERFACE -fsanitize=${THOR_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(thor_options INTERFACE -fsanitize=${THOR_SANITIZE})
endif()
