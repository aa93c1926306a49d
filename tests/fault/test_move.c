#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "spool/find.h"
#include "spool/move.h"
#include "spool/recover.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

static void
prepare(struct fixture *f)
{
	struct journal_line line = JOURNAL_LINE;

	(void)fixture_task(f, PLACE_READY, 1, "a", "Do it.\n");
	line.ev = "move";
	line.id = "a";
	line.to = "READY";
	assert_int_equal(journal_write(&f->journal, 1, &line), 0);
}

static int
start(struct fixture *f)
{
	const struct move m = { .from = PLACE_READY,
		                .to = PLACE_RUNNING,
		                .count_attempt = true };
	struct entry e = { CLASS_MEDIUM, 1, 0, "a" };

	return move_task(f->desk, &f->journal, &m, &e, FIXTURE_NOW);
}

static void
check(struct fixture *f, const char *row, int result)
{
	struct found found;

	if (fixture_copies(f, "a") != 1)
		fail_msg("%s: there are %d", row, fixture_copies(f, "a"));
	assert_int_equal(find_task(f->desk, "a", &found), 0);
	/* What was told is true: it moved, or it stays where it was. */
	if (result < 0 && result != -EINTR)
		check_number(row, found.place, PLACE_READY);
	else if (result >= 0)
		check_number(row, found.place, PLACE_RUNNING);
}

static int
no_policy(void *arg, const struct entry *e, struct record *rec)
{
	(void)arg;
	(void)e;
	(void)rec;
	return 0;
}

/* A living agent tries again; a new one recovers. */
static int
resume(struct fixture *f, bool died)
{
	struct recover_count n;
	struct found found;
	int r;

	if (died)
		return recover_desk(f->desk, &f->journal, FIXTURE_NOW,
		                    no_policy, NULL, &n, NULL);
	r = find_task(f->desk, "a", &found);
	return r == 0 && found.place == PLACE_READY ? start(f) : r;
}

static int
note_last(void *arg, const struct json *line, int64_t offset)
{
	const char **state = arg;

	(void)offset;
	*state = state_name(state_parse(json_str(json_get(line, "to"), NULL)));
	return 0;
}

static void
after(struct fixture *f, const char *row)
{
	const char *last = "";
	struct found found;
	autofree char *text = NULL;
	autofree char *private = fixture_private(f);

	check_number(row, fixture_copies(f, "a"), 1);
	assert_int_equal(find_task(f->desk, "a", &found), 0);
	text = fixture_read(f, found.place, found.name);
	check_text(row, text, "Do it.\n");
	assert_int_equal(journal_read(f->desk, 0, note_last, &last), 0);
	check_text(row, last, state_name(desk_place_state(found.place)));
	check_text(row, private, "");
}

static void
a_task_is_in_one_place_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare, start, check, resume,
		                             after };

	(void)state;
	fault_run(&c);
}

static void
the_line_is_written_before_the_rename_and_nothing_is_synced(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;

	f->spool->durable = true;
	prepare(f);
	trace = fault_trace(f, start);
	assert_string_equal(trace, "write:journal.jsonl "
	                           "rename:5.000000000001.1.a ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_is_in_one_place_whatever_fails),
		cmocka_unit_test_setup_teardown(
			the_line_is_written_before_the_rename_and_nothing_is_synced,
			fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
