# SPDX-License-Identifier: Apache-2.0
# Everything that is not ours. What a library brings and who does without it stands in docs/gpu.md; rooms leave out the
# sources of what is in THOR_WITHOUT (cmake/Rooms.cmake).
set(THOR_WITHOUT "")
set(THOR_IMAGE_LIBRARIES "")
set(THOR_IMAGE_INCLUDES "")

set(THOR_THIRD_PARTY "" CACHE PATH "Libraries gathered by scripts/carry.sh, instead of installed ones")

find_package(Torch REQUIRED)
# Distributions' libraries have the C++11 ABI; a libtorch of before 2.7 may have been built with the other one.
if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
  message(FATAL_ERROR "this libtorch (${TORCH_INSTALL_PREFIX}) has the ABI of before C++11; take one of PyTorch 2.7 or "
                      "later, or the archive named libtorch-cxx11-abi")
endif()
if(Torch_VERSION VERSION_GREATER_EQUAL 2.12)  # its headers are C++20
  set(CMAKE_CXX_STANDARD 20)
endif()
find_package(OpenMP REQUIRED)
if(THOR_THIRD_PARTY)
  include(Carried)
else()
  find_package(nlohmann_json REQUIRED)
  find_package(CLI11 REQUIRED)
  find_package(pugixml REQUIRED)
  find_package(fmt REQUIRED)
  find_package(yaml-cpp REQUIRED)
  if(NOT TARGET yaml-cpp::yaml-cpp)  # its name since 0.8
    add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
  endif()
endif()
find_package(ZLIB REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)

# thor_optional(NAME target): a library of pictures; only a full program insists on it.
macro(thor_optional NAME LIBRARY)
  if(THOR_WITH_ITK)
    find_package(${NAME} REQUIRED)
  else()
    find_package(${NAME})
  endif()
  if(${NAME}_FOUND)
    list(APPEND THOR_IMAGE_LIBRARIES ${LIBRARY})
  else()
    list(APPEND THOR_WITHOUT ${NAME})
  endif()
endmacro()
thor_optional(PNG PNG::PNG)
thor_optional(JPEG JPEG::JPEG)
thor_optional(TIFF TIFF::TIFF)
thor_optional(BZip2 BZip2::BZip2)
list(APPEND THOR_IMAGE_LIBRARIES ZLIB::ZLIB)

set(THOR_ITK_VERSION "absent")
if(THOR_WITH_ITK)
  # Distributions package GDCM's library without its programs, and ITK's config lists each missing one.
  set(CMAKE_MESSAGE_LOG_LEVEL WARNING)
  find_package(ITK 5.2 REQUIRED COMPONENTS ITKCommon ITKBiasCorrection)
  find_package(GDCM 3.0 REQUIRED)
  unset(CMAKE_MESSAGE_LOG_LEVEL)
  find_package(DCMTK CONFIG REQUIRED)
  set(THOR_ITK_VERSION "${ITK_VERSION_MAJOR}.${ITK_VERSION_MINOR}.${ITK_VERSION_PATCH}")
  list(APPEND THOR_IMAGE_INCLUDES ${ITK_INCLUDE_DIRS} ${GDCM_INCLUDE_DIRS})
  list(APPEND THOR_IMAGE_LIBRARIES ${ITK_LIBRARIES} gdcmMSFF gdcmDSED gdcmCommon DCMTK::dcmseg DCMTK::dcmfg
       DCMTK::dcmiod DCMTK::dcmdata DCMTK::oflog DCMTK::ofstd)
else()
  list(APPEND THOR_WITHOUT ITK GDCM DCMTK)
endif()

# The kernels of the GPU need a libtorch that has one, and nvcc.
set(THOR_CUDA_LIBRARIES "")
if(TARGET torch_cuda)
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  set(CMAKE_CUDA_STANDARD ${CMAKE_CXX_STANDARD})
  # Torch puts the machines of TORCH_CUDA_ARCH_LIST, or that of this GPU, into the flags.
  if(CMAKE_CUDA_FLAGS MATCHES "arch=")
    set(CMAKE_CUDA_ARCHITECTURES OFF)
  else()
    set(CMAKE_CUDA_ARCHITECTURES 90)
  endif()
  list(APPEND THOR_CUDA_LIBRARIES CUDA::cudart)
else()
  list(APPEND THOR_WITHOUT CUDA)
endif()
