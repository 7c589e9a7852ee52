# SPDX-License-Identifier: Apache-2.0
# RTL to C++ models. rtl/files.f says which files, rtl/configs.txt which named configurations.
#
# Verilator runs at build time, one command for each model, so that configuring stays quick and models
# are made in parallel; verilate() of Verilator's own package would run them all while configuring.
if(DEFINED ACTP_GATHER)  # cmake -P, from the command below: one source for what runs often, one for the rest
  set(slow "__Slow[.]cpp$|__Syms[.]cpp$|__ConstPool")
  file(GLOB parts RELATIVE "${ACTP_GATHER}" "${ACTP_GATHER}/*.cpp")
  foreach(mode IN ITEMS EXCLUDE INCLUDE)
    set(some "${parts}")
    list(FILTER some ${mode} REGEX "${slow}")
    list(TRANSFORM some REPLACE "(.+)" "#include \"\\1\"\n")
    list(JOIN some "" text)
    if(mode STREQUAL EXCLUDE)
      file(WRITE "${ACTP_GATHER}/fast.cc" "${text}")
    else()
      file(WRITE "${ACTP_GATHER}/slow.cc" "${text}")
    endif()
  endforeach()
  return()
endif()

find_package(verilator 5.006 REQUIRED
  HINTS $ENV{VERILATOR_ROOT} /usr/share/verilator /usr/local/share/verilator)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)  # FST waveforms

option(ACTPLANE_RTL_COVERAGE "Count lines and toggles of the RTL in the models of tests/rtl (slow)" OFF)
include(CheckCXXCompilerFlag)
check_cxx_compiler_flag(-march=native ACTPLANE_HAS_MARCH_NATIVE)
set(ACTPLANE_MODEL_OPT "-O2;$<$<BOOL:${ACTPLANE_HAS_MARCH_NATIVE}>:-march=native>"
  CACHE STRING "How the verilated models are compiled; -march=native makes them 12 % faster and ties them to this CPU: -O2 for a package")

# Lines of a list file without comments and blanks.
function(_actp_read_list FILE OUT)
  file(STRINGS "${FILE}" lines)
  list(TRANSFORM lines REPLACE "[#].*$" "")
  list(TRANSFORM lines STRIP)
  list(FILTER lines EXCLUDE REGEX "^$")
  set(${OUT} "${lines}" PARENT_SCOPE)
endfunction()

set(ACTPLANE_RTL_CONFIGS_FILE "${PROJECT_SOURCE_DIR}/rtl/configs.txt" CACHE FILEPATH "The named configurations")
set(ACTPLANE_RTL_CONFIGS "" CACHE STRING "Those to build, by name, as in default;tiny; all when empty")

# Adding a file or a configuration configures anew.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/rtl/files.f" "${ACTPLANE_RTL_CONFIGS_FILE}")

_actp_read_list("${PROJECT_SOURCE_DIR}/rtl/files.f" _files)
list(TRANSFORM _files PREPEND "${PROJECT_SOURCE_DIR}/rtl/")
set(ACTP_RTL_FILES "${_files}")

# The number that a column says: names joined by +, each a bit in the order of NAMES, or ALL for all of them.
function(_actp_mask TEXT ALL NAMES OUT)
  set(mask 0)
  if(TEXT STREQUAL ALL)
    list(LENGTH NAMES count)
    math(EXPR mask "(1 << ${count}) - 1")
  else()
    string(REPLACE "+" ";" names "${TEXT}")
    foreach(name IN LISTS names)
      list(FIND NAMES "${name}" bit)
      if(bit LESS 0)
        message(FATAL_ERROR "${ACTPLANE_RTL_CONFIGS_FILE}: '${name}' is none of ${NAMES}, ${ALL}")
      endif()
      math(EXPR mask "${mask} | (1 << ${bit})")
    endforeach()
  endif()
  set(${OUT} ${mask} PARENT_SCOPE)
endfunction()

# The parameters of the two devices, in the order of ACTP_CONFIG_<name>, and those that a line may leave to the
# compressor, in the order of ACTP_SEARCH_<name>.
set(ACTP_PARAMETERS BlockLen StreamWidth Formats Orders GroupLen Depth Fifo)
set(ACTP_SEARCH_PARAMETERS Slack Searches)

# Takes a line of rtl/configs.txt into ACTP_RTL_CONFIGS, the names, and ACTP_CONFIG_<name>.
macro(_actp_add_config LINE)
  string(REGEX REPLACE "[ \t]+" ";" _words "${LINE}")
  list(LENGTH _words _count)
  if(NOT _count MATCHES "^(8|10)$")
    message(FATAL_ERROR "${ACTPLANE_RTL_CONFIGS_FILE}: a line of eight words, or of ten, not '${LINE}'")
  endif()
  list(POP_FRONT _words _name _block_len _stream_width _formats _orders _group_len _depth _fifo)
  _actp_mask("${_formats}" all "fp32;fp16;bf16" _formats)
  _actp_mask("${_orders}" both "field;significance" _orders)
  set(_fifos flops latches macro)
  list(FIND _fifos "${_fifo}" _fifo)
  if(_fifo LESS 0)
    message(FATAL_ERROR "${ACTPLANE_RTL_CONFIGS_FILE}: the fifo of '${LINE}' is none of ${_fifos}")
  endif()
  list(APPEND ACTP_RTL_CONFIGS "${_name}")
  set(ACTP_CONFIG_${_name} ${_block_len} ${_stream_width} ${_formats} ${_orders} ${_group_len} ${_depth} ${_fifo})
  set(ACTP_SEARCH_${_name} ${_words})
endmacro()
_actp_read_list("${ACTPLANE_RTL_CONFIGS_FILE}" _configs)
set(ACTP_RTL_CONFIGS "")
foreach(_config IN LISTS _configs)
  _actp_add_config("${_config}")
endforeach()

foreach(_config IN LISTS ACTPLANE_RTL_CONFIGS)
  if(NOT _config IN_LIST ACTP_RTL_CONFIGS)
    message(FATAL_ERROR "ACTPLANE_RTL_CONFIGS: no configuration '${_config}' in ${ACTPLANE_RTL_CONFIGS_FILE}")
  endif()
endforeach()
if(ACTPLANE_RTL_CONFIGS)
  set(ACTP_RTL_CONFIGS "${ACTPLANE_RTL_CONFIGS}")
endif()

# A point between the corners, another one in every run of CI: `point` is a configuration like the named ones.
set(ACTPLANE_RTL_POINT "" CACHE STRING "A seed: one point of scripts/points.sh is built and tested besides; none when empty")
set(ACTP_ELABORATED "${ACTP_RTL_CONFIGS}")
if(NOT ACTPLANE_RTL_POINT STREQUAL "")
  execute_process(COMMAND "${PROJECT_SOURCE_DIR}/scripts/points.sh" "${ACTPLANE_RTL_POINT}"
    OUTPUT_VARIABLE _point OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  _actp_add_config("${_point}")
  string(REGEX REPLACE "[ \t]+" " " _point "${_point}")
  list(APPEND ACTP_ELABORATED "POINT=${ACTPLANE_RTL_POINT} (${_point})")
  message(STATUS "RTL besides the named configurations: POINT=${ACTPLANE_RTL_POINT}, ${_point}")
endif()
list(JOIN ACTP_ELABORATED " " _elaborated)
file(WRITE "${PROJECT_BINARY_DIR}/elaborated.txt" "${_elaborated}\n")  # for the summary of scripts/test.sh

set(ACTPLANE_RTL_WAVES ON CACHE STRING
  "Models that can write waveforms, which takes half of the time to compile them: ON, OFF, or names of configurations")

# Verilator's runtime, compiled once for all models.
add_library(actp_verilator_runtime STATIC
  "${VERILATOR_ROOT}/include/verilated.cpp"
  "${VERILATOR_ROOT}/include/verilated_threads.cpp"
  "${VERILATOR_ROOT}/include/verilated_cov.cpp"
  "${VERILATOR_ROOT}/include/verilated_fst_c.cpp")
target_compile_features(actp_verilator_runtime PUBLIC cxx_std_20)
set_target_properties(actp_verilator_runtime PROPERTIES UNITY_BUILD OFF)
target_compile_options(actp_verilator_runtime PRIVATE -w)
target_include_directories(actp_verilator_runtime SYSTEM PUBLIC
  "${VERILATOR_ROOT}/include" "${VERILATOR_ROOT}/include/vltstd")
target_compile_definitions(actp_verilator_runtime PUBLIC
  VM_SC=0 VM_TRACE=1 VM_TRACE_VCD=0 VM_TRACE_FST=1 VM_COVERAGE=$<BOOL:${ACTPLANE_RTL_COVERAGE}>)
target_link_libraries(actp_verilator_runtime PUBLIC Threads::Threads ZLIB::ZLIB)

# actp_verilate(TOP CONFIG [PARAMS Name=value...] [SV file...] [OPT flag...] [COVERAGE file])
# Static library V<TOP>_<CONFIG> with the class of the same name. CONFIG is a named configuration: ACTP_PARAMETERS
# are set as far as TOP declares them. With PARAMS, which come on top, any other name will do.
# SV: files besides rtl/files.f, where TOP is not in there. OPT: in place of ACTPLANE_MODEL_OPT, for models that run too briefly for it.
# COVERAGE, with ACTPLANE_RTL_COVERAGE: the model counts lines and toggles, but not where the .vlt file says coverage_off.
function(actp_verilate TOP CONFIG)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "COVERAGE" "PARAMS;SV;OPT")
  set(opt "${ACTPLANE_MODEL_OPT}")
  if(ARG_OPT)
    set(opt "${ARG_OPT}")
  endif()
  set(name "V${TOP}_${CONFIG}")

  set(sv_files "")
  foreach(file IN LISTS ARG_SV)
    get_filename_component(file "${file}" ABSOLUTE)
    list(APPEND sv_files "${file}")
  endforeach()
  set(sources ${ACTP_RTL_FILES} ${sv_files})
  set(top_file "${sources}")
  list(FILTER top_file INCLUDE REGEX "/${TOP}[.]sv$")
  if(NOT top_file)
    message(FATAL_ERROR "actp_verilate: no file ${TOP}.sv in rtl/files.f or SV")
  endif()

  set(params "")
  if(DEFINED ACTP_CONFIG_${CONFIG})
    file(STRINGS "${top_file}" declared REGEX "^ *parameter ")
    set(parameters ${ACTP_PARAMETERS} ${ACTP_SEARCH_PARAMETERS})
    set(values ${ACTP_CONFIG_${CONFIG}} ${ACTP_SEARCH_${CONFIG}})
    foreach(parameter value IN ZIP_LISTS parameters values)
      if(NOT "${value}" STREQUAL "" AND declared MATCHES "[ ]${parameter} ")
        list(APPEND params "-G${parameter}=${value}")
      endif()
    endforeach()
  elseif(NOT ARG_PARAMS AND NOT ACTPLANE_GATE_NETLIST)
    message(FATAL_ERROR "actp_verilate: ${CONFIG} is not in rtl/configs.txt, and there are no PARAMS")
  endif()
  foreach(param IN LISTS ARG_PARAMS)
    list(APPEND params "-G${param}")
  endforeach()

  set(waivers "${PROJECT_SOURCE_DIR}/tests/lint/waivers.vlt")
  if(NOT EXISTS "${waivers}")
    set(waivers -Wno-SYNCASYNCNET)
  endif()
  # Warnings are for `make lint`; here a mutant must run, not fail to compile. Without -fno-dfg Verilator
  # joins a wide vector with many drivers by concatenation, piece by piece: the models take 2.4 times as long.
  # Netlists: no waveforms, they would take longer to compile than the rest; and without -fno-const-bit-op-tree
  # Verilator 5.006 gets trees of 1-bit gates wrong without a word (its issue 4059).
  set(flags "")
  if(ACTPLANE_GATE_NETLIST OR ACTPLANE_RTL_NETLIST)
    set(flags -fno-const-bit-op-tree)
  elseif("${ACTPLANE_RTL_WAVES}" STREQUAL ON OR CONFIG IN_LIST ACTPLANE_RTL_WAVES)
    set(flags --trace-fst --trace-structs)
  endif()
  set(count "")
  if(ARG_COVERAGE AND ACTPLANE_RTL_COVERAGE)
    set(count --coverage-line --coverage-toggle "${ARG_COVERAGE}")
  endif()
  set(dir "${CMAKE_CURRENT_BINARY_DIR}/verilated/${name}")
  set(command "${VERILATOR_BIN}" --cc --prefix ${name} --top-module ${TOP} --Mdir "${dir}"
    -O3 -fno-dfg --assert --x-initial unique --x-assign unique --no-timing -Wno-fatal -Wno-lint -Wno-style
    "-I${PROJECT_SOURCE_DIR}/rtl/include" ${params}
    ${flags}
    ${count} ${waivers} ${sources})
  set(gather "${PROJECT_SOURCE_DIR}/cmake/ActplaneVerilator.cmake")
  add_custom_command(
    OUTPUT "${dir}/fast.cc" "${dir}/slow.cc" "${dir}/${name}.h"
    COMMAND "${CMAKE_COMMAND}" -E rm -rf "${dir}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${dir}"
    COMMAND ${command}
    COMMAND "${CMAKE_COMMAND}" -DACTP_GATHER=${dir} -P "${gather}"
    DEPENDS ${sources} "${PROJECT_SOURCE_DIR}/rtl/include/actp_macros.svh" "${gather}"
    COMMENT "Verilating ${name}" COMMAND_EXPAND_LISTS VERBATIM)
  # What runs once is compiled for time to build.
  set_source_files_properties("${dir}/slow.cc" PROPERTIES COMPILE_OPTIONS -O0)
  set_source_files_properties("${dir}/fast.cc" PROPERTIES COMPILE_OPTIONS "${opt}")
  add_library(${name} STATIC "${dir}/fast.cc" "${dir}/slow.cc" "${dir}/${name}.h")
  target_compile_options(${name} PRIVATE -w -g0)
  target_include_directories(${name} SYSTEM PUBLIC "${dir}")
  target_link_libraries(${name} PUBLIC actp_verilator_runtime)
endfunction()
