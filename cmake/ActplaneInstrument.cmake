# SPDX-License-Identifier: Apache-2.0
# What changes how everything is compiled: the compiler cache, sanitizers, coverage.
find_program(ACTPLANE_CCACHE ccache)
if(ACTPLANE_CCACHE AND PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${ACTPLANE_CCACHE}")
endif()

if(ACTPLANE_SANITIZE)
  add_compile_options(-fsanitize=${ACTPLANE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ACTPLANE_SANITIZE})
endif()

if((ACTPLANE_COVERAGE OR ACTPLANE_BUILD_FUZZERS) AND NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
  message(FATAL_ERROR "ACTPLANE_COVERAGE and ACTPLANE_BUILD_FUZZERS need clang: use `cmake --preset checked`")
endif()

if(ACTPLANE_COVERAGE)
  add_link_options(-fprofile-instr-generate)  # model/CMakeLists.txt compiles with it: tests need no counters
endif()
