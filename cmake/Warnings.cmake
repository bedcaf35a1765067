# SPDX-License-Identifier: Apache-2.0
# Compile options of our own targets; the libraries' headers are SYSTEM includes.
option(THOR_FUZZ "Build tests/libfuzzer as well (clang)" OFF)

add_library(thor_options INTERFACE)
target_compile_options(thor_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wno-unused-parameter>)
if(THOR_WERROR)
  target_compile_options(thor_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
if(THOR_SANITIZE)
  target_compile_options(thor_options INTERFACE -fsanitize=${THOR_SANITIZE} -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(thor_options INTERFACE -fsanitize=${THOR_SANITIZE})
endif()
if(THOR_FUZZ)
  target_compile_options(thor_options INTERFACE -fsanitize=fuzzer-no-link,address)
  target_link_options(thor_options INTERFACE -fsanitize=address)
endif()
