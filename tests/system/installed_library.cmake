# SPDX-License-Identifier: Apache-2.0
# Installs the library, builds the examples with find_package(thor) outside the tree, and runs them.
set(ROOM ${BUILD}/installed_library)
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE CODE OUTPUT_VARIABLE OUT ERROR_VARIABLE OUT)
  if(NOT CODE EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${OUT}")
  endif()
  message("${OUT}")
endfunction()
file(REMOVE_RECURSE ${ROOM})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${ROOM}/prefix)
run(${CMAKE_COMMAND} -S ${SOURCE}/examples -B ${ROOM}/examples -G Ninja -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_PREFIX_PATH=${ROOM}/prefix -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
run(${CMAKE_COMMAND} --build ${ROOM}/examples -j 2)
set(SCAN ${SOURCE}/models/demo/images/brain_0001.png)
run(${ROOM}/examples/detect_volume ${ROOM}/prefix/share/thor/models/brain-t1-axial.safetensors ${SCAN})
run(${ROOM}/examples/own_detector ${ROOM}/prefix/share/thor/models/brain-t1-axial.safetensors ${SCAN} thor)
# What was trained detects.
run(${ROOM}/examples/train_on_folder ${SOURCE}/models/demo/images ${ROOM}/run)
run(${ROOM}/examples/detect_volume ${ROOM}/run/model.safetensors ${SCAN})
