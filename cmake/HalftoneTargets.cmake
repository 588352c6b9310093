# SPDX-License-Identifier: GPL-3.0-or-later
# Compiler policy of every target, and the two functions that create targets.

# One interface library carries the flags, so that a third-party target never inherits them.
add_library(halftone_flags INTERFACE)
target_include_directories(halftone_flags INTERFACE ${CMAKE_SOURCE_DIR})
# Contraction off: a fused multiply-add changes the bytes that encoders write (docs/decisions/0002-no-contraction.md).
target_compile_options(halftone_flags INTERFACE
  -ffp-contract=off -fno-math-errno
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wconversion -Wno-sign-conversion
  $<$<BOOL:${HT_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these on correct std::string and std::vector code at -O2.
  target_compile_options(halftone_flags INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()
if(HT_SANITIZE)
  target_compile_options(halftone_flags INTERFACE -fsanitize=${HT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(halftone_flags INTERFACE -fsanitize=${HT_SANITIZE})
endif()

find_program(HT_MOLD mold)
if(HT_MOLD)
  target_link_options(halftone_flags INTERFACE -fuse-ld=mold)
endif()

# halftone_library(NAME SOURCES a.cpp ... [PUBLIC lib ...] [PRIVATE lib ...])
function(halftone_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC halftone_flags ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
endfunction()

# halftone_test(NAME SOURCES a.cpp ... LIBRARIES lib ... [LABELS l ...] [ENVIRONMENT X=Y ...] [LONG])
# LONG: a numeric suite that takes minutes, left out where HT_LONG_TESTS is off.
# A GoogleTest executable. It is told where ../shared lies (HT_SHARED_DIR) and where the repository lies (HT_SOURCE_DIR).
function(halftone_test name)
  cmake_parse_arguments(arg "LONG" "TIMEOUT" "SOURCES;LIBRARIES;LABELS;ENVIRONMENT" ${ARGN})
  if(arg_LONG AND NOT HT_LONG_TESTS)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE halftone_test_support ${arg_LIBRARIES} GTest::gmock GTest::gtest_main)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 600)
  endif()
  if(CMAKE_CROSSCOMPILING_EMULATOR)
    math(EXPR arg_TIMEOUT "20 * ${arg_TIMEOUT}")
  endif()
  # Drivers leave memory behind in libraries that are unloaded by then: no leak check where a device is opened.
  if("vulkan" IN_LIST arg_LABELS)
    list(APPEND arg_ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0")
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} ENVIRONMENT "${arg_ENVIRONMENT}")
endfunction()
