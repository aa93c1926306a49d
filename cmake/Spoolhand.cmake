# The functions that the rooms and the tests are built with.
#
# A room is a folder and one static library, hand_<room>.  Its sources are all
# of its *.c files but main.c; nothing is listed by hand.  Beside each library
# stands a twin, hand_<room>_faults, compiled with SPOOLHAND_FAULTS: the calls
# in base/sys.c can be made to fail there.  Only tests/fault and tests/crash
# link the twins, and nobody else builds them.

# Rooms in the order they were declared.
set_property(GLOBAL PROPERTY HAND_ROOMS "")

# hand_sources(<var> <pattern>...) - sources of this folder but main.c.
function(hand_sources var)
	list(TRANSFORM ARGN PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
	file(GLOB found CONFIGURE_DEPENDS ${ARGN})
	list(FILTER found EXCLUDE REGEX "/main\\.c$")
	set(${var} ${found} PARENT_SCOPE)
endfunction()

# One library; without sources it only carries its dependencies.
function(hand_static target)
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
	if(arg_SOURCES)
		add_library(${target} STATIC ${arg_SOURCES})
		target_link_libraries(${target}
			PUBLIC ${arg_LINKS} PRIVATE hand_flags)
	else()
		add_library(${target} INTERFACE)
		target_link_libraries(${target} INTERFACE ${arg_LINKS})
	endif()
endfunction()

# The twin <target>_faults of such a library.
function(hand_twin target)
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
	hand_static(${target}_faults SOURCES ${arg_SOURCES} LINKS ${arg_LINKS})
	if(arg_SOURCES)
		target_compile_definitions(${target}_faults
			PUBLIC SPOOLHAND_FAULTS)
		# clang-tidy has read these files once already.
		set_target_properties(${target}_faults PROPERTIES
			EXCLUDE_FROM_ALL ON EXPORT_COMPILE_COMMANDS OFF)
	endif()
endfunction()

# hand_library(<room> [<room it may include>...] [LINKS <library>...])
function(hand_library room)
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS")
	set(rooms ${arg_UNPARSED_ARGUMENTS})
	list(TRANSFORM rooms PREPEND "hand_")
	set(twins ${rooms})
	list(TRANSFORM twins APPEND "_faults")

	hand_sources(sources *.c)
	if(NOT sources)
		message(STATUS "room ${room} has no sources yet, skipped")
	endif()
	hand_static(hand_${room} SOURCES ${sources}
		LINKS ${rooms} ${arg_LINKS})
	hand_twin(hand_${room} SOURCES ${sources}
		LINKS ${twins} ${arg_LINKS})
	set_property(GLOBAL APPEND PROPERTY HAND_ROOMS ${room})
endfunction()

# hand_define(<room> <definition>...) - for the room's own sources, both twins.
function(hand_define room)
	foreach(target hand_${room} hand_${room}_faults)
		get_target_property(type ${target} TYPE)
		if(NOT type STREQUAL "INTERFACE_LIBRARY")
			target_compile_definitions(${target} PRIVATE ${ARGN})
		endif()
	endforeach()
endfunction()

# hand_rooms(<var> [<suffix>]) - every room's library, upper rooms first.
function(hand_rooms var)
	get_property(rooms GLOBAL PROPERTY HAND_ROOMS)
	list(REVERSE rooms)
	list(TRANSFORM rooms PREPEND "hand_")
	list(TRANSFORM rooms APPEND "${ARGN}")
	set(${var} ${rooms} PARENT_SCOPE)
endfunction()

# hand_program(<name> <room> <main.c>) - a program of bin/, installed.
function(hand_program name room main)
	if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${main})
		message(STATUS "program ${name} has no ${main} yet, skipped")
		# Look again when it comes.
		file(GLOB unused CONFIGURE_DEPENDS
			${CMAKE_CURRENT_SOURCE_DIR}/*.c)
		return()
	endif()
	add_executable(${name} ${main})
	target_link_libraries(${name} PRIVATE hand_${room} hand_flags)
	set_target_properties(${name} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
	install(TARGETS ${name} RUNTIME)
endfunction()

# What every test is given.
function(hand_test_properties test)
	set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT
		"SPOOLHAND_SRC=${PROJECT_SOURCE_DIR}"
		"SPOOLHAND_BIN=${CMAKE_BINARY_DIR}/bin"
		"ASAN_OPTIONS=${HAND_ASAN_OPTIONS}"
		"UBSAN_OPTIONS=${HAND_UBSAN_OPTIONS}")
	set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT_MODIFICATION
		"SPOOLHAND_ROOT=unset:")
endfunction()

# hand_unit(<label> <test_x.c> [FAULTS] [TIMEOUT <s>]) - one file, one cmocka
# program, the test <label>/<x>.
function(hand_unit label source)
	cmake_parse_arguments(PARSE_ARGV 2 arg "FAULTS" "TIMEOUT" "")
	set(suffix "")
	if(arg_FAULTS)
		set(suffix "_faults")
	endif()
	if(NOT arg_TIMEOUT)
		set(arg_TIMEOUT 60)
	endif()
	cmake_path(GET source STEM stem)
	string(REGEX REPLACE "^test_" "" name ${stem})
	hand_rooms(rooms ${suffix})

	add_executable(${label}_${name} ${source})
	target_link_libraries(${label}_${name} PRIVATE
		hand_test_support${suffix} ${rooms} hand_cmocka hand_flags)
	set_target_properties(${label}_${name} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/${label}
		OUTPUT_NAME ${name})

	add_test(NAME ${label}/${name} COMMAND ${label}_${name})
	set_tests_properties(${label}/${name} PROPERTIES
		LABELS ${label} TIMEOUT ${arg_TIMEOUT})
	hand_test_properties(${label}/${name})
endfunction()

# hand_fuzz(<fuzz_x.c>) - the test fuzz/<x>.  With SPOOLHAND_FUZZ a libFuzzer
# program, elsewhere a program that replays tests/fuzz/corpus/<x>/.
function(hand_fuzz source)
	cmake_path(GET source STEM stem)
	string(REGEX REPLACE "^fuzz_" "" name ${stem})
	set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
	hand_rooms(rooms)

	add_executable(${stem} ${source})
	target_link_libraries(${stem} PRIVATE ${rooms} hand_flags)
	# libFuzzer calls the entry point by name; there is no header for it.
	set_source_files_properties(${source} PROPERTIES
		COMPILE_OPTIONS -Wno-missing-prototypes)
	set_target_properties(${stem} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/fuzz)
	if(SPOOLHAND_FUZZ)
		# New inputs go to the first folder, in the build tree.
		set(found ${CMAKE_BINARY_DIR}/corpus/${name})
		file(MAKE_DIRECTORY ${found})
		target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
		add_test(NAME fuzz/${name} COMMAND ${stem}
			-max_total_time=${SPOOLHAND_FUZZ_SECONDS}
			-artifact_prefix=${found}- ${found} ${corpus})
		math(EXPR timeout "${SPOOLHAND_FUZZ_SECONDS} + 120")
	else()
		target_sources(${stem} PRIVATE fuzz/replay_main.c)
		add_test(NAME fuzz/${name} COMMAND ${stem} ${corpus})
		set(timeout 120)
	endif()
	set_tests_properties(fuzz/${name} PROPERTIES
		LABELS fuzz TIMEOUT ${timeout})
	hand_test_properties(fuzz/${name})
endfunction()

# hand_script(<label> <x.sh> [TIMEOUT <s>] [SERIAL <regex>...]) - the test
# <label>/<x>, run with bash.  A script that prints "1..0 # SKIP why" and
# nothing else was skipped.
function(hand_script label source)
	cmake_parse_arguments(PARSE_ARGV 2 arg "" "TIMEOUT" "SERIAL")
	cmake_path(GET source STEM LAST_ONLY name)
	set(test ${label}/${name})
	add_test(NAME ${test} COMMAND bash
		${PROJECT_SOURCE_DIR}/tests/run-script.sh ${source})
	set_tests_properties(${test} PROPERTIES LABELS ${label}
		TIMEOUT ${arg_TIMEOUT} SKIP_REGULAR_EXPRESSION "1\\.\\.0 # SKIP")
	hand_test_properties(${test})
	if(SPOOLHAND_SANITIZE)
		set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT
			"SPOOLHAND_SANITIZED=1")
	endif()
	foreach(pattern IN LISTS arg_SERIAL)
		if(name MATCHES ${pattern})
			set_tests_properties(${test} PROPERTIES RUN_SERIAL ON)
		endif()
	endforeach()
endfunction()
