#include "spool/question.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/node.h"
#include "base/quote.h"
#include "base/sys.h"
#include "base/utf8.h"
#include "spool/answer.h"
#include "spool/calls.h"
#include "spool/find.h"
#include "spool/record.h"

#define FILE_MAX     (4 << 20)
#define OPTIONS_TOLD 20 /* in a message */

#define AT(member) offsetof(struct question, member)

static const struct key keys[] = {
	{ "question", KEY_STRING, AT(text), 0, 0, NULL, NULL,
	  "What is asked." },
	{ "options", KEY_STRINGS, AT(options), 1, 0, NULL, NULL,
	  "The answers that will do; without them any text will." },
	{ "default", KEY_STRING, AT(fallback), 0, 0, NULL, NULL,
	  "The answer that is taken at the deadline." },
	{ "deadline", KEY_TIME, AT(deadline_ms), 0, 0, NULL, NULL,
	  "Until when there is time to answer." },
	{ "asked", KEY_TIME, AT(asked_ms), 0, 0, NULL, NULL,
	  "Since when it is asked." },
	{ "number", KEY_INT, AT(number), 0, CALLS_MAX, NULL, "0",
	  "Of the durable call that asks; 0 if the agent does." },
};

void
question_done(struct question *q)
{
	keys_done(keys, countof(keys), q);
	*q = (struct question){ 0 };
}

/* ROOT may hold anything; a comment ends with its line. */
static void
add_comment(const struct desk *d, const char *id, const struct question *q,
            struct str *out)
{
	str_addf(out,
	         "# The task %s/%s asks this.  Answer it in either way:\n"
	         "#\n"
	         "#   spoolhand answer %s/%s %s\n"
	         "#   mv REPLY ",
	         d->name, id, d->name, id, q->options ? "OPTION" : "TEXT");
	str_add_escaped(out, d->spool->root, strlen(d->spool->root));
	str_addf(out, "/agents/%s/answers/%s\n#\n", d->name, id);
	if (!q->deadline_ms)
		str_adds(out, "# It waits until somebody does.\n\n");
	else if (q->fallback)
		str_adds(out, "# At the deadline the default is taken.\n\n");
	else
		str_adds(out, "# At the deadline the task fails.\n\n");
}

static void
add_text(struct str *out, const char *key, const char *text)
{
	str_addf(out, "%s: ", key);
	quote_add(out, text);
	str_addc(out, '\n');
}

static void
add_time(struct str *out, const char *key, int64_t wall_ms)
{
	char buf[CLOCK_TEXT_MAX];

	if (wall_ms)
		add_text(out, key, clock_format_local(wall_ms, buf));
}

/* Can its lines stand as they are, below `key: |-`? */
static bool
is_block(const char *text)
{
	if (!strchr(text, '\n') || text[0] == ' ' || text[0] == '\n' ||
	    text[strlen(text) - 1] == '\n')
		return false;
	for (const char *p = text; *p; p++)
		if (*p != '\n' && (*p < 0x20 || *p > 0x7e))
			return false;
	return true;
}

static void
add_block(struct str *out, const char *key, const char *text)
{
	str_addf(out, "%s: |-\n", key);
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");

		str_addf(out, "%s%.*s\n", n ? "  " : "", (int)n, p);
		p += n + (p[n] == '\n');
	}
}

static void
print(const struct desk *d, const char *id, const struct question *q,
      struct str *out)
{
	add_comment(d, id, q, out);
	if (is_block(q->text))
		add_block(out, "question", q->text);
	else
		add_text(out, "question", q->text);
	if (q->options)
		str_adds(out, "options:\n");
	for (char **p = q->options; p && *p; p++) {
		str_adds(out, "  - ");
		quote_add(out, *p);
		str_addc(out, '\n');
	}
	if (q->fallback)
		add_text(out, "default", q->fallback);
	add_time(out, "deadline", q->deadline_ms);
	add_time(out, "asked", q->asked_ms);
	str_addf(out, "number: %" PRId64 "\n", q->number);
}

static bool
same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static bool
same(const struct question *a, const struct question *b)
{
	char **x = a->options, **y = b->options;

	for (; x && y && *x && *y; x++, y++)
		if (strcmp(*x, *y) != 0)
			return false;
	return keys_count(x) == keys_count(y) && same_text(a->text, b->text) &&
	       same_text(a->fallback, b->fallback) &&
	       a->asked_ms == b->asked_ms && a->deadline_ms == b->deadline_ms &&
	       a->number == b->number;
}

int
question_publish(struct desk *d, const char *id, const struct question *q)
{
	autoquestion old = { 0 };
	autostr text = STR_INIT;
	int r = question_read(d, id, &old, NULL);

	if (r == 0 && same(&old, q))
		return 0;
	/* A directory, or what else somebody may have put there. */
	if (r == -EBADMSG)
		(void)sys_remove_tree(d->at[PLACE_QUESTIONS], id);
	print(d, id, q, &text);
	return sys_write_file(d->at[PLACE_QUESTIONS], id, text.data, text.len,
	                      true, false);
}

static int
parse(const char *text, size_t len, const char *file, struct question *q,
      struct err *err)
{
	autonode *map = node_parse_yaml(text, len, file, 1, err);
	int r;

	if (!map)
		return -EBADMSG;
	keys_default(keys, countof(keys), q);
	r = keys_bind(keys, countof(keys), map, file, NULL, q, err);
	if (r == 0 && !q->text)
		r = err_set(err, -EBADMSG, "%s: there is no 'question'", file);
	return r;
}

int
question_read(const struct desk *d, const char *id, struct question *q,
              struct err *err)
{
	autofree char *file = mem_printf("questions/%s", id);
	autoquestion found = { 0 };
	autostr text = STR_INIT;
	int r = sys_read_file(d->at[PLACE_QUESTIONS], id, FILE_MAX, &text);

	if (r == -ELOOP || r == -EISDIR || r == -EFBIG || r == -ENXIO ||
	    r == -EXDEV)
		return err_set(err, -EBADMSG, "'%s' is no question", file);
	if (r < 0)
		return err_sys(err, r, "cannot read '%s'", file);
	r = parse(str_text(&text), text.len, file, &found, err);
	if (r < 0)
		return r;
	*q = found;
	found = (struct question){ 0 };
	return 0;
}

int
question_withdraw(struct desk *d, const char *id)
{
	return sys_remove_tree(d->at[PLACE_QUESTIONS], id);
}

int
question_of_call(const struct desk *d, const char *id, unsigned n,
                 struct question *q)
{
	autocall c = { 0 };
	int r = calls_read(d, id, n, &c);

	if (r < 0)
		return r;
	if (c.kind != CALL_ASK)
		return -EBADMSG;
	*q = (struct question){
		.text = take_ptr(c.what),
		.options = take_ptr(c.options),
		.fallback = take_ptr(c.fallback),
		.asked_ms = c.begun_ms,
		.deadline_ms = c.until_ms,
		.number = n,
	};
	return 0;
}

int
question_open(const struct desk *d, const char *id, struct question *q)
{
	autoquestion found = { 0 };
	struct record rec;
	struct found f;

	if (question_read(d, id, &found, NULL) == 0) {
		if (found.number &&
		    calls_answered(d, id, (unsigned)found.number))
			return -ENOENT; /* it is about to go */
		*q = found;
		found = (struct question){ 0 };
		return 0;
	}
	record_read(d, id, &rec);
	if (rec.reason != BLOCK_QUESTION || !rec.call ||
	    calls_answered(d, id, rec.call))
		return -ENOENT;
	/* The record tells of a wait that may be over. */
	if (find_task(d, id, &f) < 0 || f.place != PLACE_BLOCKED)
		return -ENOENT;
	return question_of_call(d, id, rec.call, q);
}

/* For one line: what could end it, or is no text, is escaped. */
static void
add_shown(struct str *out, const char *text, size_t n)
{
	autofree char *clean = utf8_mend(text, n);

	str_addc(out, '\'');
	for (const char *p = clean; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			str_addf(out, "\\x%02x", (unsigned)*p);
		else
			str_addc(out, *p);
	}
	str_addc(out, '\'');
}

static void
list_options(const struct question *q, struct str *out)
{
	for (size_t i = 0; q->options[i]; i++) {
		if (i == OPTIONS_TOLD) {
			str_adds(out, " …");
			return;
		}
		str_adds(out, i ? ", " : " ");
		add_shown(out, q->options[i], strlen(q->options[i]));
	}
}

/* An option may end in blanks itself: `len` with, `least` without those. */
static bool
is_option(const struct question *q, const char *text, size_t len, size_t *least)
{
	for (char **p = q->options; *p; p++) {
		size_t n = strlen(*p);

		if (n < *least || n > len || memcmp(*p, text, n) != 0)
			continue;
		*least = n;
		return true;
	}
	return false;
}

int
question_accepts(const struct question *q, const char *answer, size_t len,
                 size_t *kept, struct err *err)
{
	autostr list = STR_INIT, shown = STR_INIT;
	size_t n = len;

	if (len > CALLS_ANSWER_MAX)
		return err_set(err, -EBADMSG,
		               "the answer is longer than %d bytes; give the "
		               "name of a file instead",
		               CALLS_ANSWER_MAX);
	if (memchr(answer, '\0', len) || !utf8_valid(answer, len))
		return err_set(err, -EBADMSG,
		               "the answer is not UTF-8 text (byte %zu)",
		               memchr(answer, '\0', len) ?
		                       strlen(answer) + 1 :
		                       utf8_first_bad(answer, len) + 1);
	while (n && strchr(" \t\r\n", answer[n - 1]))
		n--;
	if (!q->options && !n)
		return err_set(err, -EBADMSG,
		               "the answer is empty; it must say something");
	if (!q->options || is_option(q, answer, len, &n)) {
		if (kept)
			*kept = n;
		return 0;
	}
	list_options(q, &list);
	add_shown(&shown, answer, n > 60 ? 60 : n);
	return err_set(err, -EBADMSG, "%s is no option; they are:%s",
	               str_text(&shown), str_text(&list));
}

/* "ID.N", unless there is another task that is called so. */
static char *
answer_name(const struct desk *d, const char *id, int64_t n)
{
	autofree char *name = mem_printf("%s.%" PRId64, id, n);
	struct found f;

	if (find_task(d, name, &f) == 0)
		return mem_dup(id);
	return take_ptr(name);
}

int
question_drop_answer(struct desk *d, const char *id, int64_t n,
                     const char *text, size_t len, struct err *err)
{
	autofree char *name = answer_name(d, id, n);
	int r = sys_write_file(d->at[PLACE_ANSWERS], name, text, len, false,
	                       d->spool->durable);

	if (r < 0)
		return err_sys(err, r, "cannot drop '%s/agents/%s/answers/%s'",
		               d->spool->root, d->name, name);
	return 0;
}

int
question_dropped(const struct desk *d, const char *id, int64_t n,
                 struct str *text)
{
	autofree char *exact = mem_printf("%s.%" PRId64, id, n);
	const char *const names[] = { exact, id };
	struct found f;
	int64_t uid;

	for (size_t i = 0; i < countof(names); i++) {
		if (i == 0 && find_task(d, exact, &f) == 0)
			continue;
		str_clear(text);
		if (sys_read_file(d->at[PLACE_ANSWERS], names[i],
		                  CALLS_ANSWER_MAX, text) == 0)
			return 1;
	}
	str_clear(text);
	return answer_read(d, id, n, text, &uid, NULL) == 0;
}

bool
question_waits(const struct desk *d, const char *id, struct question *q)
{
	autoquestion found = { 0 };
	autostr text = STR_INIT;

	/* In the order in which an answer goes through the places. */
	if (question_read(d, id, &found, NULL) < 0 ||
	    question_dropped(d, id, found.number, &text) ||
	    (found.number && calls_answered(d, id, (unsigned)found.number)))
		return false;
	*q = found;
	found = (struct question){ 0 };
	return true;
}
