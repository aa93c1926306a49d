#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/sys.h"
#include "cli/args.h"
#include "tests/support/libcheck.h"

#define ARGS_MAX 16

static const struct arg_option table[] = {
	{ "json", 'j', NULL, false, "" },
	{ "quiet", 'q', NULL, false, "" },
	{ "id", 'i', "ID", false, "" },
	{ "after", 0, "REF", true, "" },
	{ "timeout", 0, "DURATION", false, "" },
	{ "timestamp", 0, NULL, false, "" },
};

/* Parse words separated by blanks; "_" stands for an empty word. */
static int
parse(struct args *a, char *line)
{
	static char *argv[ARGS_MAX];
	char *save = NULL;
	int argc = 0;

	for (char *w = strtok_r(line, " ", &save); w;
	     w = strtok_r(NULL, " ", &save)) {
		assert_true(argc < ARGS_MAX - 1);
		argv[argc++] = strcmp(w, "_") == 0 ? w + 1 : w;
	}
	argv[argc] = NULL;
	return args_parse(a, table, countof(table), argc, argv);
}

/* The same where it must fail: what is said on stderr. */
static char *
complaint(char *line)
{
	autoclose int saved = dup(STDERR_FILENO);
	autoclose int file = memfd_create("stderr", MFD_CLOEXEC);
	autostr text = STR_INIT;
	struct args a;
	int r;

	assert_true(saved >= 0 && file >= 0);
	assert_true(dup2(file, STDERR_FILENO) >= 0);
	r = parse(&a, line);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	check_number(line, r, -EINVAL);
	assert_true(lseek(file, 0, SEEK_SET) == 0);
	assert_int_equal(sys_read_all(file, 4096, &text), 0);
	return str_take(&text);
}

static void
join(const char *const *words, struct str *out)
{
	for (; *words; words++)
		str_addf(out, "%s%s", out->len ? " " : "",
		         **words ? *words : "_");
}

/* "FLAGS|ID|AFTER...|OPERANDS..." of what was parsed. */
static char *
outcome(const struct args *a)
{
	autostr out = STR_INIT;
	autostr after = STR_INIT;
	autostr operands = STR_INIT;
	const char *id = args_value(a, "id");

	join(args_values(a, "after"), &after);
	join(a->operands, &operands);
	str_addf(&out, "%s%s|%s|%s|%s", args_has(a, "json") ? "j" : "",
	         args_has(a, "quiet") ? "q" : "", id ? id : "~",
	         str_text(&after), str_text(&operands));
	return str_take(&out);
}

static void
options_stand_anywhere_before_the_end_of_options(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "", "|~||" },
		{ "pm", "|~||pm" },
		{ "--json pm", "j|~||pm" },
		{ "pm --json", "j|~||pm" },
		{ "pm --json a.md --id x b.md", "j|x||pm a.md b.md" },
		{ "-- --json", "|~||--json" },
		{ "pm -- -q -- x", "|~||pm -q -- x" },
		{ "-", "|~||-" },
		{ "pm - --json", "j|~||pm -" },
		{ "_ pm", "|~||_ pm" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *line = strdup(rows[i].line);
		autofree char *got = NULL;
		struct args a;

		check_number(rows[i].line, parse(&a, line), 0);
		got = outcome(&a);
		check_text(rows[i].line, got, rows[i].want);
		args_done(&a);
	}
}

static void
values_are_attached_or_follow(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "--id x", "|x||" },
		{ "--id=x", "|x||" },
		{ "--id=x=y", "|x=y||" },
		{ "--id=", "|||" },
		{ "--id _", "|||" },
		{ "--id --json", "|--json||" },
		{ "--id -- pm", "|--||pm" },
		{ "--id -", "|-||" },
		{ "-i x", "|x||" },
		{ "-ix", "|x||" },
		{ "-jqix", "jq|x||" },
		{ "-jqi x", "jq|x||" },
		{ "-jj", "j|~||" },
		{ "--json --json", "j|~||" },
		{ "--after a --after=b --after c", "|~|a b c|" },
		{ "--after a pm --after b", "|~|a b|pm" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *line = strdup(rows[i].line);
		autofree char *got = NULL;
		struct args a;

		check_number(rows[i].line, parse(&a, line), 0);
		got = outcome(&a);
		check_text(rows[i].line, got, rows[i].want);
		args_done(&a);
	}
}

static void
the_last_of_many_values_is_the_value(void **state)
{
	char line[] = "--after a --after b";
	struct args a;

	(void)state;
	assert_int_equal(parse(&a, line), 0);
	assert_string_equal(args_value(&a, "after"), "b");
	assert_null(args_value(&a, "timeout"));
	assert_null(args_values(&a, "timeout")[0]);
	assert_int_equal(a.noperands, 0);
	args_done(&a);
}

static void
a_fault_says_what_to_write_instead(void **state)
{
	static const struct {
		const char *line, *said;
	} rows[] = {
		{ "--jsn", "unknown option '--jsn'; did you mean '--json'?" },
		{ "--jsn=1", "unknown option '--jsn'; did you mean '--json'" },
		{ "--aft x", "unknown option '--aft'; did you mean '--after'" },
		{ "--js", "unknown option '--js'; did you mean '--json'" },
		{ "--time 1s", "unknown option '--time'" },
		{ "--nonsense", "unknown option '--nonsense'\n" },
		{ "--=x", "unknown option '--'\n" },
		{ "-x", "unknown option '-x'" },
		{ "-jx", "unknown option '-x' in '-jx'" },
		{ "-1", "goes after '--'" },
		{ "--json=yes", "option '--json' takes no value" },
		{ "--id", "option '--id' needs a value: --id ID" },
		{ "pm -i", "option '--id' needs a value: --id ID" },
		{ "--id a --id b", "option '--id' is given twice" },
		{ "--\033[31m", "unknown option '--\\x1b[31m'" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *line = strdup(rows[i].line);
		autofree char *said = complaint(line);

		check_contains(rows[i].line, said, rows[i].said);
		check_contains(rows[i].line, said, "spoolhand: ");
	}
}

static void
it_is_known_what_stands_in_front_of_the_end_of_options(void **state)
{
	static const struct {
		const char *line;
		size_t noperands, nbefore;
		bool ended;
	} rows[] = {
		{ "", 0, 0, false },
		{ "a b", 2, 2, false },
		{ "--", 0, 0, true },
		{ "a --json -- b -x", 3, 1, true },
		{ "-- a", 1, 0, true },
		{ "a -- -- b", 3, 1, true },
		{ "--id -- a", 1, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *line = strdup(rows[i].line);
		struct args a;

		check_number(rows[i].line, parse(&a, line), 0);
		check_number(rows[i].line, (int64_t)a.noperands,
		             (int64_t)rows[i].noperands);
		check_number(rows[i].line, (int64_t)a.nbefore,
		             (int64_t)rows[i].nbefore);
		check_number(rows[i].line, a.ended, rows[i].ended);
		assert_true(args_knows(&a, "json"));
		assert_false(args_knows(&a, "jso"));
		args_done(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			options_stand_anywhere_before_the_end_of_options),
		cmocka_unit_test(values_are_attached_or_follow),
		cmocka_unit_test(the_last_of_many_values_is_the_value),
		cmocka_unit_test(a_fault_says_what_to_write_instead),
		cmocka_unit_test(
			it_is_known_what_stands_in_front_of_the_end_of_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
