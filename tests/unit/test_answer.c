#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "spool/answer.h"
#include "spool/calls.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define SETTLE_NS 300000000LL

static int
claim(struct fixture *f, struct drop *drop, const char *name, int64_t now_ns,
      struct err *err)
{
	drop->name = (char *)(uintptr_t)name;
	return answer_claim(f->desk, drop, "t", 3, now_ns, SETTLE_NS, err);
}

static void
a_name_is_taken_apart(void **state)
{
	static const struct {
		const char *name, *id;
		int64_t number;
	} rows[] = {
		{ "t.1", "t", 1 },       { "t.0", "t", 0 },
		{ "a.b.12", "a.b", 12 }, { "t.9999", "t", 9999 },
		{ "t", NULL, 0 },        { "t.", NULL, 0 },
		{ "t.x", NULL, 0 },      { "t.1x", NULL, 0 },
		{ "t.01", NULL, 0 },     { "t.-1", NULL, 0 },
		{ ".1", NULL, 0 },       { "t t.1", NULL, 0 },
		{ "t.10000", NULL, 0 },  { "../t.1", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct answer_name n;
		int r = answer_parse(rows[i].name, &n);

		check_number(rows[i].name, r, rows[i].id ? 0 : -EBADMSG);
		if (r < 0)
			continue;
		check_text(rows[i].name, n.id, rows[i].id);
		check_number(rows[i].name, n.number, rows[i].number);
	}
}

static void
one_that_is_whole_is_claimed_once(void **state)
{
	struct fixture *f = *state;
	struct drop drop = { 0 };
	autostr text = STR_INIT;
	struct err err = { "" };
	int64_t uid = -1;

	f->spool->durable = true;
	fixture_put(f, PLACE_ANSWERS, "t", "yes\n");
	assert_int_equal(claim(f, &drop, "t", 1, &err), 1);
	assert_false(fixture_has(f, PLACE_ANSWERS, "t"));
	assert_int_equal(claim(f, &drop, "t", 2, &err), -ENOENT);
	assert_int_equal(answer_read(f->desk, "t", 3, &text, &uid, &err), 0);
	check_text("its text", text.data, "yes\n");
	check_number("its owner", uid, geteuid());
	assert_int_equal(answer_done(f->desk, "t", 3), 0);
	assert_int_equal(answer_done(f->desk, "t", 3), 0);
	assert_int_equal(answer_read(f->desk, "t", 3, &text, &uid, &err),
	                 -ENOENT);
}

static void
a_claim_is_not_replaced(void **state)
{
	struct fixture *f = *state;
	struct drop drop = { 0 }, other = { 0 };
	struct err err = { "" };

	fixture_put(f, PLACE_ANSWERS, "t", "first\n");
	assert_int_equal(claim(f, &drop, "t", 1, &err), 1);
	fixture_put(f, PLACE_ANSWERS, "t.3", "second\n");
	assert_int_equal(claim(f, &other, "t.3", 1, &err), -EEXIST);
	assert_true(fixture_has(f, PLACE_ANSWERS, "t.3"));
}

static void
one_that_is_written_to_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct drop drop = { 0 };
	struct err err = { "" };
	autoclose int fd = openat(f->desk->at[PLACE_ANSWERS], "t",
	                          O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, "ye", 2), 2);
	assert_int_equal(claim(f, &drop, "t", 1, &err), 0);
	assert_true(drop.settle.recheck_ns > 1);
	assert_int_equal(write(fd, "s\n", 2), 2);
	(void)close(take_fd(fd));
	assert_int_equal(claim(f, &drop, "t", 2, &err), 1);
}

static void
an_empty_one_is_given_time(void **state)
{
	struct fixture *f = *state;
	struct drop drop = { 0 };
	struct err err = { "" };

	fixture_put(f, PLACE_ANSWERS, "t", "");
	assert_int_equal(claim(f, &drop, "t", 1, &err), 0);
	assert_int_equal(claim(f, &drop, "t", SETTLE_NS / 2, &err), 0);
	assert_int_equal(claim(f, &drop, "t", SETTLE_NS + 2, &err), 1);
}

static void
make_socket(struct fixture *f)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path),
	               "/proc/self/fd/%d/socket", f->desk->at[PLACE_ANSWERS]);
	assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
}

static void
what_is_no_file_of_text_is_never_opened(void **state)
{
	static const char *const names[] = { "link", "dangling", "fifo",
		                             "dir",  "socket",   "giant" };
	struct fixture *f = *state;
	int dir = f->desk->at[PLACE_ANSWERS];
	autoclose int giant = -1;

	fixture_put(f, PLACE_READY, "secret", "x");
	scratch_symlink(dir, "../ready/secret", "link");
	scratch_symlink(dir, "/nowhere", "dangling");
	scratch_fifo(dir, "fifo");
	scratch_mkdir(dir, "dir");
	make_socket(f);
	giant = openat(dir, "giant", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(ftruncate(giant, (off_t)1 << 40), 0);
	for (size_t i = 0; i < countof(names); i++) {
		struct drop drop = { 0 };
		struct err err = { "" };

		check_number(names[i], claim(f, &drop, names[i], 1, &err),
		             -EBADMSG);
		assert_true(err.text[0]);
		assert_true(fixture_has(f, PLACE_ANSWERS, names[i]));
	}
}

static void
a_claim_that_has_no_text_is_told(void **state)
{
	struct fixture *f = *state;
	int work = f->desk->at[PLACE_WORK];
	autostr text = STR_INIT;
	struct err err = { "" };
	int64_t uid;

	scratch_mkdir(work, "t");
	scratch_mkdir(work, "t/answer.3");
	assert_int_equal(answer_read(f->desk, "t", 3, &text, &uid, &err),
	                 -EBADMSG);
	scratch_symlink(work, "/etc/hostname", "t/answer.4");
	assert_int_equal(answer_read(f->desk, "t", 4, &text, &uid, &err),
	                 -EBADMSG);
}

static void
what_is_rejected_keeps_its_name_and_has_a_reason(void **state)
{
	struct fixture *f = *state;
	struct drop drop = { 0 };
	struct err err = { "" };
	autofree char *why = NULL;

	fixture_put(f, PLACE_ANSWERS, "t.3", "no\n");
	assert_int_equal(claim(f, &drop, "t.3", 1, &err), 1);
	assert_int_equal(answer_reject(f->desk, "t", 3, "t.3", "not so", &err),
	                 0);
	assert_true(fixture_has(f, PLACE_REJECTED, "t.3"));
	why = fixture_read(f, PLACE_REJECTED, "t.3.why");
	check_text("why", why, "not so\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_taken_apart),
		cmocka_unit_test_setup_teardown(
			one_that_is_whole_is_claimed_once, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(a_claim_is_not_replaced,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(
			one_that_is_written_to_is_waited_for, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(an_empty_one_is_given_time,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(
			what_is_no_file_of_text_is_never_opened, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_claim_that_has_no_text_is_told, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			what_is_rejected_keeps_its_name_and_has_a_reason,
			fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
