#include "base/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/quote.h"

#define DIGITS   "0123456789"
#define DECIMALS 6 /* of a KEY_NUMBER */

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

	*end = p + strspn(p, DIGITS);
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
	if (text[strspn(text, DIGITS)] == '\0' && *text)
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

/*
 * "2", "0.25": no exponent, as many decimals as are printed.  A number below
 * zero is told what is the least.
 */
static int
set_decimal(const struct key *key, const char *text, void *target,
            struct err *err)
{
	autofree char *shown = name_show(text);
	const char *first = text + (text[0] == '-');
	size_t whole = strspn(first, DIGITS);
	size_t decimals =
		first[whole] == '.' ? strspn(first + whole + 1, DIGITS) : 0;
	const char *end = first + whole + (first[whole] == '.') + decimals;
	double value;

	if (!whole || *end || (first[whole] == '.' && !decimals))
		return err_set(err, -EBADMSG,
		               "'%.60s' is not a number; write as in 2 or 0.5",
		               shown);
	if (decimals > DECIMALS)
		return err_set(err, -EBADMSG,
		               "'%.60s' has too many digits; write at most %d "
		               "after the point",
		               shown, DECIMALS);
	value = strtod(text, NULL);
	if (value < (double)key->min || value > (double)key->max) {
		bool low = value < (double)key->min;

		return err_set(err, -EBADMSG,
		               "'%.60s' is too %s; the %s is %" PRId64, shown,
		               low ? "small" : "large", low ? "least" : "most",
		               low ? key->min : key->max);
	}
	*(double *)value_member(key, target) = value;
	return 0;
}

static int
set_time(const struct key *key, const char *text, void *target, struct err *err)
{
	autofree char *shown = name_show(text);
	int64_t ms;
	int r = clock_parse_time(text, &ms);

	if (r == -ERANGE)
		return err_set(err, -EBADMSG,
		               "'%.60s' is not of the years 1970 to 2250",
		               shown);
	if (r < 0)
		return err_set(err, -EBADMSG,
		               "'%.60s' is not a time; write as in "
		               "2026-11-21T09:30:00Z or "
		               "2026-11-21T09:30+01:00, or 2026-11-21 09:30 "
		               "for local time",
		               shown);
	*(int64_t *)value_member(key, target) = ms;
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

/* The number of the choice that this is, or -EBADMSG. */
static int
find_choice(const struct key *key, const char *text, struct err *err)
{
	autofree char *shown = name_show(text);
	autostr all = STR_INIT;
	const char *near;
	size_t n;

	for (n = 0; key->choices[n]; n++) {
		if (strcmp(text, key->choices[n]) == 0)
			return (int)n;
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
set_choice(const struct key *key, const char *text, void *target,
           struct err *err)
{
	int n = find_choice(key, text, err);

	if (n < 0)
		return n;
	*(int *)value_member(key, target) = n;
	return 0;
}

int
value_add_choice(const struct key *key, const char *text, void *target,
                 struct err *err)
{
	const char *const ends = "[], ";
	bool list = text[0] == '[';

	for (const char *p = text; *p;) {
		size_t len = list ? strcspn(p, ends) : strlen(p);
		autofree char *word = mem_dupn(p, len);
		int n = len ? find_choice(key, word, err) : 0;

		if (n < 0)
			return n;
		if (len)
			*(int64_t *)value_member(key, target) |= INT64_C(1)
			                                         << n;
		p += len + (p[len] != '\0');
	}
	return 0;
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
	case KEY_TIME:
		return set_time(key, text, target, err);
	case KEY_BOOL:
		return set_bool(key, text, target, err);
	case KEY_NUMBER:
		return set_decimal(key, text, target, err);
	case KEY_CHOICE:
		return set_choice(key, text, target, err);
	case KEY_SET:
		return value_add_choice(key, text, target, err);
	case KEY_STRING:
	case KEY_NAME:
		return set_text(key, text, target, err);
	case KEY_STRINGS:
	case KEY_PAIRS:
		break;
	}
	return err_set(err, -EBADMSG, "a list or map is expected");
}

/* Without the zeros at its end. */
static void
print_decimal(double value, struct str *out)
{
	str_addf(out, "%.*f", DECIMALS, value);
	while (out->data[out->len - 1] == '0')
		out->data[--out->len] = '\0';
	if (out->data[out->len - 1] == '.')
		out->data[--out->len] = '\0';
}

static void
print_set(const struct key *key, int64_t set, struct str *out)
{
	bool first = true;

	str_addc(out, '[');
	for (int n = 0; key->choices[n]; n++) {
		if (!(set >> n & 1))
			continue;
		str_addf(out, "%s%s", first ? "" : ", ", key->choices[n]);
		first = false;
	}
	str_addc(out, ']');
}

static void
print_time(int64_t wall_ms, struct str *out)
{
	char text[CLOCK_TEXT_MAX];

	str_adds(out, wall_ms ? clock_format(wall_ms, text) : "~");
}

void
value_print(const struct key *key, const void *target, struct str *out)
{
	const void *member = value_member(key, target);

	if (key->type == KEY_BOOL)
		str_adds(out, *(const bool *)member ? "true" : "false");
	else if (key->type == KEY_CHOICE)
		str_adds(out, key->choices[*(const int *)member]);
	else if (key->type == KEY_TIME)
		print_time(*(const int64_t *)member, out);
	else if (key->type == KEY_SET)
		print_set(key, *(const int64_t *)member, out);
	else if (key->type == KEY_NUMBER)
		print_decimal(*(const double *)member, out);
	else if (key->type != KEY_STRING && key->type != KEY_NAME)
		value_print_number(key->type, *(const int64_t *)member, out);
	else if (*(char *const *)member)
		quote_add(out, *(char *const *)member);
	else
		str_addc(out, '~');
}
