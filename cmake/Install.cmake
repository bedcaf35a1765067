# SPDX-License-Identifier: Apache-2.0
# cmake --install: the program, the models, and the library with its headers and targets (find_package(thor), examples/).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(THOR_ROOMS base image nn diffusion detect data pipeline synth results train eval report)
set(THOR_FOUND_PACKAGES PNG JPEG TIFF BZip2)
list(REMOVE_ITEM THOR_FOUND_PACKAGES ${THOR_WITHOUT} "")
list(JOIN THOR_FOUND_PACKAGES " " THOR_FOUND_PACKAGES)
set(CONFIG_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/thor)
foreach(ROOM ${THOR_ROOMS})
  set_target_properties(thor_${ROOM} PROPERTIES EXPORT_NAME ${ROOM})
  install(TARGETS thor_${ROOM} EXPORT thorTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endforeach()
set_target_properties(thor_options PROPERTIES EXPORT_NAME options)
install(TARGETS thor_options EXPORT thorTargets)
install(EXPORT thorTargets NAMESPACE thor:: DESTINATION ${CONFIG_FOLDER})
install(DIRECTORY thor DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN without EXCLUDE
        PATTERN cli EXCLUDE)
configure_package_config_file(cmake/thorConfig.cmake.in ${CMAKE_BINARY_DIR}/thorConfig.cmake
                              INSTALL_DESTINATION ${CONFIG_FOLDER})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/thorConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/thorConfig.cmake ${CMAKE_BINARY_DIR}/thorConfigVersion.cmake
        DESTINATION ${CONFIG_FOLDER})
install(TARGETS thor)
install(DIRECTORY models/ DESTINATION share/thor/models OPTIONAL)
