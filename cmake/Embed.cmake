# Writes OUT: the tables and rules under CONFIG as C arrays; see
# include/annotty/embedded.h.
cmake_minimum_required(VERSION 3.25)

# The order of families: it decides which one leads when several know a value and
# neither the rule nor the words of the line tell. Others follow by name.
set(tables)
foreach(family nx_secure_tls nx_secure_x509 nxd_mqtt nx_azure_iot nx_crypto nx_web_http
    nx_websocket nx nx_dns nx_dhcp nx_sntp tx tls_alert)
  list(APPEND tables ${CONFIG}/tables/${family}.tsv)
endforeach()
file(GLOB others ${CONFIG}/tables/*.tsv)
list(REMOVE_ITEM others ${tables})
list(APPEND tables ${others})
file(GLOB rules ${CONFIG}/rules/*.rules)

set(text "/* Made by cmake/Embed.cmake. */\n#include \"annotty/embedded.h\"\n\n")
function(embed what files)
  set(entries "")
  set(index 0)
  foreach(file ${files})
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
    get_filename_component(name ${file} NAME)
    string(APPEND text "static const unsigned char ${what}_${index}[] = {\n${hex}};\n\n")
    string(APPEND entries
      "\t{\"${what}/${name}\", {(const char *)${what}_${index}, sizeof(${what}_${index})}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  string(APPEND text "const struct ann_embedded ann_embedded_${what}[] = {\n${entries}"
    "\t{NULL, {NULL, 0}},\n};\n\n")
  set(text "${text}" PARENT_SCOPE)
endfunction()
embed(tables "${tables}")
embed(rules "${rules}")
file(WRITE ${OUT} "${text}")
