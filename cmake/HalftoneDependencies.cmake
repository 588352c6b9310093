# SPDX-License-Identifier: GPL-3.0-or-later
# Everything comes from Debian 12 (packaging/dependencies lists the packages).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(TBB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
# Bytes of methods depend on its sums (docs/decisions/0002-no-contraction.md): its vector code fuses multiply-adds where the
# processor can, whatever the compiler is told, and its products are cut where the processor's caches end. Definitions of the
# target, because all users of its templates must agree.
target_compile_definitions(Eigen3::Eigen INTERFACE EIGEN_DONT_VECTORIZE EIGEN_NO_CPUID
  EIGEN_DEFAULT_L1_CACHE_SIZE=32768 EIGEN_DEFAULT_L2_CACHE_SIZE=262144 EIGEN_DEFAULT_L3_CACHE_SIZE=2097152)
find_package(tl-expected REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-uc icu-i18n)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
# Instruction sets that vector code is not compiled for: one that brings nothing over its neighbours, and those whose vectors
# have no size at compile time, so that no struct can hold one.
target_compile_definitions(PkgConfig::HWY INTERFACE
  "HWY_DISABLED_TARGETS=(HWY_SSSE3|HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128|HWY_RVV)")
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(SENTENCEPIECE REQUIRED IMPORTED_TARGET sentencepiece)
if(HT_BUILD_GPU)
  find_package(Vulkan REQUIRED)
  find_program(HT_GLSLC glslc REQUIRED)
  find_program(HT_SPIRV_VAL spirv-val REQUIRED)
endif()
if(HT_BUILD_APP)
  set(QT_NO_CREATE_VERSIONLESS_FUNCTIONS OFF)
  find_package(Qt6 6.4 REQUIRED COMPONENTS Core Gui Widgets PrintSupport Svg LinguistTools)
  find_package(QCustomPlotQt6 REQUIRED)
endif()
if(HT_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(HT_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()
