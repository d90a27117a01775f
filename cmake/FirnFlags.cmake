# Flags of every Firn target. Results must not depend on how the compiler fuses
# multiplications and additions, so contraction is off everywhere.
find_program(FIRN_CCACHE ccache)
if(FIRN_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${FIRN_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${FIRN_CCACHE})
endif()

add_library(firn_flags INTERFACE)
target_compile_options(firn_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Werror
  -march=x86-64-v2 -ffp-contract=off -fno-math-errno -ffunction-sections -fdata-sections)
# At -O3 GCC 12 sees overlaps in std::string and overflows in fmt that are not there.
target_compile_options(firn_flags INTERFACE "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow>")
target_link_options(firn_flags INTERFACE -Wl,--gc-sections)
if(FIRN_DCHECKS)
  target_compile_definitions(firn_flags INTERFACE FIRN_DCHECKS=1)
endif()
if(FIRN_SANITIZE)
  target_compile_options(firn_flags INTERFACE -fsanitize=${FIRN_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(firn_flags INTERFACE -fsanitize=${FIRN_SANITIZE})
  # GCC's flow analysis reports false positives on instrumented code.
  target_compile_options(firn_flags INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds>)
  if(FIRN_SANITIZE MATCHES "thread")
    # Asio has fences, which ThreadSanitizer does not follow; it locks as well.
    target_compile_options(firn_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  endif()
  if(FIRN_SANITIZE MATCHES "undefined")
    target_compile_options(firn_flags INTERFACE -fno-sanitize-recover=undefined)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(firn_flags INTERFACE -Wthread-safety)
endif()
