#include "spool/task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/node.h"
#include "base/sys.h"

#define JSON_TASK_MAX (16 * 1024 * 1024)
#define REFS_MAX      1000
#define YEAR_MS       (366LL * 86400 * 1000)

static const char *const priorities[] = { "high", "medium", "low", NULL };
static const enum task_class classes[] = { CLASS_HIGH, CLASS_MEDIUM,
	                                   CLASS_LOW };
static const char *const policies[] = { "skip", "block", "fallback", "ask",
	                                NULL };
static const char *const late_policies[] = { "fail", "ask", "run", NULL };

#define AT(member) offsetof(struct task, member)

const struct key task_keys[] = {
	{ "id", KEY_NAME, AT(id), 0, 0, NULL, NULL,
	  "Name of the task at its desk; the same id with the same content "
	  "is the same task." },
	{ "title", KEY_STRING, AT(title), 0, 500, NULL, NULL,
	  "One line for people." },
	{ "priority", KEY_CHOICE, AT(priority), 0, 0, priorities, "medium",
	  "Class in the queue; first in, first out within one." },
	{ "after", KEY_STRINGS, AT(after), 0, REFS_MAX, NULL, NULL,
	  "Refs (AGENT/ID) that must be COMPLETED first." },
	{ "inputs", KEY_STRINGS, AT(inputs), 0, REFS_MAX, NULL, NULL,
	  "Artifacts (AGENT/ID/PATH) to wait for; each is put at in/PATH.  "
	  "file:/FOLDER/NAME, which may be a pattern: a file outside." },
	{ "not_before", KEY_TIME, AT(not_before_ms), 0, 0, NULL, NULL,
	  "Stay PENDING until this time." },
	{ "input_timeout", KEY_DURATION, AT(input_timeout_ms), 0, YEAR_MS, NULL,
	  NULL,
	  "How long after its admission it waits for what it needs; 0 is "
	  "without end." },
	{ "on_input_timeout", KEY_CHOICE, AT(on_input_timeout), 0, 0,
	  late_policies, "fail",
	  "What to do then: fail (withdraw the task), ask a person, or run "
	  "it without what is missing." },
	{ "timeout", KEY_DURATION, AT(timeout_ms), 0, YEAR_MS, NULL, NULL,
	  "Limit of one attempt, instead of the agent's; 0 is none." },
	{ "retries", KEY_INT, AT(retries), 0, 1000, NULL, NULL,
	  "Further attempts after a failure, instead of the agent's." },
	{ "outputs", KEY_STRINGS, AT(outputs), 0, REFS_MAX, NULL, NULL,
	  "Artifacts that must be in $TASK_OUT, or exit 0 is a failure." },
	{ "on_dependency_failure", KEY_CHOICE, AT(on_dependency_failure), 0, 0,
	  policies, "skip",
	  "What to do when what it waits for failed: skip (withdraw the "
	  "task), block (wait until that is retried), fallback (run it "
	  "without that) or ask a person." },
	{ "supersedes", KEY_STRINGS, AT(supersedes), 0, REFS_MAX, NULL, NULL,
	  "Ids of older tasks at its desk that are withdrawn if they do not "
	  "run yet." },
	{ "labels", KEY_PAIRS, AT(labels), 0, 100, NULL, NULL,
	  "Words of your own, copied to the result." },
	{ "user", KEY_STRING, AT(user), 0, 200, NULL, NULL,
	  "Who asks, in the submitter's words; the uid is recorded anyway." },
	{ "device", KEY_STRING, AT(device), 0, 200, NULL, NULL,
	  "From where, in the submitter's words." },
	{ "trace", KEY_STRING, AT(trace), 0, 200, NULL, NULL,
	  "W3C traceparent, handed on to the worker." },
	{ "parent", KEY_STRING, AT(parent), 0, NAME_REF_MAX, NULL, NULL,
	  "Ref of the task that called it; set by spoolhand call." },
};
const size_t task_nkeys = countof(task_keys);

static const char *const body_only[] = { "body", NULL };

void
task_default(struct task *t)
{
	*t = (struct task)TASK_INIT;
	t->timeout_ms = -1;
	t->retries = -1;
	keys_default(task_keys, task_nkeys, t);
}

void
task_done(struct task *t)
{
	keys_done(task_keys, task_nkeys, t);
	if (t->fd >= 0)
		(void)close(t->fd);
	free(t->file);
	free(t->json_body);
	*t = (struct task)TASK_INIT;
}

enum task_class
task_class_of(const struct task *t)
{
	return classes[t->priority];
}

/* Length of the line at `p`, its newline included. */
static size_t
line_length(const char *p, size_t len)
{
	const char *nl = memchr(p, '\n', len);

	return nl ? (size_t)(nl - p) + 1 : len;
}

/* Is it `mark` alone on its line, but for blanks? */
static bool
is_rule(const char *p, size_t len, const char *mark)
{
	size_t n = strlen(mark);

	if (len < n || memcmp(p, mark, n) != 0)
		return false;
	while (n < len && strchr(" \t\r\n", p[n]) && p[n])
		n++;
	return n == len;
}

int
task_parse(const char *text, size_t len, const char *file, struct task *t,
           int64_t *body_at, struct err *err)
{
	size_t bom = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	size_t begin, at;
	int r;

	*body_at = 0;
	begin = bom + line_length(text + bom, len - bom);
	if (!is_rule(text + bom, begin - bom, "---"))
		return 0;
	for (at = begin; at < len;) {
		size_t n = line_length(text + at, len - at);
		autonode *map = NULL;

		if (!is_rule(text + at, n, "---")) {
			at += n;
			continue;
		}
		map = node_parse_yaml(text + begin, at - begin, file, 2, err);
		if (!map)
			return -EBADMSG;
		r = keys_bind(task_keys, task_nkeys, map, file, NULL, t, err);
		*body_at = (int64_t)(at + n);
		return r < 0 ? r : task_check(t, map, file, err);
	}
	return err_set(err, -EBADMSG,
	               "%s:1:1: the front matter has no end%s; close it with "
	               "a line '---', or begin the file with an empty line if "
	               "it has none",
	               file,
	               len >= TASK_HEADER_MAX ? " in the first 64 KiB" : "");
}

static int
parse_json(struct task *t, const char *file, struct err *err)
{
	autostr text = STR_INIT;
	autonode *map = NULL;
	struct node *body;
	int r = sys_read_all(t->fd, JSON_TASK_MAX, &text);

	if (r < 0)
		return err_sys(err, r == -EFBIG ? -EBADMSG : r,
		               "cannot read '%s'", file);
	map = node_parse_json(str_text(&text), text.len, file, err);
	if (!map)
		return -EBADMSG;
	r = keys_bind(task_keys, task_nkeys, map, file, body_only, t, err);
	if (r < 0)
		return r;
	body = node_get(map, "body");
	if (body && !node_is_null(body) && !body->quoted)
		return node_complain(body, file, err, -EBADMSG,
		                     "body must be a string");
	t->json_body = mem_dup(body && !node_is_null(body) ? body->text : "");
	t->body_at = t->size;
	return task_check(t, map, file, err);
}

static int
parse_front_matter(struct task *t, const char *file, struct err *err)
{
	autostr text = STR_INIT;
	ssize_t n = pread(t->fd, str_reserve(&text, TASK_HEADER_MAX),
	                  TASK_HEADER_MAX, 0);

	if (n < 0)
		return err_sys(err, -errno, "cannot read '%s'", file);
	return task_parse(text.data, (size_t)n, file, t, &t->body_at, err);
}

int
task_open(int dfd, const char *name, struct task *t, struct err *err)
{
	return task_open_as(dfd, name, name, t, err);
}

/* What t->fd holds, read in this form; `as` names it in messages. */
static int
read_form(struct task *t, enum taskdir_form form, const char *as,
          struct err *err)
{
	autofree char *file = name_show(as);
	struct stat st;

	if (fstat(t->fd, &st) < 0)
		return err_sys(err, -errno, "cannot look at '%s'", file);
	t->size = st.st_size;
	switch (form) {
	case TASKDIR_JSON:
		return parse_json(t, file, err);
	case TASKDIR_MARKDOWN:
		return parse_front_matter(t, file, err);
	case TASKDIR_PLAIN:
		break;
	}
	return 0;
}

int
task_open_as(int dfd, const char *name, const char *as, struct task *t,
             struct err *err)
{
	enum taskdir_form form;
	int r;

	task_default(t);
	r = taskdir_open(dfd, name, &t->fd, &t->file, &form, err);
	if (r == 0) {
		t->directory = t->file != NULL;
		r = read_form(t, form, t->file ? t->file : as, err);
	}
	if (r < 0)
		task_done(t);
	return r;
}

int
task_read_fd(int fd, enum taskdir_form form, const char *as, struct task *t,
             struct err *err)
{
	int r;

	task_default(t);
	t->fd = fd;
	r = read_form(t, form, as, err);
	if (r < 0)
		task_done(t);
	return r;
}

void
task_print_header(const struct task *t, struct str *out)
{
	struct task plain;

	task_default(&plain);
	str_adds(out, "---\n");
	for (size_t i = 0; i < task_nkeys; i++) {
		autostr value = STR_INIT, usual = STR_INIT;

		keys_print(&task_keys[i], t, &value);
		keys_print(&task_keys[i], &plain, &usual);
		if (value.len &&
		    strcmp(str_text(&value), str_text(&usual)) != 0)
			str_addf(out, "%s: %s\n", task_keys[i].name,
			         value.data);
	}
	str_adds(out, "---\n");
	task_done(&plain);
}
