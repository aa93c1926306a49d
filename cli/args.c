#include "cli/args.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/verb.h"

struct parsing {
	struct args *a;
	int argc, at; /* argv[at] is looked at */
	char **argv;
};

static const char *const no_values[] = { NULL };

/* The row of an option, or -1; `name` need not end after `len` bytes. */
static int
find_name(const struct args *a, const char *name, size_t len)
{
	for (size_t i = 0; i < a->ntable; i++)
		if (strncmp(a->table[i].name, name, len) == 0 &&
		    !a->table[i].name[len])
			return (int)i;
	return -1;
}

static int
find_letter(const struct args *a, char letter)
{
	for (size_t i = 0; i < a->ntable; i++)
		if (a->table[i].letter && a->table[i].letter == letter)
			return (int)i;
	return -1;
}

/* The option that was meant: the only one so begun, or the nearest. */
static const char *
meant(const struct args *a, const char *word)
{
	autofree const char **words = mem_new(a->ntable + 1, sizeof(*words));
	const char *begun = NULL;
	size_t n = 0;

	for (size_t i = 0; i < a->ntable; i++) {
		words[i] = a->table[i].name;
		if (!*word || !str_starts(words[i], word))
			continue;
		begun = words[i];
		n++;
	}
	return n == 1 ? begun : str_nearest(word, words, a->ntable);
}

static int
complain_unknown(const struct args *a, const char *name, size_t len)
{
	autofree char *word = mem_dupn(name, len);
	const char *near = meant(a, word);

	if (near)
		complain("unknown option '--%s'; did you mean '--%s'?", word,
		         near);
	else
		complain("unknown option '--%s'", word);
	return -EINVAL;
}

static int
add_value(struct args *a, int row, const char *value)
{
	const struct arg_option *o = &a->table[row];
	size_t n = 0;

	if (a->given[row] && !o->many) {
		complain("option '--%s' is given twice; give it once", o->name);
		return -EINVAL;
	}
	while (a->values[row] && a->values[row][n])
		n++;
	a->values[row] = mem_resize(a->values[row], n + 2, sizeof(char *));
	a->values[row][n] = value;
	a->values[row][n + 1] = NULL;
	a->given[row] = true;
	return 0;
}

/* The value is `attached`, or else the next argument. */
static int
take_value(struct parsing *p, int row, const char *attached)
{
	const struct arg_option *o = &p->a->table[row];

	if (!attached && p->at + 1 < p->argc)
		attached = p->argv[++p->at];
	if (!attached) {
		complain("option '--%s' needs a value: --%s %s", o->name,
		         o->name, o->value);
		return -EINVAL;
	}
	return add_value(p->a, row, attached);
}

/* argv[at] is "--name" or "--name=value". */
static int
take_long(struct parsing *p)
{
	const char *name = p->argv[p->at] + 2;
	size_t len = strcspn(name, "=");
	const char *attached = name[len] ? name + len + 1 : NULL;
	int row = find_name(p->a, name, len);

	if (row < 0)
		return complain_unknown(p->a, name, len);
	if (p->a->table[row].value)
		return take_value(p, row, attached);
	if (attached) {
		complain("option '--%.*s' takes no value", (int)len, name);
		return -EINVAL;
	}
	p->a->given[row] = true;
	return 0;
}

/* argv[at] is "-x", "-xy" or "-xVALUE". */
static int
take_letters(struct parsing *p)
{
	const char *letters = p->argv[p->at] + 1;

	for (; *letters; letters++) {
		int row = find_letter(p->a, *letters);

		if (row < 0) {
			complain("unknown option '-%c' in '-%s'; what begins "
			         "with '-' and is no option goes after '--'",
			         *letters, p->argv[p->at] + 1);
			return -EINVAL;
		}
		if (p->a->table[row].value)
			return take_value(p, row,
			                  letters[1] ? letters + 1 : NULL);
		p->a->given[row] = true;
	}
	return 0;
}

int
args_parse(struct args *a, const struct arg_option *table, size_t n, int argc,
           char **argv)
{
	struct parsing p = { a, argc, 0, argv };
	*a = (struct args){ .table = table, .ntable = n };
	a->values = mem_new(n + 1, sizeof(*a->values));
	a->given = mem_new(n + 1, sizeof(*a->given));
	a->operands = mem_new((size_t)argc + 1, sizeof(*a->operands));
	for (; p.at < argc; p.at++) {
		const char *arg = argv[p.at];
		int r = 0;

		if (a->ended || arg[0] != '-' || !arg[1])
			a->operands[a->noperands++] = arg;
		else if (strcmp(arg, "--") == 0)
			a->ended = true;
		else
			r = arg[1] == '-' ? take_long(&p) : take_letters(&p);
		if (r < 0) {
			args_done(a);
			return r;
		}
		if (!a->ended)
			a->nbefore = a->noperands;
	}
	return 0;
}

void
args_done(struct args *a)
{
	for (size_t i = 0; a->values && i < a->ntable; i++)
		free(a->values[i]);
	free(a->values);
	free(a->given);
	free(a->operands);
	*a = (struct args){ 0 };
}

static size_t
row_of(const struct args *a, const char *name)
{
	int row = find_name(a, name, strlen(name));

	assert(row >= 0);
	return (size_t)row;
}

bool
args_has(const struct args *a, const char *name)
{
	return a->given[row_of(a, name)];
}

bool
args_knows(const struct args *a, const char *name)
{
	return find_name(a, name, strlen(name)) >= 0;
}

const char *
args_value(const struct args *a, const char *name)
{
	const char *const *values = args_values(a, name);
	const char *last = NULL;

	for (; *values; values++)
		last = *values;
	return last;
}

const char *const *
args_values(const struct args *a, const char *name)
{
	const char **values = a->values[row_of(a, name)];

	return values ? values : no_values;
}
