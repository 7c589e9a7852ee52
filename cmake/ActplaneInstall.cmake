# SPDX-License-Identifier: Apache-2.0
# `cmake --install`: command, libraries, headers, the package that find_package(actplane) reads, RTL and documents.
# The libraries themselves are installed by actp_library. Of libactplane.so: header, man pages, actplane.pc.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/actplane")

if(TARGET actplane_cli)
  install(TARGETS actplane_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
if(TARGET actplane_verify)
  install(TARGETS actplane_sim actplane_verify actplane_memory RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(DIRECTORY model/include/actplane DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE README.md CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs"
  FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN "figures/*.json" PATTERN "history/training" EXCLUDE)

# The RTL as a core: what actplane.core and Bender.yml name lies where they name it.
set(core_dir "${CMAKE_INSTALL_DATADIR}/actplane")
install(FILES actplane.core Bender.yml LICENSE DESTINATION "${core_dir}")
install(DIRECTORY rtl DESTINATION "${core_dir}"
  FILES_MATCHING PATTERN "*.sv" PATTERN "*.svh" PATTERN files.f PATTERN configs.txt)
install(DIRECTORY examples/rtl DESTINATION "${core_dir}/examples" FILES_MATCHING PATTERN "*.sv")
install(FILES tests/lint/waivers.vlt DESTINATION "${core_dir}/tests/lint")
install(FILES tests/rtl/actp_fifo_macro.sv DESTINATION "${core_dir}/tests/rtl")

# libactplane.so: a page for all functions, and the name of each; the .pc file finds its prefix by itself.
install(TARGETS actplane_shared EXPORT actplaneSharedTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES model/include/actplane.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES docs/actplane.3 DESTINATION "${CMAKE_INSTALL_MANDIR}/man3")
file(STRINGS model/include/actplane.h functions REGEX "^ACTPLANE_API ")
list(TRANSFORM functions REPLACE ".*[ *](actplane_[a-z_]+)\\(.*" "\\1")
foreach(function IN LISTS functions)
  file(WRITE "${PROJECT_BINARY_DIR}/man3/${function}.3" ".so man3/actplane.3\n")
  install(FILES "${PROJECT_BINARY_DIR}/man3/${function}.3" DESTINATION "${CMAKE_INSTALL_MANDIR}/man3")
endforeach()
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
  set(pc_libdir "${CMAKE_INSTALL_LIBDIR}")
else()
  file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" /)
  string(REGEX REPLACE "/$" "" up "${up}")
  set(pc_prefix "\${pcfiledir}/${up}")
  set(pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
configure_file(cmake/actplane.pc.in "${PROJECT_BINARY_DIR}/actplane.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/actplane.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

install(EXPORT actplaneTargets NAMESPACE actplane:: DESTINATION "${package_dir}")
install(EXPORT actplaneSharedTargets NAMESPACE actplane:: DESTINATION "${package_dir}")
configure_package_config_file(cmake/actplaneConfig.cmake.in "${PROJECT_BINARY_DIR}/actplaneConfig.cmake"
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/actplaneConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/actplaneConfig.cmake"
    "${PROJECT_BINARY_DIR}/actplaneConfigVersion.cmake"
    cmake/Findxxhash.cmake
  DESTINATION "${package_dir}")
