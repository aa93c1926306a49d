# The libraries of others.  Each is used by one file of one room.

find_package(PkgConfig REQUIRED)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)

# Of libcrypto only SHA-256 is wanted.  The archive gives a few kilobytes of
# it; the shared library would be mapped whole into every idle agent.
find_path(HAND_CRYPTO_INCLUDE openssl/sha.h REQUIRED)
find_library(HAND_CRYPTO_LIBRARY NAMES libcrypto.a crypto REQUIRED)
add_library(hand_crypto INTERFACE)
target_include_directories(hand_crypto SYSTEM INTERFACE ${HAND_CRYPTO_INCLUDE})
target_link_libraries(hand_crypto INTERFACE ${HAND_CRYPTO_LIBRARY})
if(NOT HAND_CRYPTO_LIBRARY MATCHES "\\.a$")
	message(STATUS "no libcrypto.a: agents will use the shared library")
endif()

add_library(hand_cmocka INTERFACE)
if(CMOCKA_FOUND)
	target_link_libraries(hand_cmocka INTERFACE PkgConfig::CMOCKA)
	set(CMOCKA_FOUND ON)
else()
	set(CMOCKA_FOUND OFF)
endif()
