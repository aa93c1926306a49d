#include "tests/support/libnode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "tests/support/libcheck.h"

struct node *
libnode_parse(bool yaml, const char *text, size_t len, struct err *err)
{
	return yaml ? node_parse_yaml(text, len, "f", 1, err) :
	              node_parse_json(text, len, "f", err);
}

/* The tree in one line; a text in quotes was in quotes. */
static void
dump(const struct node *n, struct str *out)
{
	const char *brackets = n->kind == NODE_MAP ? "{}" : "[]";

	if (n->kind == NODE_SCALAR) {
		str_adds(out, n->quoted ? "\"" : "");
		str_add_escaped(out, n->text, strlen(n->text));
		str_adds(out, n->quoted ? "\"" : "");
		return;
	}
	str_addc(out, brackets[0]);
	for (const struct node *c = n->first; c; c = c->next) {
		if (c != n->first)
			str_addc(out, ' ');
		if (c->key)
			str_addf(out, "%s:", c->key);
		dump(c, out);
	}
	str_addc(out, brackets[1]);
}

void
libnode_check(bool yaml, const char *text, const char *want)
{
	struct err err = { "" };
	autonode *n = libnode_parse(yaml, text, strlen(text), &err);
	autostr got = STR_INIT;

	if (!n) {
		fail_msg("%s: %s", text, err.text);
		return;
	}
	dump(n, &got);
	check_text(text, str_text(&got), want);
	check_text(text, err.text, "");
}

void
libnode_refused(bool yaml, const char *text, size_t len, const char *want)
{
	struct err err = { "" };
	autonode *n = libnode_parse(yaml, text, len, &err);

	if (n)
		fail_msg("%s: it was not refused", text);
	check_text(text, err.text, want);
	assert_null(libnode_parse(yaml, text, len, NULL));
}
