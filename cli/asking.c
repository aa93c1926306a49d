#include "cli/asking.h"

#include <string.h>

#include "base/clock.h"
#include "base/keys.h"
#include "cli/shellword.h"

#define OPTIONS_TOLD 20

void
asking_add_text(const struct question *q, struct str *out)
{
	for (const char *p = q->text; *p; p++)
		str_addc(out, *p == '\n' ? ' ' : *p);
}

static void
add_deadline(const struct question *q, struct str *out)
{
	int64_t left_ms = q->deadline_ms - clock_wall_ms();
	char buf[CLOCK_TEXT_MAX];

	if (left_ms > 0)
		str_addf(out, "; in %s ", clock_format_duration(left_ms, buf));
	else
		str_adds(out, "; its deadline has passed: ");
	if (q->fallback)
		str_addf(out, "the default '%s' is taken", q->fallback);
	else
		str_adds(out, "it fails");
}

void
asking_add_terms(const struct question *q, struct str *out)
{
	size_t n = keys_count(q->options);

	for (size_t i = 0; i < n && i < OPTIONS_TOLD; i++)
		str_addf(out, "%s%s", i ? ", " : "; options: ", q->options[i]);
	if (n > OPTIONS_TOLD)
		str_addf(out, " and %zu more", n - OPTIONS_TOLD);
	if (q->deadline_ms)
		add_deadline(q, out);
}

void
asking_add_command(const char *agent, const char *id, const struct question *q,
                   struct str *out)
{
	autofree char *word = shellword(q->options ? q->options[0] : "TEXT");

	str_addf(out, "spoolhand answer %s/%s %s%s", agent, id,
	         word[0] == '-' ? "-- " : "", word);
}
