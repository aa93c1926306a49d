#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/admit.h"
#include "spool/record.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define MAX_BYTES 100000

/* The live ids, as an agent keeps them. */
static struct strset
live_ids(const struct fixture *f)
{
	struct strset ids = STRSET_INIT;

	for (int p = PLACE_PENDING; p <= PLACE_BLOCKED; p++) {
		autofree char *names = scratch_list(f->desk->at[p], ".");
		char *save = NULL;

		for (char *n = strtok_r(names, " ", &save); n;
		     n = strtok_r(NULL, " ", &save)) {
			struct entry e;

			if (entry_parse(n, &e) == 0)
				(void)strset_add(&ids, e.id);
		}
	}
	return ids;
}

/* Admit what lies in admit/; `why` gets the reason, to free. */
static int
admit(struct fixture *f, const char *claimed, uint64_t seq, char **why)
{
	struct strset ids = live_ids(f);
	struct admit_rules rules = {
		.live_ids = &ids,
		.max_bytes = MAX_BYTES,
	};
	struct admitted out = { .task = TASK_INIT };
	struct err err = { "" };
	int r = admit_claimed(f->desk, &f->journal, claimed, seq, &rules,
	                      FIXTURE_NOW, &out, &err);

	if (why)
		*why = mem_dup(r < 0 ? err.text : out.why);
	task_done(&out.task);
	strset_done(&ids);
	return r;
}

static int
admit_text(struct fixture *f, const char *name, uint64_t seq, const char *text,
           char **why)
{
	autofree char *claimed = mem_printf("%012d,%s", (int)seq, name);

	fixture_put(f, PLACE_ADMIT, claimed, text);
	return admit(f, claimed, seq, why);
}

static void
an_admitted_drop_is_a_pending_entry(void **state)
{
	struct fixture *f = *state;
	autofree char *places = NULL;
	autofree char *journal = NULL;
	struct stat st;

	assert_int_equal(admit_text(f, "brief.md", 3,
	                            "---\npriority: high\n---\nDo it.\n", NULL),
	                 ADMIT_TAKEN);
	places = fixture_places(f);
	assert_string_equal(places, "pending/1.000000000003.0.brief ");
	journal = fixture_journal(f);
	assert_string_equal(journal, "admit brief ->PENDING -\n");
	/* Its time is that of its admission. */
	assert_int_equal(sys_stat(f->desk->at[PLACE_PENDING],
	                          "1.000000000003.0.brief", &st),
	                 0);
	assert_int_equal(st.st_mtim.tv_sec, FIXTURE_NOW / 1000);
}

static void
an_own_file_is_admitted_itself_and_not_a_copy(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;

	fixture_put(f, PLACE_ADMIT, "000000000001,a.md", "text");
	assert_int_equal(sys_stat(f->desk->at[PLACE_ADMIT], "000000000001,a.md",
	                          &before),
	                 0);
	assert_int_equal(admit(f, "000000000001,a.md", 1, NULL), ADMIT_TAKEN);
	assert_int_equal(sys_stat(f->desk->at[PLACE_PENDING],
	                          "5.000000000001.0.a", &after),
	                 0);
	assert_int_equal(after.st_ino, before.st_ino);
}

static void
a_file_with_a_second_name_is_copied(void **state)
{
	struct fixture *f = *state;
	autofree char *text = NULL;

	fixture_put(f, PLACE_ADMIT, "000000000001,a.md", "text");
	assert_int_equal(sys_link(f->desk->at[PLACE_ADMIT], "000000000001,a.md",
	                          f->scratch->fd, "mine"),
	                 0);
	assert_int_equal(admit(f, "000000000001,a.md", 1, NULL), ADMIT_TAKEN);
	scratch_write(f->scratch->fd, "mine", "changed");
	text = fixture_read(f, PLACE_PENDING, "5.000000000001.0.a");
	assert_string_equal(text, "text");
	assert_int_equal(fixture_copies(f, "a"), 1);
}

static void
a_file_of_another_user_is_copied_and_its_uid_kept(void **state)
{
	struct fixture *f = *state;
	struct record rec;
	struct stat st;
	autofree char *places = NULL;

	if (geteuid() != 0)
		skip();
	fixture_put(f, PLACE_ADMIT, "000000000001,a.md", "text");
	assert_int_equal(fchownat(f->desk->at[PLACE_ADMIT], "000000000001,a.md",
	                          65534, 65534, 0),
	                 0);
	assert_int_equal(admit(f, "000000000001,a.md", 1, NULL), ADMIT_TAKEN);
	assert_int_equal(
		sys_stat(f->desk->at[PLACE_PENDING], "5.000000000001.0.a", &st),
		0);
	assert_int_equal(st.st_uid, geteuid());
	record_read(f->desk, "a", &rec);
	assert_int_equal(rec.uid, 65534);
	places = fixture_places(f);
	assert_string_equal(places, "pending/5.000000000001.0.a ");
}

static void
what_is_no_task_comes_back_with_its_reason(void **state)
{
	static const struct {
		const char *name, *text, *why, *kept;
	} rows[] = {
		{ "a.md", "---\nprioriti: high\n---\n",
		  "a.md:2:1: unknown key 'prioriti'; did you mean", "a.md" },
		{ "b.md", "---\nid: b\n",
		  "b.md:1:1: the front matter has no end", "b.md" },
		/* It was wrapped already, so that it kept its name. */
		{ "c.task.json", "{",
		  "c.task.json:1:", "c.task.json/c.task.json" },
		{ "d.md", "---\nafter: [nobody/x]\n---\n",
		  "there is no agent 'nobody'", "d.md" },
		{ "e.md", "---\ninputs: [nobody/x/y]\n---\n",
		  "there is no agent 'nobody'", "e.md" },
		{ "f.md", "---\nid: f\nafter: [pm/f]\n---\n",
		  "it waits for itself", "f.md" },
		{ "g.md", "---\nafter: [pm/g]\n---\n", "it waits for itself",
		  "g.md" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *why = NULL;
		autofree char *told = NULL;
		autofree char *kept = NULL;
		autofree char *name = mem_printf("%s.why", rows[i].name);

		check_number(
			rows[i].name,
			admit_text(f, rows[i].name, i + 1, rows[i].text, &why),
			ADMIT_REJECTED);
		check_contains(rows[i].name, why, rows[i].why);
		told = fixture_read(f, PLACE_REJECTED, name);
		check_contains(rows[i].name, told, rows[i].why);
		kept = fixture_read(f, PLACE_REJECTED, rows[i].kept);
		check_text(rows[i].name, kept, rows[i].text);
	}
}

static void
what_is_too_large_comes_back(void **state)
{
	struct fixture *f = *state;
	autofree char *large = mem_new(1, MAX_BYTES + 2);
	autofree char *why = NULL;

	memset(large, 'x', MAX_BYTES + 1);
	assert_int_equal(admit_text(f, "a.md", 1, large, &why), ADMIT_REJECTED);
	check_contains("size", why, "max_task_bytes");
	large[MAX_BYTES] = '\0';
	assert_int_equal(admit_text(f, "b.md", 2, large, NULL), ADMIT_TAKEN);
}

static void
an_id_is_made_from_the_name_and_numbered_if_taken(void **state)
{
	static const struct {
		const char *name, *entry;
	} rows[] = {
		{ "brief.md", "5.000000000001.0.brief" },
		{ "brief.md", "5.000000000002.0.brief-2" },
		{ "brief.txt", "5.000000000003.0.brief-3" },
		{ "my plan.md", "5.000000000004.0.my-plan" },
		{ "1795235958123456789.77.0.x.md", "5.000000000005.0.x" },
	};
	struct fixture *f = *state;

	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "done");
	for (size_t i = 0; i < countof(rows); i++) {
		check_number(rows[i].name,
		             admit_text(f, rows[i].name, i + 1, "text", NULL),
		             ADMIT_TAKEN);
		assert_true(fixture_has(f, PLACE_PENDING, rows[i].entry));
	}
	assert_int_equal(admit_text(f, "done.md", 6, "text", NULL),
	                 ADMIT_TAKEN);
	assert_true(fixture_has(f, PLACE_PENDING, "5.000000000006.0.done-2"));
}

static void
the_same_task_again_runs_nothing(void **state)
{
	static const char text[] = "---\nid: a\n---\nDo it.\n";
	static const enum place places[] = { PLACE_PENDING, PLACE_READY,
		                             PLACE_RUNNING, PLACE_SAVING,
		                             PLACE_BLOCKED };

	(void)state;
	for (size_t i = 0; i < countof(places); i++) {
		struct fixture *f = fixture_new();
		autofree char *why = NULL;

		(void)fixture_task(f, places[i], 1, "a", text);
		check_number(desk_place_name(places[i]),
		             admit_text(f, "other-name.md", 2, text, &why),
		             ADMIT_DUPLICATE);
		check_contains("where", why, desk_place_name(places[i]));
		assert_int_equal(fixture_copies(f, "a"), 1);
		fixture_free(f);
	}
}

static void
the_same_task_as_a_result_runs_nothing(void **state)
{
	static const char text[] = "---\nid: a\n---\nDo it.\n";
	struct fixture *f = *state;

	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "a");
	fixture_put(f, PLACE_OUTBOX, "a/task", text);
	assert_int_equal(admit_text(f, "a.md", 2, text, NULL), ADMIT_DUPLICATE);
	assert_int_equal(fixture_copies(f, "a"), 1);
}

/* Also where the drop is called as the id, and others of that name wait. */
static void
the_same_id_with_other_content_comes_back(void **state)
{
	static const char *const names[] = { "a.md", "other.md",
		                             "1795235958123456789.77.0.a.md" };

	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		struct fixture *f = fixture_new();
		autofree char *why = NULL;
		autofree char *kept = NULL;
		const char *text = "---\nid: a\n---\nAnother.\n";

		(void)fixture_task(f, PLACE_READY, 1, "a",
		                   "---\nid: a\n---\nDo it.\n");
		fixture_put(f, PLACE_INBOX, "a.txt", text);
		check_number(names[i], admit_text(f, names[i], 2, text, &why),
		             ADMIT_REJECTED);
		check_contains(names[i], why, "id 'a' is taken");
		kept = fixture_read(f, PLACE_REJECTED, names[i]);
		check_text(names[i], kept, text);
		fixture_free(f);
	}
}

static void
what_is_not_claimed_is_not_admitted(void **state)
{
	struct fixture *f = *state;
	autofree char *places = NULL;

	/* Whoever took it, it is not here: nothing may be left of trying. */
	assert_true(admit(f, "000000000001,gone.md", 1, NULL) < 0);
	places = fixture_places(f);
	assert_string_equal(places, "");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_admitted_drop_is_a_pending_entry),
		TEST(an_own_file_is_admitted_itself_and_not_a_copy),
		TEST(a_file_with_a_second_name_is_copied),
		TEST(a_file_of_another_user_is_copied_and_its_uid_kept),
		TEST(what_is_no_task_comes_back_with_its_reason),
		TEST(what_is_too_large_comes_back),
		TEST(an_id_is_made_from_the_name_and_numbered_if_taken),
		cmocka_unit_test(the_same_task_again_runs_nothing),
		TEST(the_same_task_as_a_result_runs_nothing),
		cmocka_unit_test(the_same_id_with_other_content_comes_back),
		TEST(what_is_not_claimed_is_not_admitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
