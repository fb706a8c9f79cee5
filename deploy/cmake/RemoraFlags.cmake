# SPDX-License-Identifier: Apache-2.0
# Warnings both compilers accept, hardening, sanitizers.
set(REMORA_WARN
    -Wall -Wextra -Wformat=2 -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wvla
    -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wimplicit-fallthrough -Wdouble-promotion
    -Wenum-conversion -Wnull-dereference -Wpointer-arith -Wwrite-strings)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND REMORA_WARN -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init
        -Wformat-signedness -Wtrampolines -Wcast-align=strict)
else()
    list(APPEND REMORA_WARN -Wcomma -Wunreachable-code -Wnewline-eof)
endif()
if(REMORA_WERROR)
    list(APPEND REMORA_WARN -Werror)
endif()
add_library(remora_flags INTERFACE)
target_compile_options(remora_flags INTERFACE ${REMORA_WARN})
target_include_directories(remora_flags INTERFACE ${CMAKE_SOURCE_DIR})

# No machine path in a binary: builds of two checkouts are the same bytes.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -fno-omit-frame-pointer)
if(REMORA_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -O1 -g)
    add_link_options(-fsanitize=address,undefined)
else()
    add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection=full
        -ftrivial-auto-var-init=pattern -fPIE)
    if(CMAKE_BUILD_TYPE MATCHES "Rel")
        add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    endif()
    add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed)
endif()
if(REMORA_MUTANTS)
    add_compile_definitions(REMORA_MUTANTS=1)
endif()
