#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define OPTION_COLUMN 26

const struct arg_option help_common[] = {
	{ "root", 0, "DIR", false,
	  "the spool; else $SPOOLHAND_ROOT, else the nearest folder above "
	  "with a spoolhand.yaml" },
	{ "quiet", 'q', NULL, false, "say nothing but errors" },
	{ "help", 'h', NULL, false, "show this" },
};
const size_t help_ncommon = countof(help_common);

/* `text` filled into lines of 80, the rows after the first indented. */
static void
print_filled(const char *text, size_t column, size_t indent)
{
	size_t at = column;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (at > indent && at + 1 + n > 79) {
			printf("\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)n, text);
		at += n;
		text += n;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void
print_option(const struct arg_option *o)
{
	autostr head = STR_INIT;

	if (o->letter)
		str_addf(&head, "  -%c, --%s", o->letter, o->name);
	else
		str_addf(&head, "      --%s", o->name);
	if (o->value)
		str_addf(&head, " %s", o->value);
	if (o->many)
		str_adds(&head, " ...");
	if (head.len + 2 > OPTION_COLUMN)
		printf("%s\n%*s", head.data, OPTION_COLUMN, "");
	else
		printf("%-*s", OPTION_COLUMN, head.data);
	print_filled(o->help, OPTION_COLUMN, OPTION_COLUMN);
}

static void
print_options(const struct arg_option *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		print_option(&table[i]);
}

void
help_list(const struct verb *const *verbs, size_t n)
{
	printf("usage: spoolhand VERB [OPTION...] [OPERAND...]\n\n"
	       "A task queue whose whole state is a folder of files.\n\n");
	for (size_t i = 0; i < n; i++)
		printf("  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
	printf("\nEvery verb takes:\n");
	print_options(help_common, help_ncommon);
	printf("\nMore about one of them: spoolhand VERB --help\n"
	       "Which version this is:  spoolhand --version\n");
}

void
help_verb(const struct verb *v)
{
	printf("usage: spoolhand %s%s%s%s\n\n%s\n", v->name,
	       v->noptions ? " [OPTION...]" : "", v->operands[0] ? " " : "",
	       v->operands, v->summary);
	if (v->text && v->text[0])
		printf("\n%s%s", v->text,
		       v->text[strlen(v->text) - 1] == '\n' ? "" : "\n");
	printf("\n");
	print_options(v->options, v->noptions);
	print_options(help_common, help_ncommon);
}
