#include "base/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/quote.h"

struct unit {
	char name[3];
	int64_t worth;
};

/* The largest first. */
static const struct unit time_units[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
	{ "s", 1000 },     { "ms", 1 },
};
static const struct unit size_units[] = {
	{ "T", 1LL << 40 }, { "G", 1LL << 30 }, { "M", 1LL << 20 },
	{ "K", 1LL << 10 }, { "", 1 },
};
_Static_assert(countof(time_units) == countof(size_units), "one loop for both");

static const struct {
	const char *text;
	bool value;
} bools[] = {
	{ "true", true }, { "false", false }, { "yes", true },
	{ "no", false },  { "on", true },     { "off", false },
};

void *
value_member(const struct key *key, const void *target)
{
	return (char *)(uintptr_t)target + key->offset;
}

void
value_print_number(enum key_type type, int64_t value, struct str *out)
{
	const struct unit *units = type == KEY_SIZE ? size_units : time_units;

	if (type == KEY_INT || value == 0) {
		str_addf(out, "%" PRId64, value);
		return;
	}
	while (value % units->worth)
		units++;
	str_addf(out, "%" PRId64 "%s", value / units->worth, units->name);
}

/* Digits, with a '-' in front if `sign`; `*end` is what follows. */
static int
parse_number(const char *text, bool sign, int64_t *value, const char **end)
{
	bool minus = sign && *text == '-';
	const char *p = text + minus;
	int64_t n = 0;

	*end = p + strspn(p, "0123456789");
	if (*end == p)
		return -EINVAL;
	for (; p < *end; p++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *p - '0', &n))
			return -ERANGE;
	*value = minus ? -n : n;
	return 0;
}

static int
parse_size(const char *text, int64_t *value)
{
	const char *end;
	int64_t n = INT64_MAX;
	int r = parse_number(text, false, &n, &end);

	if (r == -EINVAL)
		return r;
	for (size_t i = 0; i < countof(size_units); i++) {
		if (strcmp(end, size_units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(n, size_units[i].worth, value))
			r = -ERANGE;
		return r;
	}
	return -EINVAL;
}

/* What is not the number it should be. */
static int
complain_number(enum key_type type, const char *text, const char *shown,
                struct err *err)
{
	if (type == KEY_SIZE)
		return err_set(err, -EBADMSG,
		               "'%.60s' is not a size; write bytes, or as in "
		               "64K, 16M, 1G",
		               shown);
	if (type == KEY_INT)
		return err_set(err, -EBADMSG, "'%.60s' is not a whole number",
		               shown);
	if (text[strspn(text, "0123456789")] == '\0' && *text)
		return err_set(err, -EBADMSG,
		               "'%.60s' has no unit; write %.60ss for seconds, "
		               "or ms, m, h, d",
		               shown, shown);
	return err_set(err, -EBADMSG,
	               "'%.60s' is not a duration; write as in 500ms, 10s, "
	               "5m, 1h, 7d",
	               shown);
}

static int
set_number(const struct key *key, const char *text, void *target,
           struct err *err)
{
	autofree char *shown = name_show(text);
	autostr limit = STR_INIT;
	const char *end = "";
	int64_t value = 0;
	bool low;
	int r;

	if (key->type == KEY_INT)
		r = parse_number(text, true, &value, &end);
	else if (key->type == KEY_SIZE)
		r = parse_size(text, &value);
	else
		r = clock_parse_duration(text, &value);
	if (r == -EINVAL || *end)
		return complain_number(key->type, text, shown, err);
	low = r == 0 ? value < key->min : *text == '-';
	if (r < 0 || low || value > key->max) {
		value_print_number(key->type, low ? key->min : key->max,
		                   &limit);
		return err_set(err, -EBADMSG, "'%.60s' is too %s; the %s is %s",
		               shown, low ? "small" : "large",
		               low ? "least" : "most", str_text(&limit));
	}
	*(int64_t *)value_member(key, target) = value;
	return 0;
}

static int
set_bool(const struct key *key, const char *text, void *target, struct err *err)
{
	autofree char *shown = NULL;

	for (size_t i = 0; i < countof(bools); i++) {
		if (strcmp(text, bools[i].text) != 0)
			continue;
		*(bool *)value_member(key, target) = bools[i].value;
		return 0;
	}
	shown = name_show(text);
	return err_set(err, -EBADMSG, "'%.60s' is not true or false", shown);
}

static int
set_choice(const struct key *key, const char *text, void *target,
           struct err *err)
{
	autofree char *shown = name_show(text);
	autostr all = STR_INIT;
	const char *near;
	size_t n;

	for (n = 0; key->choices[n]; n++) {
		if (strcmp(text, key->choices[n]) == 0) {
			*(int *)value_member(key, target) = (int)n;
			return 0;
		}
		str_addf(&all, "%s%s", n ? ", " : "", key->choices[n]);
	}
	near = str_nearest(text, key->choices, n);
	if (near)
		return err_set(err, -EBADMSG,
		               "'%.60s' is not one of %s; did you mean '%s'?",
		               shown, str_text(&all), near);
	return err_set(err, -EBADMSG, "'%.60s' is not one of %s", shown,
	               str_text(&all));
}

static int
set_text(const struct key *key, const char *text, void *target, struct err *err)
{
	char **member = value_member(key, target);
	size_t len = strlen(text);

	if (key->type == KEY_NAME && !name_ok(text)) {
		autofree char *shown = name_show(text);

		return err_set(err, -EBADMSG,
		               "'%.60s' is not a name; use letters, digits, "
		               "'.', '_' and '-', and begin with neither '.' "
		               "nor '-'",
		               shown);
	}
	if ((int64_t)len < key->min)
		return err_set(err, -EBADMSG,
		               len ? "the text is too short" :
		                     "it may not be empty");
	if (key->max > 0 && (int64_t)len > key->max)
		return err_set(err, -EBADMSG,
		               "the text is longer than %" PRId64 " bytes",
		               key->max);
	free(*member);
	*member = mem_dup(text);
	return 0;
}

int
value_set(const struct key *key, const char *text, void *target,
          struct err *err)
{
	switch (key->type) {
	case KEY_INT:
	case KEY_DURATION:
	case KEY_SIZE:
		return set_number(key, text, target, err);
	case KEY_BOOL:
		return set_bool(key, text, target, err);
	case KEY_CHOICE:
		return set_choice(key, text, target, err);
	case KEY_STRING:
	case KEY_NAME:
		return set_text(key, text, target, err);
	case KEY_STRINGS:
	case KEY_PAIRS:
		break;
	}
	return err_set(err, -EBADMSG, "a list or map is expected");
}

void
value_print(const struct key *key, const void *target, struct str *out)
{
	const void *member = value_member(key, target);

	if (key->type == KEY_BOOL)
		str_adds(out, *(const bool *)member ? "true" : "false");
	else if (key->type == KEY_CHOICE)
		str_adds(out, key->choices[*(const int *)member]);
	else if (key->type != KEY_STRING && key->type != KEY_NAME)
		value_print_number(key->type, *(const int64_t *)member, out);
	else if (*(char *const *)member)
		quote_add(out, *(char *const *)member);
	else
		str_addc(out, '~');
}
