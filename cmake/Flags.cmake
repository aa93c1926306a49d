# hand_flags: what everything of ours is compiled and linked with.

include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(hand_flags INTERFACE)
target_include_directories(hand_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(hand_flags INTERFACE
	_GNU_SOURCE
	SPOOLHAND_VERSION="${PROJECT_VERSION}")

target_compile_options(hand_flags INTERFACE
	-Wall
	-Wextra
	-Wpedantic
	-Wformat=2
	-Wimplicit-fallthrough
	-Wmissing-prototypes
	-Wold-style-definition
	-Wpointer-arith
	-Wshadow
	-Wstrict-prototypes
	-Wundef
	-Wvla
	-Wwrite-strings
	$<$<C_COMPILER_ID:GNU>:-Wduplicated-cond>
	$<$<C_COMPILER_ID:GNU>:-Wlogical-op>
	$<$<C_COMPILER_ID:Clang>:-Wcomma>
	$<$<C_COMPILER_ID:Clang>:-Wshorten-64-to-32>)

if(SPOOLHAND_WERROR)
	target_compile_options(hand_flags INTERFACE -Werror)
endif()

if(SPOOLHAND_HARDEN)
	target_compile_options(hand_flags INTERFACE
		-U_FORTIFY_SOURCE
		-D_FORTIFY_SOURCE=2
		-fstack-clash-protection
		-fstack-protector-strong)
	target_link_options(hand_flags INTERFACE
		LINKER:-z,relro
		LINKER:-z,now
		LINKER:-z,noexecstack)
endif()

if(SPOOLHAND_SANITIZE)
	set(sanitize
		-fsanitize=${SPOOLHAND_SANITIZE}
		-fno-sanitize-recover=all
		-fno-omit-frame-pointer)
	target_compile_options(hand_flags INTERFACE ${sanitize} -O1)
	target_link_options(hand_flags INTERFACE ${sanitize})
endif()

# What the sanitizers are told when a test runs.  Exit status 99 is nobody's,
# so a test that expects some failure is not content with a report.
set(HAND_ASAN_OPTIONS halt_on_error=1:detect_leaks=1:exitcode=99)
string(APPEND HAND_ASAN_OPTIONS
	:detect_stack_use_after_return=1:strict_string_checks=1)
set(HAND_UBSAN_OPTIONS halt_on_error=1:print_stacktrace=1:exitcode=99)

if(SPOOLHAND_COVERAGE)
	target_compile_options(hand_flags INTERFACE --coverage -O0)
	target_link_options(hand_flags INTERFACE --coverage)
endif()
