#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/sys.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

/* From FIPS 180-4 and its examples. */
static const struct {
	const char *text, *hex;
} known[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85"
	      "5" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f200"
	         "15ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void
known_texts_have_their_digests(void **state)
{
	struct scratch *s = *state;

	for (size_t i = 0; i < countof(known); i++) {
		char hex[DIGEST_TEXT_MAX];
		autoclose int fd = -1;
		int64_t size = -1;

		digest_bytes(known[i].text, strlen(known[i].text), hex);
		check_text(known[i].text, hex, known[i].hex);
		scratch_write(s->fd, "a", known[i].text);
		fd = sys_open(s->fd, "a", 0);
		assert_int_equal(digest_fd(fd, hex, &size), 0);
		check_text(known[i].text, hex, known[i].hex);
		assert_int_equal(size, strlen(known[i].text));
	}
}

static void
a_million_letters_are_read_in_pieces(void **state)
{
	struct scratch *s = *state;
	autofree char *text = mem_new(1, 1000000);
	char hex[DIGEST_TEXT_MAX];
	autoclose int fd = -1;
	int64_t size;

	memset(text, 'a', 1000000);
	scratch_write_bytes(s->fd, "a", text, 1000000);
	fd = sys_open(s->fd, "a", 0);
	assert_int_equal(digest_fd(fd, hex, &size), 0);
	assert_int_equal(size, 1000000);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a49"
	                         "7200e046d39ccc7112cd0");
}

static void
a_digest_may_begin_later_and_moves_nothing(void **state)
{
	struct scratch *s = *state;
	char hex[DIGEST_TEXT_MAX];
	autoclose int fd = -1;
	int64_t size;

	scratch_write(s->fd, "a", "---\nabc");
	fd = sys_open(s->fd, "a", 0);
	assert_int_equal(digest_from(fd, 4, hex, &size), 0);
	assert_string_equal(hex, known[1].hex);
	assert_int_equal(size, 3);
	assert_int_equal(digest_from(fd, 100, hex, &size), 0);
	assert_string_equal(hex, known[0].hex);
	assert_int_equal(size <= 0, 1);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
}

static void
what_cannot_be_read_is_an_error(void **state)
{
	struct scratch *s = *state;
	char hex[DIGEST_TEXT_MAX];
	int64_t size;

	assert_true(digest_fd(-1, hex, &size) < 0);
	assert_true(digest_fd(s->fd, hex, &size) < 0);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(known_texts_have_their_digests),
		TEST(a_million_letters_are_read_in_pieces),
		TEST(a_digest_may_begin_later_and_moves_nothing),
		TEST(what_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
