#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/value.h"
#include "config/config.h"
#include "config/schema.h"
#include "tests/support/libcheck.h"

#define MAX_TEXT (1 << 20)

/* Every row of all tables, those of a lane last. */
static const struct key *
row(size_t i)
{
	if (i < schema_ntop)
		return &schema_top[i];
	i -= schema_ntop;
	if (i < schema_nagent)
		return &schema_agent[i];
	i -= schema_nagent;
	return i < schema_nlane ? &schema_lane[i] : NULL;
}

/* What the default of a row is read into. */
static const void *
target_of(size_t i, const struct config *c, const struct config_agent *a,
          const struct config_lane *l)
{
	if (i < schema_ntop)
		return c;
	return i < schema_ntop + schema_nagent ? (const void *)a : l;
}

/* What stands before the ':' in a file. */
static const char *
leaf(const struct key *key)
{
	const char *dot = strrchr(key->name, '.');

	return dot ? dot + 1 : key->name;
}

/* Does a row's name begin with this word and a dot? */
static bool
is_map(const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; row(i); i++)
		if (strncmp(row(i)->name, word, n) == 0 &&
		    row(i)->name[n] == '.')
			return true;
	return false;
}

static bool
is_known(const char *word)
{
	for (size_t i = 0; row(i); i++)
		if (strcmp(row(i)->name, word) == 0)
			return true;
	for (size_t i = 0; schema_maps[i]; i++)
		if (strcmp(schema_maps[i], word) == 0)
			return true;
	return false;
}

static bool
is_leaf(const char *word)
{
	for (size_t i = 0; row(i); i++)
		if (strcmp(leaf(row(i)), word) == 0)
			return true;
	return false;
}

/* A file of the source tree, or NULL where that is not at hand. */
static char *
source(const char *name)
{
	const char *top = getenv("SPOOLHAND_SRC");
	autofree char *path = NULL;
	autoclose int fd = -1;
	autostr text = STR_INIT;

	if (!top)
		return NULL;
	path = mem_printf("%s/%s", top, name);
	fd = sys_open(AT_FDCWD, path, O_RDONLY);
	if (fd < 0 || sys_read_all(fd, MAX_TEXT, &text) < 0)
		fail_msg("%s cannot be read", path);
	return str_take(&text);
}

static void
every_row_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; row(i); i++) {
		const struct key *key = row(i);

		assert_non_null(key->name);
		assert_true(key->type >= KEY_STRING && key->type <= KEY_PAIRS);
		assert_true(key->min <= key->max);
		assert_true(strlen(key->help) > 10);
		assert_false(isupper((unsigned char)key->help[0]));
		assert_false(str_ends(key->help, "."));
		assert_int_equal(key->type == KEY_CHOICE ||
		                         key->type == KEY_SET,
		                 key->choices != NULL);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(row(k)->name, key->name);
	}
}

static void
every_default_is_written_in_its_shortest_form(void **state)
{
	struct config c = { 0 };
	struct config_agent a = { 0 };
	struct config_lane l = { 0 };

	(void)state;
	keys_default(schema_top, schema_ntop, &c);
	keys_default(schema_agent, schema_nagent, &a);
	keys_default(schema_lane, schema_nlane, &l);
	for (size_t i = 0; row(i); i++) {
		const void *target = target_of(i, &c, &a, &l);
		autostr text = STR_INIT;

		keys_print(row(i), target, &text);
		check_text(row(i)->name, str_text(&text),
		           row(i)->fallback ? row(i)->fallback : "~");
	}
	keys_done(schema_agent, schema_nagent, &a);
}

static void
the_example_runs_as_it_is(void **state)
{
	const char *text = config_example();
	autoconfig *c = NULL;
	struct err err = { "" };

	(void)state;
	if (config_parse(text, strlen(text), CONFIG_FILE, "/spool", &c, &err))
		fail_msg("%s", err.text);
	assert_int_equal(c->nagents, 2);
	assert_string_equal(c->agents[0].name, "upper");
	assert_string_equal(c->agents[0].shell, "tr a-z A-Z");
	assert_string_equal(c->agents[1].name, "count");
	assert_string_equal(c->agents[1].command[0], "wc");
	assert_string_equal(c->agents[1].command[1], "-w");
}

static void
the_example_is_the_file_of_the_tree(void **state)
{
	autofree char *file = source("config/spoolhand.yaml");

	(void)state;
	if (!file) {
		skip();
		return;
	}
	assert_string_equal(config_example(), file);
}

/* Does some line begin with these words, behind '#' and blanks? */
static bool
has_line(const char *text, const char *words)
{
	size_t n = strlen(words);

	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += strspn(p, "\n# ");
		if (strncmp(p, words, n) == 0 && strchr(" \n", p[n]))
			return true;
	}
	return false;
}

static void
the_example_shows_every_key_with_its_default(void **state)
{
	(void)state;
	/* A lane by its defaults would be none: a sample is shown instead. */
	assert_true(has_line(config_example(), "lanes:"));
	for (size_t i = 0; i < schema_ntop + schema_nagent; i++) {
		/* A set is too long for a line; it is shown over two. */
		const char *fallback =
			row(i)->type == KEY_SET ? NULL : row(i)->fallback;
		autofree char *words = mem_printf("%s:%s%s", leaf(row(i)),
		                                  fallback ? " " : "",
		                                  fallback ? fallback : "");

		if (!has_line(config_example(), words))
			fail_msg("the example has no line '# %s'", words);
	}
}

static void
the_example_shows_no_key_that_is_not(void **state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

	(void)state;
	for (const char *p = config_example(); p; p = strchr(p, '\n')) {
		autofree char *word = NULL;
		size_t n;

		p += strspn(p, "\n# ");
		n = strspn(p, letters);
		if (n == 0 || p[n] != ':' || p[n + 1] != ' ')
			continue;
		word = mem_dupn(p, n);
		if (!is_known(word) && !is_map(word) && !is_leaf(word))
			fail_msg("the example shows an unknown key, %s", word);
	}
}

static void
the_example_fits_a_terminal(void **state)
{
	size_t n;

	(void)state;
	for (const char *p = config_example(); *p; p += n + 1) {
		n = strcspn(p, "\n");
		assert_true(n <= 80);
		assert_int_equal(p[n], '\n');
		assert_null(memchr(p, '\t', n));
	}
}

/* What spoolhand.yaml(5) says of the type, the range and the default. */
static void
describe(const struct key *key, struct str *out)
{
	static const char *const types[] = {
		[KEY_STRING] = "Text",       [KEY_NAME] = "Name",
		[KEY_INT] = "Number",        [KEY_BOOL] = "True or false",
		[KEY_DURATION] = "Duration", [KEY_SIZE] = "Size",
		[KEY_CHOICE] = "One of",     [KEY_STRINGS] = "List",
		[KEY_PAIRS] = "Map",         [KEY_NUMBER] = "Number",
		[KEY_SET] = "Any of",
	};

	str_adds(out, types[key->type]);
	for (size_t i = 0; key->choices && key->choices[i]; i++)
		str_addf(out, "%s%s", i ? ", " : " ", key->choices[i]);
	if (key->type == KEY_STRING || key->type == KEY_STRINGS ||
	    key->type == KEY_PAIRS) {
		str_addf(out, " of %" PRId64 " to %" PRId64 " %s", key->min,
		         key->max,
		         key->type == KEY_STRING ? "bytes" : "entries");
	} else if (key->type == KEY_NUMBER) {
		str_addf(out, ", decimals too, %" PRId64 " to %" PRId64,
		         key->min, key->max);
	} else if (!key->choices && key->type != KEY_BOOL) {
		str_adds(out, ", ");
		value_print_number(key->type, key->min, out);
		str_adds(out, " to ");
		value_print_number(key->type, key->max, out);
	}
	if (key->type == KEY_SET)
		str_adds(out, "; default all of them");
	else if (key->fallback)
		str_addf(out, "; default %s", key->fallback);
	str_addc(out, '.');
}

static void
the_manual_says_of_every_key_what_the_table_says(void **state)
{
	autofree char *page = source("docs/man/spoolhand.yaml.5");

	(void)state;
	if (!page) {
		skip();
		return;
	}
	for (size_t i = 0; row(i); i++) {
		autostr want = STR_INIT;

		str_addf(&want, "\n.It Ic %s\n", row(i)->name);
		check_contains("spoolhand.yaml.5", page, str_text(&want));
		describe(row(i), &want);
		str_adds(&want, "\n.Pp\n");
		if (!strstr(page, str_text(&want)))
			fail_msg("spoolhand.yaml.5 does not say: %s",
			         str_text(&want));
	}
}

static void
the_manual_describes_no_key_that_is_not(void **state)
{
	autofree char *page = source("docs/man/spoolhand.yaml.5");
	size_t rows = 0, found = 0;

	(void)state;
	if (!page) {
		skip();
		return;
	}
	for (const char *p = strstr(page, ".It Ic "); p;
	     p = strstr(p, ".It Ic ")) {
		autofree char *word = NULL;

		p += strlen(".It Ic ");
		word = mem_dupn(p, strcspn(p, " \n"));
		if (!is_known(word))
			fail_msg("spoolhand.yaml.5 has an unknown key, %s",
			         word);
		found++;
	}
	while (row(rows))
		rows++;
	assert_int_equal(found, rows + 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_complete),
		cmocka_unit_test(every_default_is_written_in_its_shortest_form),
		cmocka_unit_test(the_example_runs_as_it_is),
		cmocka_unit_test(the_example_is_the_file_of_the_tree),
		cmocka_unit_test(the_example_shows_every_key_with_its_default),
		cmocka_unit_test(the_example_shows_no_key_that_is_not),
		cmocka_unit_test(the_example_fits_a_terminal),
		cmocka_unit_test(
			the_manual_says_of_every_key_what_the_table_says),
		cmocka_unit_test(the_manual_describes_no_key_that_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
