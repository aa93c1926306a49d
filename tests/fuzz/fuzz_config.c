/* Any bytes as spoolhand.yaml: a config that can be run, or a complaint. */
#include <errno.h>

#include "base/keys.h"
#include "base/name.h"
#include "base/value.h"
#include "config/config.h"
#include "config/schema.h"
#include "tests/fuzz/fuzztree.h"

static void
check_ranges(const struct key *table, size_t n, const void *target)
{
	for (size_t i = 0; i < n; i++) {
		const void *member = value_member(&table[i], target);
		autostr text = STR_INIT;
		int64_t value;

		keys_print(&table[i], target, &text);
		FUZZ_CHECK(text.len > 0);
		if (table[i].type != KEY_INT && table[i].type != KEY_SIZE &&
		    table[i].type != KEY_DURATION)
			continue;
		value = *(const int64_t *)member;
		FUZZ_CHECK(value >= table[i].min && value <= table[i].max);
	}
}

static void
check_agent(const struct config *c, const struct config_agent *a)
{
	const struct config_agent *found = NULL;

	FUZZ_CHECK(name_ok(a->name));
	FUZZ_CHECK(strcmp(a->name, "gm") != 0);
	FUZZ_CHECK(a->line > 0);
	FUZZ_CHECK(!a->command != !a->shell);
	FUZZ_CHECK(!a->command || a->command[0][0]);
	FUZZ_CHECK(!a->verify || a->verify[0]);
	FUZZ_CHECK(!a->shell || a->shell[0]);
	FUZZ_CHECK(a->retry.base_ms <= a->retry.cap_ms);
	for (size_t i = 0; a->env && a->env[i]; i++) {
		FUZZ_CHECK(strchr(a->env[i], '='));
		FUZZ_CHECK(!str_starts(a->env[i], "TASK_"));
	}
	FUZZ_CHECK(config_find(c, a->name, &found, NULL) == 0 && found == a);
	check_ranges(schema_agent, schema_nagent, a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoconfig *c = NULL;
	struct err err = { "" };
	int r = config_parse((const char *)data, size, "file", "/spool", &c,
	                     &err);

	FUZZ_CHECK((r == 0) == (c != NULL));
	FUZZ_CHECK((r == 0) == (err.text[0] == '\0'));
	if (!c) {
		FUZZ_CHECK(r == -EBADMSG);
		fuzztree_check_err(&err, "file");
		return 0;
	}
	FUZZ_CHECK(c->nagents > 0);
	FUZZ_CHECK(c->restart_backoff_ms <= c->restart_backoff_max_ms);
	check_ranges(schema_top, schema_ntop, c);
	for (size_t i = 0; i < c->nagents && i < 100; i++)
		check_agent(c, &c->agents[i]);
	return 0;
}
