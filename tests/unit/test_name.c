#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/name.h"
#include "tests/support/libcheck.h"

static char *
repeat(char c, size_t n)
{
	char *s = mem_new(1, n + 1);

	memset(s, c, n);
	return s;
}

static void
names_are_letters_digits_and_three_marks(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{ "a", true },         { "brief-2.final_A", true },
		{ "0", true },         { "_", true },
		{ "a.", true },        { "", false },
		{ ".", false },        { "..", false },
		{ ".a", false },       { "-a", false },
		{ "a/b", false },      { "a b", false },
		{ "a\nb", false },     { "a\tb", false },
		{ "\xc3\xa4", false }, { "a\x7f", false },
		{ "a\033[m", false },  { "a:b", false },
		{ "a\\b", false },     { "a%b", false },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		check_number(rows[i].name, name_ok(rows[i].name), rows[i].ok);
}

static void
a_name_has_at_most_128_bytes(void **state)
{
	autofree char *longest = repeat('a', NAME_LONGEST);
	autofree char *longer = repeat('a', NAME_LONGEST + 1);
	autofree char *made = name_safe(longer);

	(void)state;
	assert_true(name_ok(longest));
	assert_false(name_ok(longer));
	assert_string_equal(made, longest);
}

static void
any_text_can_be_made_a_name(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "brief", "brief" },
		{ "a b", "a-b" },
		{ "../../etc", "etc" },
		{ "--rf", "rf" },
		{ ".hidden", "hidden" },
		{ "a/b", "a-b" },
		{ "a\nb", "a-b" },
		{ "", "task" },
		{ "...", "task" },
		{ "\xc3\xa4rger", "rger" },
		{ "na\xc3\xafve", "na--ve" },
		{ "-", "task" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *made = name_safe(rows[i].text);

		check_text(rows[i].text, made, rows[i].want);
		assert_true(name_ok(made));
	}
}

static void
every_byte_gives_a_name_in_every_place(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		char text[4] = { 'a', (char)c, 'b', '\0' };
		autofree char *inside = name_safe(text);
		autofree char *first = name_safe(text + 1);

		assert_true(name_ok(inside));
		assert_true(name_ok(first));
	}
}

static void
the_stem_is_the_name_without_its_extension(void **state)
{
	static const struct {
		const char *name, *want;
	} rows[] = {
		{ "a.md", "a" },
		{ "a.task.json", "a" },
		{ "a.b.md", "a.b" },
		{ "a", "a" },
		{ ".hidden", ".hidden" },
		{ "a.", "a" },
		{ "a.json", "a" },
		{ "task.json", "task" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *stem = name_stem(rows[i].name);

		check_text(rows[i].name, stem, rows[i].want);
	}
}

static void
names_of_files_in_the_making_are_private(void **state)
{
	static const struct {
		const char *name;
		bool private;
	} rows[] = {
		{ ".a", true },        { ".", true },
		{ "a~", true },        { "a.tmp", true },
		{ "a.part", true },    { "a.swp", true },
		{ "a.swx", true },     { "a.crdownload", true },
		{ "a.md", false },     { "tmp", false },
		{ "a.tmp.md", false }, { "~a", false },
		{ "a.TMP", false },    { "", false },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		check_number(rows[i].name, name_is_private(rows[i].name),
		             rows[i].private);
}

static void
a_shown_name_cannot_write_to_a_terminal(void **state)
{
	autofree char *shown = name_show("a\033]0;x\007\n\xff");

	(void)state;
	assert_string_equal(shown, "a\\x1b]0;x\\x07\\n\\xff");
}

static void
artifact_paths_are_relative_and_plain(void **state)
{
	static const struct {
		const char *path;
		bool ok;
	} rows[] = {
		{ "a", true },         { "a/b/c.txt", true },
		{ ".hidden/x", true }, { "a b/\xc3\xa4", true },
		{ "...", true },       { "a..b", true },
		{ "", false },         { "/a", false },
		{ "a/", false },       { "a//b", false },
		{ ".", false },        { "..", false },
		{ "a/..", false },     { "../a", false },
		{ "a/./b", false },    { "a\nb", false },
		{ "a/\033b", false },  { "a\x7f", false },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		check_number(rows[i].path, name_path_ok(rows[i].path),
		             rows[i].ok);
}

static void
artifact_paths_have_limits(void **state)
{
	autofree char *name = repeat('a', 255);
	autofree char *long_name = repeat('a', 256);
	autofree char *path =
		mem_printf("%s/%s/%s/%s/x", name, name, name, name);
	autofree char *longest = mem_dupn(path, 1023);
	autofree char *exact = mem_printf("%sb", longest);

	(void)state;
	assert_true(name_path_ok(name));
	assert_false(name_path_ok(long_name));
	assert_true(name_path_ok(longest));
	assert_int_equal(strlen(exact), 1024);
	assert_false(name_path_ok(path));
}

static void
a_ref_is_an_agent_and_an_id(void **state)
{
	static const struct {
		const char *ref, *agent, *id;
	} rows[] = {
		{ "pm/brief", "pm", "brief" }, { "a/b.c-d_e", "a", "b.c-d_e" },
		{ "pm", NULL, NULL },          { "", NULL, NULL },
		{ "/brief", NULL, NULL },      { "pm/", NULL, NULL },
		{ "pm/brief/x", NULL, NULL },  { "../brief", NULL, NULL },
		{ "pm/..", NULL, NULL },       { "p m/brief", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *agent = NULL;
		autofree char *id = NULL;
		int r = name_split_ref(rows[i].ref, &agent, &id);

		check_number(rows[i].ref, r, rows[i].agent ? 0 : -EINVAL);
		if (r < 0) {
			assert_null(agent);
			assert_null(id);
			continue;
		}
		check_text(rows[i].ref, agent, rows[i].agent);
		check_text(rows[i].ref, id, rows[i].id);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_letters_digits_and_three_marks),
		cmocka_unit_test(a_name_has_at_most_128_bytes),
		cmocka_unit_test(any_text_can_be_made_a_name),
		cmocka_unit_test(every_byte_gives_a_name_in_every_place),
		cmocka_unit_test(the_stem_is_the_name_without_its_extension),
		cmocka_unit_test(names_of_files_in_the_making_are_private),
		cmocka_unit_test(a_shown_name_cannot_write_to_a_terminal),
		cmocka_unit_test(artifact_paths_are_relative_and_plain),
		cmocka_unit_test(artifact_paths_have_limits),
		cmocka_unit_test(a_ref_is_an_agent_and_an_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
