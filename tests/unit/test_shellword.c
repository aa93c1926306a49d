#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "cli/shellword.h"
#include "tests/support/libcheck.h"

static void
a_text_is_quoted_where_a_shell_would_change_it(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "docs/brief.md", "docs/brief.md" },
		{ "a b", "'a b'" },
		{ "", "''" },
		{ "it's", "'it'\\''s'" },
		{ "$HOME", "'$HOME'" },
		{ "~", "'~'" },
		{ "a;b", "'a;b'" },
		{ "gr\xc3\xbcn", "'gr\xc3\xbcn'" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *got = shellword(rows[i].text);

		check_text(rows[i].text, got, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_text_is_quoted_where_a_shell_would_change_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
