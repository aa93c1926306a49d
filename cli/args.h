/*
 * args.h - options and operands of a verb, by table.
 *
 * Options may stand before or after operands; `--` ends them; `-` alone is an
 * operand; `--name=value` and `--name value` are the same; a unique
 * abbreviation is not accepted (scripts outlive it).  Help is printed from
 * the same table, so it cannot drift.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

struct arg_option {
	const char *name;  /* without the dashes */
	char letter;       /* 0: none */
	const char *value; /* name of its value in the help; NULL: a flag */
	bool many;         /* may be given again */
	const char *help;
};

struct args {
	const struct arg_option *table;
	size_t ntable;
	const char ***values;  /* by table row: NULL-ended, or NULL */
	bool *given;           /* by table row */
	const char **operands; /* NULL-ended, in argv's memory */
	size_t noperands;
	bool ended;     /* `--` was given */
	size_t nbefore; /* operands in front of it; without it: all */
};

/*
 * Parse argv (without program and verb).  On a fault says on stderr what and
 * how to do it right ("did you mean --json?") and returns -EINVAL.
 */
int args_parse(struct args *a, const struct arg_option *table, size_t n,
               int argc, char **argv);
void args_done(struct args *a);

bool args_has(const struct args *a, const char *name);

/* Is there such an option in its table at all? */
bool args_knows(const struct args *a, const char *name);

/* The last value given, or NULL. */
const char *args_value(const struct args *a, const char *name);

/* All values, NULL-ended; never NULL. */
const char *const *args_values(const struct args *a, const char *name);

#endif
