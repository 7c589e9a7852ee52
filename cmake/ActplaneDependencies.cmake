# SPDX-License-Identifier: Apache-2.0
# Every package the project takes from the system. Nothing is downloaded.
# What the installed libraries need is repeated in actplaneConfig.cmake.in.
find_package(fmt 9 REQUIRED)            # actplane::model, all text
find_package(hwy 1.0 REQUIRED)          # actplane::fast, SIMD: hwy::hwy
find_package(TBB 2021 REQUIRED)         # actplane::fast, threads: TBB::tbb
find_package(nlohmann_json 3 REQUIRED)  # actplane::io, safetensors header: nlohmann_json::nlohmann_json
find_package(xxhash 0.8 REQUIRED)       # actplane::io, chunk checksums: xxhash::xxhash

if(ACTPLANE_BUILD_CLI OR ACTPLANE_BUILD_TRAIN)
  find_package(CLI11 2 REQUIRED)        # CLI11::CLI11
endif()

if(ACTPLANE_BUILD_TESTS)
  find_package(GTest 1.12 REQUIRED)     # GTest::gmock_main
  find_package(rapidcheck REQUIRED)     # rapidcheck_gtest
endif()

if(ACTPLANE_BUILD_BENCH)
  enable_language(C)                    # zfp's package asks for OpenMP in C
  find_package(benchmark 1.7 REQUIRED)  # benchmark::benchmark
  find_package(zfp 1.0 REQUIRED)        # zfp::zfp
  find_package(lz4 1.9 REQUIRED)        # lz4::lz4
  find_package(zstd 1.5 REQUIRED)       # zstd::libzstd_shared
endif()

if(ACTPLANE_BUILD_TRAIN)
  enable_language(C)                    # zfp's package asks for OpenMP in C
  find_package(zfp 1.0 REQUIRED)        # zfp::zfp
  find_package(ZLIB REQUIRED)           # ZLIB::ZLIB
  find_package(BZip2 REQUIRED)          # BZip2::BZip2
  find_package(tomlplusplus 3 REQUIRED) # tomlplusplus::tomlplusplus
  find_package(Torch 1.13 REQUIRED)     # TORCH_LIBRARIES, TORCH_INCLUDE_DIRS; BLAS is chosen by Debian's alternatives
endif()
