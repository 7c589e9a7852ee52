# SPDX-License-Identifier: Apache-2.0
# `cmake --install`: command, libraries, headers, and the package that find_package(actplane) reads.
# The libraries themselves are installed by actp_library.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/actplane")

if(TARGET actplane_cli)
  install(TARGETS actplane_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
if(TARGET actplane_verify)
  install(TARGETS actplane_sim actplane_verify RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(DIRECTORY model/include/actplane DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

install(EXPORT actplaneTargets NAMESPACE actplane:: DESTINATION "${package_dir}")
configure_package_config_file(cmake/actplaneConfig.cmake.in "${PROJECT_BINARY_DIR}/actplaneConfig.cmake"
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/actplaneConfigVersion.cmake"
  COMPATIBILITY SameMajorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/actplaneConfig.cmake"
    "${PROJECT_BINARY_DIR}/actplaneConfigVersion.cmake"
    cmake/Findxxhash.cmake
  DESTINATION "${package_dir}")
