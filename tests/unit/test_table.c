#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/table.h"
#include "tests/support/libcheck.h"

static const struct table_column columns[] = {
	{ "NAME", false, NULL, 0 },
	{ "PENDING", true, "PND", 0 },
	{ "NOTE", false, NULL, 0 },
};

static const struct table_column no_heads[] = {
	{ NULL, false, NULL, 0 },
	{ NULL, false, NULL, 0 },
};

static const struct table_style plain = { false, false, 0 };
static const struct table_style people = { true, false, 0 };

static struct table *
example(void)
{
	struct table *t = table_new(columns, countof(columns));

	table_row(t);
	table_cell(t, TINT_NONE, "pm");
	table_cellf(t, TINT_NONE, "%d", 12);
	table_cell(t, TINT_BAD, "paused");
	table_row(t);
	table_cell(t, TINT_NONE, "writer");
	table_cellf(t, TINT_NONE, "%d", 7);
	return t;
}

static void
check_table(const char *row, const struct table *t,
            const struct table_style *style, const char *want)
{
	autostr out = STR_INIT;

	table_print(t, style, &out);
	check_text(row, str_text(&out), want);
}

static void
a_program_gets_tabs_and_no_header(void **state)
{
	autotable *t = example();

	(void)state;
	check_table("plain", t, &plain, "pm\t12\tpaused\nwriter\t7\t-\n");
}

static void
a_person_gets_aligned_columns(void **state)
{
	autotable *t = example();

	(void)state;
	check_table("people", t, &people,
	            "NAME    PENDING  NOTE\n"
	            "pm           12  paused\n"
	            "writer        7\n");
}

static void
a_colour_surrounds_its_text_alone(void **state)
{
	const struct table_style colour = { true, true, 0 };
	autotable *t = table_new(columns, 2);

	(void)state;
	table_row(t);
	table_cell(t, TINT_GOOD, "pm");
	table_cell(t, TINT_NONE, "3");
	check_table("colour", t, &colour,
	            "\033[1mNAME\033[0m  \033[1mPENDING\033[0m\n"
	            "\033[32mpm\033[0m          3\n");
}

static void
brief_heads_are_used_where_room_is_scarce(void **state)
{
	const struct table_style narrow = { true, false, 20 };
	autotable *t = example();

	(void)state;
	check_table("narrow", t, &narrow,
	            "NAME    PND  NOTE\n"
	            "pm       12  paused\n"
	            "writer    7\n");
}

static void
a_line_is_cut_at_the_edge(void **state)
{
	const struct table_style narrow = { true, true, 14 };
	autotable *t = example();

	(void)state;
	check_table("cut", t, &narrow,
	            "\033[1mNAME\033[0m    \033[1mPND\033[0m  \033[1mN\033[0m\n"
	            "pm       12  \033[31mp\033[0m\n"
	            "writer    7\n");
}

static void
what_can_be_spared_is_left_out_first(void **state)
{
	static const struct table_column spare[] = {
		{ "NAME", false, NULL, 0 },
		{ "ONE", true, NULL, 1 },
		{ "TWO", true, NULL, 2 },
		{ "NOTE", false, NULL, 0 },
	};
	static const struct row {
		size_t width;
		const char *want;
	} rows[] = {
		{ 34, "NAME  ONE  TWO  NOTE\npm      1    2  x y\n" },
		{ 19, "NAME  ONE  NOTE\npm      1  x y\n" },
		{ 14, "NAME  NOTE\npm    x y\n" },
		{ 8, "NAME  NO\npm    x \n" },
	};
	autotable *t = table_new(spare, countof(spare));

	(void)state;
	table_row(t);
	table_cell(t, TINT_NONE, "pm");
	table_cell(t, TINT_NONE, "1");
	table_cell(t, TINT_NONE, "2");
	table_cell(t, TINT_NONE, "x y");
	for (size_t i = 0; i < countof(rows); i++) {
		const struct table_style s = { true, false, rows[i].width };

		check_table(rows[i].want, t, &s, rows[i].want);
	}
}

static void
characters_are_counted_and_not_bytes(void **state)
{
	const struct table_style narrow = { true, false, 6 };
	autotable *t = table_new(no_heads, countof(no_heads));

	(void)state;
	table_row(t);
	table_cell(t, TINT_NONE, "grün");
	table_cell(t, TINT_NONE, "x");
	table_row(t);
	table_cell(t, TINT_NONE, "äöüß");
	table_cell(t, TINT_NONE, "ü");
	check_table("wide", t, &people, "grün  x\näöüß  ü\n");
	check_table("cut", t, &narrow, "grün\näöüß\n");
}

static void
no_name_can_add_a_line_or_a_column(void **state)
{
	autotable *t = table_new(columns, 2);

	(void)state;
	table_row(t);
	table_cell(t, TINT_NONE, "a\tb\nc\033[2J");
	table_cell(t, TINT_NONE, NULL);
	check_table("escaped", t, &plain, "a\\tb\\nc\\x1b[2J\t-\n");
}

static void
cells_too_many_or_without_a_row_are_left_out(void **state)
{
	autotable *t = table_new(no_heads, countof(no_heads));

	(void)state;
	table_cell(t, TINT_NONE, "nowhere");
	assert_true(table_empty(t));
	check_table("empty", t, &people, "");
	check_table("empty", t, &plain, "");
	table_row(t);
	table_cell(t, TINT_NONE, "1");
	table_cell(t, TINT_NONE, "2");
	table_cell(t, TINT_NONE, "3");
	assert_false(table_empty(t));
	check_table("full", t, &plain, "1\t2\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_gets_tabs_and_no_header),
		cmocka_unit_test(a_person_gets_aligned_columns),
		cmocka_unit_test(a_colour_surrounds_its_text_alone),
		cmocka_unit_test(brief_heads_are_used_where_room_is_scarce),
		cmocka_unit_test(a_line_is_cut_at_the_edge),
		cmocka_unit_test(what_can_be_spared_is_left_out_first),
		cmocka_unit_test(characters_are_counted_and_not_bytes),
		cmocka_unit_test(no_name_can_add_a_line_or_a_column),
		cmocka_unit_test(cells_too_many_or_without_a_row_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
