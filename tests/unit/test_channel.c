#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "agent/channel.h"
#include "base/cleanup.h"
#include "tests/support/libcheck.h"

static void
a_worker_says_why_it_is_about_to_fail(void **state)
{
	static const struct {
		const char *line;
		int result;
		bool limited, poisoned;
		int64_t ms;
	} rows[] = {
		{ "{\"rate_limit\":\"60s\"}", 0, true, false, 60000 },
		{ "{\"rate_limit\":60}", 0, true, false, 60000 },
		{ "{\"rate_limit\":0.25}", 0, true, false, 250 },
		{ "{\"rate_limit\":0}", 0, true, false, 0 },
		{ "{\"rate_limit\":\"0\"}", 0, true, false, 0 },
		{ "{\"rate_limit\":1e300}", 0, true, false, 31536000000 },
		{ "{\"rate_limit\":\"9999d\"}", 0, true, false, 31536000000 },
		{ "{\"rate_limit\":-1}", -EBADMSG, false, false, 0 },
		{ "{\"rate_limit\":\"60\"}", -EBADMSG, false, false, 0 },
		{ "{\"rate_limit\":true}", -EBADMSG, false, false, 0 },
		{ "{\"session\":\"poisoned\"}", 0, false, true, 0 },
		{ "{\"session\":\"fine\"}", -EBADMSG, false, false, 0 },
		{ "{\"session\":1}", -EBADMSG, false, false, 0 },
		{ "{\"progress\":3,\"rate_limit\":1}", 1, true, false, 1000 },
		{ "{\"progress\":3}", 1, false, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct channel c = { .fd = -1 };

		check_number(
			rows[i].line,
			channel_line(&c, rows[i].line, strlen(rows[i].line), 7),
			rows[i].result);
		check_number(rows[i].line, c.told.rate_limited,
		             rows[i].limited);
		check_number(rows[i].line, c.told.session_poisoned,
		             rows[i].poisoned);
		check_number(rows[i].line, c.told.rate_limit_ms, rows[i].ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_says_why_it_is_about_to_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
