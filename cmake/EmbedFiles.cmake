# cmake -DOUTPUT=F.inc "-DFILES=name=path;..." -P EmbedFiles.cmake
# Writes an initializer list of {"name", "content"} pairs, sorted by name, from
# files of text.
set(entries "")
list(SORT FILES)
foreach(file IN LISTS FILES)
  string(REGEX MATCH "^([^=]+)=(.+)$" matched "${file}")
  set(name "${CMAKE_MATCH_1}")
  file(READ "${CMAKE_MATCH_2}" content)
  string(FIND "${content}" ")qat\"" end)
  if(NOT end EQUAL -1)
    message(FATAL_ERROR "${name} contains the end of a raw string")
  endif()
  string(APPEND entries "{\"${name}\", R\"qat(${content})qat\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "${entries}")
