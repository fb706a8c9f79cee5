# SPDX-License-Identifier: Apache-2.0
# remora_library(<name> [DEPS targets...] [PRIVATE targets...]): every .c of this folder is one static
# library remora_<name>. DEPS name what its headers include, so the link list repeats the layering.
function(remora_library name)
    cmake_parse_arguments(A "" "" "DEPS;PRIVATE;SOURCES" ${ARGN})
    if(NOT A_SOURCES)
        file(GLOB A_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
    endif()
    if(A_SOURCES)
        add_library(remora_${name} STATIC ${A_SOURCES})
        target_link_libraries(remora_${name} PRIVATE remora_flags ${A_PRIVATE} PUBLIC ${A_DEPS})
    else()
        add_library(remora_${name} INTERFACE)
        target_link_libraries(remora_${name} INTERFACE ${A_DEPS})
    endif()
endfunction()

# remora_program(<name> SOURCES ... LIBS ...)
function(remora_program name)
    cmake_parse_arguments(A "" "" "SOURCES;LIBS" ${ARGN})
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE remora_flags ${A_LIBS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# remora_test(<label> <name> SOURCES ... LIBS ...): one cmocka program, one ctest.
function(remora_test label name)
    cmake_parse_arguments(A "" "" "SOURCES;LIBS" ${ARGN})
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE remora_flags ${A_LIBS} cmocka)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test)
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 300
        ENVIRONMENT "ASAN_OPTIONS=handle_segv=2:allow_user_segv_handler=0;REMORA_SOURCE=${CMAKE_SOURCE_DIR}")
endfunction()
