# The libraries for programs: libmlx.so (C++, and what mlx.core stands on) and libmlxc.so (C), with their headers, the
# CMake package MLX and mlx.pc. In a wheel they live in the folder of the Python package.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(SKBUILD)
  set(MLX_PYTHON_FOLDER mlx)
  set(MLX_LIBRARY_FOLDER mlx/lib)
  set(MLX_INCLUDE_FOLDER mlx/include)
  set(MLX_CMAKE_FOLDER mlx/share/cmake/MLX)
else()
  set(MLX_PYTHON_FOLDER ${CMAKE_INSTALL_LIBDIR}/python/mlx)
  set(MLX_LIBRARY_FOLDER ${CMAKE_INSTALL_LIBDIR})
  set(MLX_INCLUDE_FOLDER ${CMAKE_INSTALL_INCLUDEDIR})
  set(MLX_CMAKE_FOLDER ${CMAKE_INSTALL_DATADIR}/cmake/MLX)
endif()

# The public headers, and the two of the inside that they stand on, under their public names.
set(MLX_BUILD_INCLUDE ${CMAKE_BINARY_DIR}/include)
set(MLX_SHARED_HEADERS ${CMAKE_SOURCE_DIR}/csrc/base/half.h ${CMAKE_SOURCE_DIR}/csrc/base/small_vector.h)
file(COPY ${MLX_SHARED_HEADERS} DESTINATION ${MLX_BUILD_INCLUDE}/mlx/base)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${MLX_SHARED_HEADERS})

file(GLOB API_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/csrc/api/*.cpp)
add_library(mlx SHARED ${API_SOURCES})
set_target_properties(mlx PROPERTIES CXX_VISIBILITY_PRESET default LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/python/mlx/lib)
target_compile_options(mlx PRIVATE -Wall -Wextra -fno-semantic-interposition)
if(MLX_WARNINGS_AS_ERRORS)
  target_compile_options(mlx PRIVATE -Werror)
endif()
target_compile_features(mlx PUBLIC cxx_std_20)
target_include_directories(
  mlx PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<BUILD_INTERFACE:${MLX_BUILD_INCLUDE}>
             $<INSTALL_INTERFACE:${MLX_INCLUDE_FOLDER}>)
target_include_directories(mlx PRIVATE ${CMAKE_SOURCE_DIR}/csrc)
target_include_directories(mlx SYSTEM PRIVATE ${OpenCL_INCLUDE_DIRS})
# All of mlx_core is inside; what other libraries' headers left in it stays there (libmlx.map).
target_link_libraries(
  mlx PRIVATE -Wl,--whole-archive $<TARGET_FILE:mlx_core> -Wl,--no-whole-archive
              -Wl,-Bsymbolic-functions -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/libmlx.map
              $<TARGET_PROPERTY:mlx_core,LINK_LIBRARIES>)
add_dependencies(mlx mlx_core)
set_target_properties(mlx PROPERTIES LINK_DEPENDS "${CMAKE_SOURCE_DIR}/cmake/libmlx.map;$<TARGET_FILE:mlx_core>")
install(TARGETS mlx EXPORT MLXTargets LIBRARY DESTINATION ${MLX_LIBRARY_FOLDER})

if(MLX_BUILD_C)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  # Headers and definitions that a row says all about are written from the rows.
  set(C_GENERATOR ${CMAKE_SOURCE_DIR}/tools/c/generate.py)
  file(GLOB C_TABLES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/csrc/c/*.def)
  list(REMOVE_ITEM C_TABLES ${CMAKE_SOURCE_DIR}/csrc/c/handles.def)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${C_TABLES} ${C_GENERATOR})
  execute_process(COMMAND ${Python3_EXECUTABLE} ${C_GENERATOR} --list ${C_TABLES} OUTPUT_VARIABLE C_DEFINITIONS
                  COMMAND_ERROR_IS_FATAL ANY)
  list(TRANSFORM C_DEFINITIONS PREPEND ${CMAKE_BINARY_DIR}/c/)
  set(C_HEADERS)
  foreach(table IN LISTS C_TABLES)
    get_filename_component(stem ${table} NAME_WE)
    list(APPEND C_HEADERS ${MLX_BUILD_INCLUDE}/mlx/c/${stem}.h)
  endforeach()
  add_custom_command(
    OUTPUT ${C_HEADERS} ${C_DEFINITIONS}
    COMMAND ${Python3_EXECUTABLE} ${C_GENERATOR} ${MLX_BUILD_INCLUDE}/mlx/c ${CMAKE_BINARY_DIR}/c ${C_TABLES}
    DEPENDS ${C_TABLES} ${C_GENERATOR}
    VERBATIM)

  file(GLOB C_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/csrc/c/*.cpp)
  add_library(mlxc SHARED ${C_SOURCES} ${C_DEFINITIONS})
  set_target_properties(mlxc PROPERTIES CXX_VISIBILITY_PRESET default INSTALL_RPATH "$ORIGIN" BUILD_RPATH_USE_ORIGIN ON
                        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/python/mlx/lib
                        LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/libmlxc.map)
  target_compile_options(mlxc PRIVATE -Wall -Wextra)
  if(MLX_WARNINGS_AS_ERRORS)
    target_compile_options(mlxc PRIVATE -Werror)
  endif()
  target_include_directories(
    mlxc PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<BUILD_INTERFACE:${MLX_BUILD_INCLUDE}>
                $<INSTALL_INTERFACE:${MLX_INCLUDE_FOLDER}>)
  target_include_directories(mlxc PRIVATE ${CMAKE_SOURCE_DIR}/csrc)
  target_link_libraries(mlxc PRIVATE mlx -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/libmlxc.map)
  install(TARGETS mlxc EXPORT MLXTargets LIBRARY DESTINATION ${MLX_LIBRARY_FOLDER})
  install(FILES ${C_HEADERS} DESTINATION ${MLX_INCLUDE_FOLDER}/mlx/c)
endif()

install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/mlx DESTINATION ${MLX_INCLUDE_FOLDER})
install(FILES ${MLX_SHARED_HEADERS} DESTINATION ${MLX_INCLUDE_FOLDER}/mlx/base)
install(EXPORT MLXTargets DESTINATION ${MLX_CMAKE_FOLDER})
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/MLXConfig.cmake.in ${CMAKE_BINARY_DIR}/MLXConfig.cmake
                              INSTALL_DESTINATION ${MLX_CMAKE_FOLDER}
                              PATH_VARS MLX_INCLUDE_FOLDER MLX_LIBRARY_FOLDER NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/MLXConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/MLXConfig.cmake ${CMAKE_BINARY_DIR}/MLXConfigVersion.cmake
        DESTINATION ${MLX_CMAKE_FOLDER})
# mlx.pc finds its prefix from where it lies itself.
file(RELATIVE_PATH MLX_PC_INCLUDE /${MLX_LIBRARY_FOLDER}/pkgconfig /${MLX_INCLUDE_FOLDER})
configure_file(${CMAKE_SOURCE_DIR}/cmake/mlx.pc.in ${CMAKE_BINARY_DIR}/mlx.pc @ONLY)
configure_file(${CMAKE_SOURCE_DIR}/cmake/mlxc.pc.in ${CMAKE_BINARY_DIR}/mlxc.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/mlx.pc ${CMAKE_BINARY_DIR}/mlxc.pc DESTINATION ${MLX_LIBRARY_FOLDER}/pkgconfig)
