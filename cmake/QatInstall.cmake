# `cmake --install`: tools, libraries and their headers (the generated ones
# too), the runtime's headers, and the package that find_package(QatMLIR) finds.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/QatMLIR)

install(DIRECTORY include/qat include/qat-rt
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN "*.td")
install(DIRECTORY ${PROJECT_BINARY_DIR}/include/qat
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h.inc" PATTERN "CMakeFiles" EXCLUDE)

get_property(QAT_LIBRARY_NAMES GLOBAL PROPERTY QAT_LIBRARIES)
list(JOIN QAT_LIBRARY_NAMES " " QAT_LIBRARY_NAMES)
set(MLIR_VERSION ${LLVM_VERSION_MAJOR}.${LLVM_VERSION_MINOR})
configure_package_config_file(cmake/QatMLIRConfig.cmake.in
  ${PROJECT_BINARY_DIR}/cmake/QatMLIRConfig.cmake
  INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may change any interface.
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/cmake/QatMLIRConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/cmake/QatMLIRConfig.cmake
  ${PROJECT_BINARY_DIR}/cmake/QatMLIRConfigVersion.cmake
  DESTINATION ${package_dir})
install(EXPORT QatMLIRTargets DESTINATION ${package_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/qat-mlir)
