# Installs the core as a static library, with the headers and a file for pkg-config.
set(ANNOTTY_PC_REQUIRES "libpcre2-8 >= 10.40")
if(ANNOTTY_VECTORSCAN)
  string(APPEND ANNOTTY_PC_REQUIRES ", libhs")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/annotty.pc.in annotty.pc @ONLY)

install(TARGETS annotty-core annotty-config COMPONENT development)
install(DIRECTORY include/annotty TYPE INCLUDE COMPONENT development)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/annotty.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
