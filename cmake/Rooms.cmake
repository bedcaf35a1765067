# SPDX-License-Identifier: Apache-2.0
# thor_room(NAME PUBLIC lib... PRIVATE lib... WITHOUT library...): one static library from the sources of thor/NAME and
# its inner rooms, *.cu where there is CUDA. For a library that is absent, thor/NAME/without/LIBRARY.cpp takes the place
# of the sources that need it.
function(thor_room NAME)
  cmake_parse_arguments(ROOM "" "" "PUBLIC;PRIVATE;WITHOUT" ${ARGN})
  set(FOLDER ${CMAKE_SOURCE_DIR}/thor/${NAME})
  file(GLOB_RECURSE SOURCES CONFIGURE_DEPENDS ${FOLDER}/*.cpp ${FOLDER}/*.h)
  list(FILTER SOURCES EXCLUDE REGEX "/main\\.cpp$|/without/")
  if(NOT "CUDA" IN_LIST ROOM_WITHOUT)
    file(GLOB_RECURSE KERNELS CONFIGURE_DEPENDS ${FOLDER}/*.cu)
    list(APPEND SOURCES ${KERNELS})
  endif()
  foreach(LIBRARY ${ROOM_WITHOUT})
    string(TOLOWER ${LIBRARY} STAND_IN)
    if(EXISTS ${FOLDER}/without/${STAND_IN}.cpp)
      foreach(SOURCE ${THOR_${LIBRARY}_SOURCES})
        list(REMOVE_ITEM SOURCES ${CMAKE_SOURCE_DIR}/thor/${SOURCE})
      endforeach()
      list(APPEND SOURCES ${FOLDER}/without/${STAND_IN}.cpp)
    endif()
  endforeach()
  add_library(thor_${NAME} STATIC ${SOURCES})
  # Hidden: a shared library that these are linked into exports nothing of them but its exceptions (base/export.h).
  set_target_properties(thor_${NAME} PROPERTIES LINKER_LANGUAGE CXX CXX_VISIBILITY_PRESET hidden
                        VISIBILITY_INLINES_HIDDEN ON)
  target_include_directories(thor_${NAME} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<INSTALL_INTERFACE:include>)
  target_link_libraries(thor_${NAME} PUBLIC ${ROOM_PUBLIC} PRIVATE ${ROOM_PRIVATE} thor_options)
endfunction()

# Which sources need which library.
set(THOR_ITK_SOURCES image/register/bias_field.cpp)
set(THOR_GDCM_SOURCES image/dicom/dicom_unpack.cpp)
set(THOR_DCMTK_SOURCES image/dicom/dicom_map.cpp image/dicom/dicom_result.cpp image/dicom/dicom_segmentation.cpp)
set(THOR_PNG_SOURCES image/format/png_read.cpp image/format/png_encode.cpp)
set(THOR_JPEG_SOURCES image/format/jpeg_read.cpp)
set(THOR_TIFF_SOURCES image/format/tiff_read.cpp image/format/tiff_samples.cpp image/format/tiff_stack.cpp)
set(THOR_BZip2_SOURCES image/format/bzip_stream.cpp)
set(THOR_CUDA_SOURCES nn/kernel/cuda_graph.cpp nn/kernel/cuda_norm.cpp)
