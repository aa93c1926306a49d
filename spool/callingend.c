/*
 * How a durable call came to its end, and what it wrote.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/sys.h"
#include "spool/calling.h"

#define OUTPUT   "stdout"
#define DONE     "done.json"
#define DONE_MAX 65536

static bool
read_end(const struct str *text, struct call_end *end)
{
	autojson *o = json_parse(str_text(text), text->len, NULL);
	int64_t status = json_int(json_get(o, "status"), -1);

	if (status < 0 || status > 255)
		return false;
	*end = (struct call_end){
		.status = (int)status,
		.final = json_bool(json_get(o, "final"), false),
		.attempt = (unsigned)json_int(json_get(o, "attempt"), 0),
		.begun_ms = json_int(json_get(o, "begun"), 0),
		.ended_ms = json_int(json_get(o, "ended"), 0),
		.size = json_int(json_get(o, "size"), -1),
	};
	(void)snprintf(end->message, sizeof(end->message), "%s",
	               json_str(json_get(o, "message"), ""));
	return true;
}

/* Is the output as long as it was? */
static bool
output_fits(const struct calling *c, const struct call_end *end)
{
	struct stat st;

	if (end->size < 0)
		return true;
	return sys_stat(c->dir, OUTPUT, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size == end->size;
}

int
calling_ended(struct calling *c, struct call_end *end, struct err *err)
{
	autostr text = STR_INIT;
	struct call_end was;
	int r;

	if (!c->recorded)
		return 0;
	r = sys_read_file(c->dir, DONE, DONE_MAX, &text);
	if (r == -ENOENT)
		return 0;
	if (r < 0 || !read_end(&text, &was))
		return calling_damaged(c, "'" DONE "'", err);
	if (was.status != 0 && !was.final)
		return 0;
	if (!output_fits(c, &was))
		return calling_damaged(c, "'" OUTPUT "'", err);
	*end = was;
	return 1;
}

int
calling_output(struct calling *c, struct err *err)
{
	int r = 0;

	if (c->recorded && !calling_marked(c, CALLING_AGAIN))
		r = sys_write_file(c->dir, CALLING_AGAIN, "", 0, true, false);
	if (r == 0)
		r = sys_remove_tree(c->dir, DONE);
	if (r == 0)
		r = sys_remove_tree(c->dir, OUTPUT);
	if (r == 0)
		r = sys_create(c->dir, OUTPUT, 0644);
	return r < 0 ? calling_broken(c, r, "record an output", err) : r;
}

int
calling_finish(struct calling *c, const struct call_end *end, int out,
               struct err *err)
{
	bool durable = c->desk->spool->durable;
	autojson *o = json_new_object();
	autostr text = STR_INIT;
	int r = out >= 0 && durable ? sys_fsync(out) : 0;

	json_set_int(o, "status", end->status);
	if (end->final)
		json_set_bool(o, "final", true);
	json_set_int(o, "attempt", end->attempt);
	json_set_int(o, "begun", end->begun_ms);
	json_set_int(o, "ended", end->ended_ms);
	if (out >= 0)
		json_set_int(o, "size", end->size);
	if (end->message[0])
		json_set_str(o, "message", end->message);
	json_pretty(o, &text);
	if (r == 0)
		r = sys_write_file(c->dir, DONE, text.data, text.len, true,
		                   durable);
	return r < 0 ? calling_broken(c, r, "record how a call ended", err) : 0;
}
