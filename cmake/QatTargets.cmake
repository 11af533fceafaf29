# The ways this project declares its targets.

# qat_use_precompiled_headers(NAME)
# With QAT_PRECOMPILED_HEADERS the target shares the one precompiled header.
function(qat_use_precompiled_headers name)
  if(QAT_PRECOMPILED_HEADERS)
    target_precompile_headers(${name} REUSE_FROM QatPrecompiledHeaders)
  endif()
endfunction()

# add_qat_library(NAME sources... [DEPENDS tablegen-targets] [LINK libraries])
# A static library of the compiler, without exceptions or RTTI like LLVM.
function(add_qat_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  llvm_update_compile_flags(${name})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  qat_use_precompiled_headers(${name})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR LLVM)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  install(TARGETS ${name} EXPORT QatMLIRTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  set_property(GLOBAL APPEND PROPERTY QAT_LIBRARIES ${name})
endfunction()

# add_qat_tool(NAME sources... [LINK libraries])
# A command in build/<preset>/bin.
function(add_qat_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  llvm_update_compile_flags(${name})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin
    ENABLE_EXPORTS ON)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM)
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# add_qat_unittest(NAME sources... [LINK libraries])
# A GoogleTest binary in build/<preset>/unittests, run by `ctest` and check-qat.
function(add_qat_unittest name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  llvm_update_compile_flags(${name})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/unittests)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gtest_main MLIR LLVM)
  add_test(NAME ${name} COMMAND ${name})
  set_property(GLOBAL APPEND PROPERTY QAT_UNITTESTS ${name})
endfunction()
