# SPDX-License-Identifier: Apache-2.0
# The libraries of THOR_THIRD_PARTY (scripts/carry.sh), under the names that their own packages give them.
function(thor_carried NAME HEADER)
  cmake_parse_arguments(CARRIED "" "LIBRARY" "DEFINITIONS" ${ARGN})
  if(NOT EXISTS ${THOR_THIRD_PARTY}/include/${HEADER})
    message(FATAL_ERROR "THOR_THIRD_PARTY has no include/${HEADER}; gather it with scripts/carry.sh on a Debian machine")
  endif()
  add_library(${NAME} INTERFACE IMPORTED)
  target_include_directories(${NAME} SYSTEM INTERFACE ${THOR_THIRD_PARTY}/include)
  target_compile_definitions(${NAME} INTERFACE ${CARRIED_DEFINITIONS})
  if(CARRIED_LIBRARY)
    target_link_libraries(${NAME} INTERFACE ${THOR_THIRD_PARTY}/lib/${CARRIED_LIBRARY})
  endif()
endfunction()

get_filename_component(THOR_THIRD_PARTY ${THOR_THIRD_PARTY} ABSOLUTE)
thor_carried(nlohmann_json::nlohmann_json nlohmann/json.hpp)
thor_carried(CLI11::CLI11 CLI/CLI.hpp)
thor_carried(fmt::fmt fmt/format.h DEFINITIONS FMT_HEADER_ONLY)
thor_carried(pugixml::pugixml pugixml.hpp LIBRARY libpugixml.a)
thor_carried(yaml-cpp::yaml-cpp yaml-cpp/yaml.h LIBRARY libyaml-cpp.a)
# OpenSSL, zlib, libpng and libjpeg are found there as anywhere.
list(PREPEND CMAKE_PREFIX_PATH ${THOR_THIRD_PARTY})
set(OPENSSL_USE_STATIC_LIBS ON)
