# Programs are installed where hand_program() declares them.

foreach(section 1 3 5 7 8)
	file(GLOB pages CONFIGURE_DEPENDS
		${PROJECT_SOURCE_DIR}/docs/man/*.${section})
	if(pages)
		install(FILES ${pages}
			DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
	endif()
endforeach()

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
	DESTINATION ${CMAKE_INSTALL_DOCDIR})

# `spoolhand init --example NAME` looks there.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples
	DESTINATION ${CMAKE_INSTALL_DATADIR}/spoolhand
	USE_SOURCE_PERMISSIONS)
