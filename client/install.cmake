# SPDX-License-Identifier: MIT
# What `cmake --install` puts where: the library with its headers, pkg-config
# file and CMake package, and the command with its manual page.
include(CMakePackageConfigHelpers)

install(TARGETS mhsm mhsm_static EXPORT mhsm-targets)
install(DIRECTORY include/mhsm TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/include/mhsm/version.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/mhsm)
install(EXPORT mhsm-targets NAMESPACE mhsm::
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mhsm)
configure_package_config_file(mhsm-config.cmake.in mhsm-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mhsm)
write_basic_package_version_file(mhsm-config-version.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/mhsm-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/mhsm-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mhsm)
configure_file(mhsm.pc.in mhsm.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/mhsm.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
