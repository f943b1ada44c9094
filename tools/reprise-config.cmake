# What find_package(reprise) reads, beside the targets that CMake writes when installing.

include(CMakeFindDependencyMacro)
find_dependency(Boost 1.74 CONFIG COMPONENTS context)
find_dependency(absl CONFIG)
find_dependency(PkgConfig)

# The library is static, so whoever links it links what it uses inside as well. These come without
# CMake files of their own in Debian, and the exported targets name them as pkg-config's.
foreach(module XXHASH ZSTD)
  string(TOLOWER lib${module} file)
  pkg_check_modules(REPRISE_${module} QUIET IMPORTED_TARGET ${file})
  if(NOT REPRISE_${module}_FOUND)
    set(reprise_FOUND FALSE)
    set(reprise_NOT_FOUND_MESSAGE "reprise needs ${file}: apt-get install ${file}-dev")
    return()
  endif()
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/reprise-targets.cmake)
