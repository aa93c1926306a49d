#include "cli/deadline.h"

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "cli/verb.h"

int
deadline_option(const struct args *a, const char *name, int64_t *deadline_ns)
{
	static const struct key key = { .name = "duration",
		                        .type = KEY_DURATION,
		                        .max = INT64_MAX };
	const char *text = args_value(a, name);
	autofree char *what = mem_printf("--%s", name);
	struct err err = { "" };
	int64_t ms;

	*deadline_ns = INT64_MAX;
	if (!text)
		return EXIT_FINE;
	if (keys_set(&key, what, text, &ms, &err) < 0) {
		complain("%s", err.text);
		return EXIT_USAGE;
	}
	if (ms < INT64_MAX / 2 / CLOCK_NS_PER_MS)
		*deadline_ns = clock_boot_ns() + ms * CLOCK_NS_PER_MS;
	return EXIT_FINE;
}
