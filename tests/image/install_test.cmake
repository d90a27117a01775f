# Installs into an empty directory and looks for what has to be there.
#   cmake -DBUILD=... -DPREFIX=... -P install_test.cmake
file(REMOVE_RECURSE "${PREFIX}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${PREFIX}"
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
foreach(file bin/firn share/man/man1/firn.1 share/man/man1/firn-capacity-forecast.1
        share/bash-completion/completions/firn share/zsh/site-functions/_firn)
  if(NOT EXISTS "${PREFIX}/${file}")
    message(FATAL_ERROR "${file} was not installed")
  endif()
  file(SIZE "${PREFIX}/${file}" size)
  if(size LESS 500)
    message(FATAL_ERROR "${file} has ${size} bytes")
  endif()
endforeach()
file(REMOVE_RECURSE "${PREFIX}")
