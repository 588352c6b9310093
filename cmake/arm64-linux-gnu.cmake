# SPDX-License-Identifier: GPL-3.0-or-later
# Toolchain: cross-builds for 64-bit ARM with Debian's g++-aarch64-linux-gnu and runs what it built under qemu-user.
# Headers and libraries come from a folder of unpacked arm64 packages, which tests/arm64/sysroot.sh makes; HT_ARM64_SYSROOT
# (CMake or environment) says where it lies. QEMU_CPU in the environment chooses the processor that tests see.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

if(NOT HT_ARM64_SYSROOT)
  if(DEFINED ENV{HT_ARM64_SYSROOT})
    set(HT_ARM64_SYSROOT $ENV{HT_ARM64_SYSROOT})
  else()
    set(HT_ARM64_SYSROOT $ENV{HOME}/.cache/halftone-arm64)
  endif()
endif()
set(HT_ARM64_SYSROOT ${HT_ARM64_SYSROOT} CACHE PATH "Folder of unpacked arm64 packages")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES HT_ARM64_SYSROOT)
if(NOT EXISTS ${HT_ARM64_SYSROOT}/usr/include)
  message(FATAL_ERROR "${HT_ARM64_SYSROOT} holds no arm64 packages. Run tests/arm64/sysroot.sh, or set HT_ARM64_SYSROOT to where it put them.")
endif()

set(CMAKE_SYSROOT ${HT_ARM64_SYSROOT})
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L ${CMAKE_SYSROOT})

# Programs are this machine's, everything else is the other's.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CMAKE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig)

set(HT_MOLD OFF)  # Debian's cross compiler looks for another name of it
