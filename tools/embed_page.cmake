# Makes a C++ file that holds the page's files as bytes: cmake -D OUT=... -D FOLDER=... -P this.
# By CMake alone, because a bare machine has no other tool for it.
set(scripts model view draw detail dense minimap panels input selftest page)
set(text "// Made by tools/embed_page.cmake.\n#include \"tools/page.h\"\n\nnamespace reprise {\n")
macro(embed name)
  set(hex "")
  foreach(file ${ARGN})
    file(READ ${FOLDER}/${file} bytes HEX)
    string(APPEND hex ${bytes})
  endforeach()
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND text "static const unsigned char k${name}[] = {${bytes}};\n"
         "std::string_view ${name}OfPage() {\n"
         "  return {reinterpret_cast<const char*>(k${name}), sizeof k${name}};\n}\n")
endmacro()
embed(Frame page.html)
embed(Style page.css)
list(TRANSFORM scripts APPEND .js)
embed(Script ${scripts})
file(WRITE ${OUT} "${text}}  // namespace reprise\n")
