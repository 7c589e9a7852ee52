# SPDX-License-Identifier: Apache-2.0
# The functions that the CMakeLists of model/ and tests/ are written in.
include(GoogleTest)
include(GNUInstallDirs)

# actp_warnings(TARGET): our own code compiles without a warning.
function(actp_warnings TARGET)
  target_compile_options(${TARGET} PRIVATE -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # False alarms: in std::string of GCC 12 (its bug 105651), and behind the branches that sanitizers add.
    target_compile_options(${TARGET} PRIVATE -Wno-restrict)
    if(ACTPLANE_SANITIZE)
      target_compile_options(${TARGET} PRIVATE -Wno-maybe-uninitialized)
    endif()
  endif()
endfunction()

# actp_library(NAME SOURCES file... [PUBLIC target...] [PRIVATE target...] [INCLUDE_DIR dir] [INTERNAL])
# Static library actplane_NAME, alias actplane::NAME. Its public headers lie under INCLUDE_DIR
# (model/include when not given). Installed and exported as actplane::NAME unless INTERNAL.
function(actp_library NAME)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "INTERNAL" "INCLUDE_DIR" "SOURCES;PUBLIC;PRIVATE")
  if(NOT ARG_INCLUDE_DIR)
    set(ARG_INCLUDE_DIR "${PROJECT_SOURCE_DIR}/model/include")
  endif()
  set(target actplane_${NAME})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(actplane::${NAME} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${NAME})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC
    "$<BUILD_INTERFACE:${ARG_INCLUDE_DIR}>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(${target} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  actp_warnings(${target})
  if(NOT ARG_INTERNAL)
    install(TARGETS ${target} EXPORT actplaneTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  endif()
endfunction()

# actp_test(NAME SOURCES file... LIBS target... LABEL label [TIMEOUT seconds] [DEFS definition...] [SHARDS count])
# One GoogleTest executable, each TEST a ctest. The results, with the clauses cited by ACTP_CLAUSE,
# land in build/<preset>/xml/NAME/ for `make map`. ACTP_SOURCE_DIR is the root of the checkout.
# SHARDS, where a start takes longer than a TEST: as many ctests; build/<preset>/shards/ has their results.
function(actp_test NAME)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "LABEL;TIMEOUT;SHARDS" "SOURCES;LIBS;DEFS")
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 900)  # a hang, not a machine that is busy
  endif()
  add_executable(${NAME} ${ARG_SOURCES})
  target_include_directories(${NAME} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(${NAME} PRIVATE "ACTP_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\"" ${ARG_DEFS})
  target_link_libraries(${NAME} PRIVATE ${ARG_LIBS} GTest::gmock_main rapidcheck_gtest)
  actp_warnings(${NAME})
  target_compile_options(${NAME} PRIVATE ${ACTPLANE_TEST_OPT})
  if(ARG_SHARDS)
    foreach(shard RANGE 1 ${ARG_SHARDS})
      math(EXPR index "${shard} - 1")
      add_test(NAME ${NAME}.${shard} COMMAND ${NAME} "--gtest_output=xml:${PROJECT_BINARY_DIR}/shards/${NAME}.${shard}.xml")
      set_tests_properties(${NAME}.${shard} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT}
        ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${index}")
    endforeach()
    return()
  endif()
  gtest_discover_tests(${NAME}
    XML_OUTPUT_DIR "${PROJECT_BINARY_DIR}/xml/${NAME}/"
    DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
endfunction()

# actp_fuzzer(NAME SOURCES file... LIBS target...)
# One libFuzzer executable, build/checked/fuzzers/NAME; `make fuzz` runs all of that folder,
# each with the seeds of model/fuzz/seeds/NAME where that folder exists.
function(actp_fuzzer NAME)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;LIBS")
  add_executable(${NAME} ${ARG_SOURCES})
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzzers")
  target_link_libraries(${NAME} PRIVATE ${ARG_LIBS})
  target_link_options(${NAME} PRIVATE -fsanitize=fuzzer)
  actp_warnings(${NAME})
endfunction()
