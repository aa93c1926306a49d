#include "spool/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"

#define FILE_MAX    (1 << 20)
#define OPTIONS_MAX 1000
#define TIME_MAX_MS 9000000000000 /* the year 2255 */

static const char *const kind_names[] = {
	[CALL_NONE] = "none",  [CALL_STEP] = "step",   [CALL_ASK] = "ask",
	[CALL_CHILD] = "call", [CALL_SLEEP] = "sleep",
};
_Static_assert(countof(kind_names) == CALL_NKINDS, "name every kind");

void
calls_done(struct call *c)
{
	free(c->what);
	free(c->digest);
	keys_free_list(c->options);
	free(c->fallback);
	free(c->child);
	*c = (struct call){ 0 };
}

const char *
calls_kind_name(enum call_kind k)
{
	return kind_names[k];
}

static enum call_kind
parse_kind(const char *name)
{
	for (int k = CALL_NONE + 1; k < CALL_NKINDS; k++)
		if (strcmp(kind_names[k], name) == 0)
			return (enum call_kind)k;
	return CALL_NONE;
}

/* What does not fit in nanoseconds is no time; the worker can write here. */
static int64_t
read_time(const struct json *value)
{
	int64_t ms = json_int(value, 0);

	return ms < 0 || ms > TIME_MAX_MS ? 0 : ms;
}

static char *
read_text(const struct json *value)
{
	const char *text = json_str(value, NULL);

	return text ? mem_dup(text) : NULL;
}

static void
set_text(struct json *o, const char *key, const char *text)
{
	if (text)
		json_set_str(o, key, text);
}

static void
set_until(struct json *o, int64_t until_ms, int64_t until_boot_ns,
          const char *boot)
{
	if (!until_ms)
		return;
	json_set_int(o, "until", until_ms);
	json_set_int(o, "until_boot_ms", until_boot_ns / CLOCK_NS_PER_MS);
	json_set_str(o, "boot", boot);
}

static void
read_until(const struct json *o, int64_t *until_ms, int64_t *until_boot_ns,
           char *boot)
{
	*until_ms = read_time(json_get(o, "until"));
	*until_boot_ns =
		read_time(json_get(o, "until_boot_ms")) * CLOCK_NS_PER_MS;
	(void)snprintf(boot, PROC_BOOT_MAX, "%s",
	               json_str(json_get(o, "boot"), ""));
}

void
calls_print(const struct call *c, struct str *out)
{
	autojson *o = json_new_object();

	json_set_str(o, "kind", kind_names[c->kind]);
	json_set_str(o, "what", c->what);
	set_text(o, "digest", c->digest);
	json_set_int(o, "begun", c->begun_ms);
	set_until(o, c->until_ms, c->until_boot_ns, c->boot);
	if (c->options) {
		struct json *list = json_new_array();

		json_set(o, "options", list);
		for (char **p = c->options; *p; p++)
			json_push(list, json_new_str(*p));
	}
	set_text(o, "default", c->fallback);
	set_text(o, "child", c->child);
	if (c->detached)
		json_set_bool(o, "detached", true);
	json_pretty(o, out);
}

static int
read_options(const struct json *list, struct call *c)
{
	if (!list)
		return 0;
	if (!json_is_array(list) || !json_len(list) ||
	    json_len(list) > OPTIONS_MAX)
		return -EBADMSG;
	c->options = mem_new(1, sizeof(*c->options));
	for (const struct json *o = json_first(list); o; o = json_next(o)) {
		if (!json_is_string(o))
			return -EBADMSG;
		keys_append(&c->options, json_str(o, ""));
	}
	return 0;
}

/* Is it a ref, for a call, and none for anything else? */
static bool
child_fits(const struct call *c)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;

	if (c->kind != CALL_CHILD)
		return !c->child;
	return c->child && name_split_ref(c->child, &agent, &id) == 0;
}

int
calls_parse(const char *text, size_t len, struct call *out, struct err *err)
{
	autojson *o = json_parse(text, len, err);
	autocall c = { 0 };

	if (!o)
		return -EBADMSG;
	c.kind = parse_kind(json_str(json_get(o, "kind"), ""));
	c.what = read_text(json_get(o, "what"));
	if (c.kind == CALL_NONE || !c.what)
		return err_set(err, -EBADMSG, "it does not say which call");
	c.digest = read_text(json_get(o, "digest"));
	c.begun_ms = read_time(json_get(o, "begun"));
	read_until(o, &c.until_ms, &c.until_boot_ns, c.boot);
	c.fallback = read_text(json_get(o, "default"));
	c.child = read_text(json_get(o, "child"));
	c.detached = json_bool(json_get(o, "detached"), false);
	if (read_options(json_get(o, "options"), &c) < 0)
		return err_set(err, -EBADMSG, "its options are no texts");
	if (c.kind == CALL_SLEEP && !c.until_ms)
		return err_set(err, -EBADMSG, "its time is missing");
	if (!child_fits(&c))
		return err_set(err, -EBADMSG, "its child is no task");
	*out = c;
	c = (struct call){ 0 };
	return 0;
}

static enum block_reason
wait_reason(const char *name)
{
	enum block_reason r = state_reason_parse(name);

	return r == BLOCK_QUESTION || r == BLOCK_CHILD || r == BLOCK_SLEEP ?
	               r :
	               BLOCK_NONE;
}

int
calls_misused(const struct desk *d, const char *id, struct str *why)
{
	autofree char *path = mem_printf("%s/" CALLS_MISUSE, id);

	return sys_read_file(d->at[PLACE_WORK], path, FILE_MAX, why) == 0 &&
	       why->len > 0;
}

int
calls_waits_for(const struct desk *d, const char *id, struct calls_wait *out)
{
	autofree char *path = mem_printf("%s/" CALLS_WAIT, id);
	autofree char *agent = NULL;
	autofree char *child = NULL;
	autostr text = STR_INIT;
	autojson *o = NULL;
	struct calls_wait w = { 0 };
	int64_t n;

	if (sys_read_file(d->at[PLACE_WORK], path, FILE_MAX, &text) < 0)
		return 0;
	o = json_parse(str_text(&text), text.len, NULL);
	w.reason = wait_reason(json_str(json_get(o, "reason"), NULL));
	n = json_int(json_get(o, "call"), 0);
	if (!w.reason || n < 1 || n > CALLS_MAX)
		return 0;
	w.call = (unsigned)n;
	read_until(o, &w.until_ms, &w.until_boot_ns, w.boot);
	(void)snprintf(w.on, sizeof(w.on), "%s",
	               json_str(json_get(o, "on"), ""));
	(void)snprintf(w.message, sizeof(w.message), "%s",
	               json_str(json_get(o, "message"), ""));
	if (w.reason == BLOCK_CHILD && name_split_ref(w.on, &agent, &child) < 0)
		return 0;
	if (w.reason == BLOCK_SLEEP && !w.until_ms)
		return 0;
	*out = w;
	return 1;
}

void
calls_print_wait(const struct calls_wait *w, struct str *out)
{
	autojson *o = json_new_object();

	json_set_str(o, "reason", state_reason_name(w->reason));
	json_set_int(o, "call", w->call);
	set_until(o, w->until_ms, w->until_boot_ns, w->boot);
	if (w->on[0])
		json_set_str(o, "on", w->on);
	json_set_str(o, "message", w->message);
	json_pretty(o, out);
}

int
calls_read(const struct desk *d, const char *id, unsigned n, struct call *out)
{
	autofree char *path =
		mem_printf("%s/" CALLS_DIR "/%04u/" CALLS_FILE, id, n);
	autostr text = STR_INIT;
	int r = sys_read_file(d->at[PLACE_WORK], path, FILE_MAX, &text);

	if (r == -ENOENT)
		return r;
	/* A link, a directory, a giant: nothing that was recorded here. */
	if (r < 0)
		return r == -EACCES || r == -EIO ? r : -EBADMSG;
	r = calls_parse(str_text(&text), text.len, out, NULL);
	if (r == 0)
		out->n = n;
	return r;
}

static int
open_call(const struct desk *d, const char *id, unsigned n)
{
	autofree char *path = mem_printf("%s/" CALLS_DIR "/%04u", id, n);

	return sys_open_beneath(d->at[PLACE_WORK], path,
	                        O_RDONLY | O_DIRECTORY);
}

int
calls_answer(struct desk *d, const char *id, unsigned n, const char *text,
             size_t len)
{
	autoclose int dir = open_call(d, id, n);
	bool durable = d->spool->durable;
	int r;

	if (dir < 0)
		return dir;
	r = sys_write_file(dir, CALLS_ANSWER, text, len, false, durable);
	/* Who put it there may have been killed before it was synced. */
	if (r == -EEXIST && durable && sys_fsync(dir) < 0)
		return -EIO;
	return r;
}

int
calls_answered(const struct desk *d, const char *id, unsigned n)
{
	autoclose int dir = open_call(d, id, n);

	return dir >= 0 && sys_exists(dir, CALLS_ANSWER) == 1;
}

/* The number that a name in calls/ stands for, or 0. */
static unsigned
number_of(const char *name)
{
	unsigned n = 0;

	if (strlen(name) != 4 || strspn(name, "0123456789") != 4)
		return 0;
	for (const char *p = name; *p; p++)
		n = n * 10 + (unsigned)(*p - '0');
	return n;
}

/* The highest number there is, 0 if there is none. */
static unsigned
last_call(const struct desk *d, const char *id)
{
	autofree char *path = mem_printf("%s/" CALLS_DIR, id);
	autoclose int fd = sys_open_beneath(d->at[PLACE_WORK], path,
	                                    O_RDONLY | O_DIRECTORY);
	autodir DIR *dir = NULL;
	struct dirent *de = NULL;
	unsigned last = 0;

	if (fd < 0 || sys_listdir(fd, ".", &dir) < 0)
		return 0;
	while (sys_next(dir, &de) > 0) {
		unsigned n = number_of(de->d_name);

		if (n > last)
			last = n;
	}
	return last;
}

int
calls_each(const struct desk *d, const char *id, calls_fn *fn, void *arg)
{
	unsigned last = last_call(d, id);

	for (unsigned n = 1; n <= last; n++) {
		autocall c = { 0 };
		int r;

		if (calls_read(d, id, n, &c) < 0)
			continue;
		r = fn(arg, &c);
		if (r)
			return r;
	}
	return 0;
}
