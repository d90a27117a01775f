# Joining sources for builds that are made whole, as sanitized ones in CI: headers are read once
# per group instead of once per file. Off where single files are rebuilt.
option(FIRN_UNITY "Compile several sources of a library as one" OFF)

# Names that stand at the beginning of a line of `path`: definitions in namespaces.
function(firn_defined_names path out)
  file(STRINGS ${path} lines REGEX
       "^(class|struct|enum|using|constexpr|const|static|inline|template|[A-Za-z_][A-Za-z0-9_:<>, *&]* [*&]*[A-Za-z0-9_]+\\()")
  set(names)
  foreach(line IN LISTS lines)
    if(line MATCHES "^enum [A-Z]")
      set(line "enum class kUnscoped {")  # Its enumerators are names, too, anywhere below.
    endif()
    if(line MATCHES "^(enum class|class|struct|using) ([A-Za-z0-9_]+)" AND NOT line MATCHES "^[^{]*;$")
      list(APPEND names ${CMAKE_MATCH_2})
    elseif(line MATCHES "^using ([A-Za-z0-9_]+) =")
      list(APPEND names ${CMAKE_MATCH_1})
    elseif(line MATCHES "[ *&]([A-Za-z0-9_]+)(\\(|\\[| =|{|;)")
      list(APPEND names ${CMAKE_MATCH_1})
    endif()
  endforeach()
  set(${out} ${names} PARENT_SCOPE)
endfunction()

# Joins the sources of `target` with FIRN_UNITY. A source that defines a name that an earlier one
# defines too may do so in an unnamed namespace, and stays on its own, as one with unscoped
# enumerations does.
function(firn_join_sources target)
  if(NOT FIRN_UNITY)
    return()
  endif()
  set(taken kUnscoped)
  foreach(source IN LISTS ARGN)
    get_filename_component(path ${source} ABSOLUTE)
    get_source_file_property(generated ${source} GENERATED)
    if(generated)
      continue()
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    firn_defined_names(${path} names)
    set(meets FALSE)
    foreach(name IN LISTS names)
      if(name IN_LIST taken)
        set(meets TRUE)
      endif()
    endforeach()
    if(meets)
      set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    else()
      list(APPEND taken ${names})
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
endfunction()
