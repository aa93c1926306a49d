#include "agent/stream.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

/* The members of a task that are variables of a process as well. */
static const struct {
	const char *member, *variable;
} shared[] = {
	{ "ref", "TASK_REF" },      { "agent", "TASK_AGENT" },
	{ "file", "TASK_FILE" },    { "in", "TASK_IN" },
	{ "out", "TASK_OUT" },      { "work", "TASK_WORK" },
	{ "trace", "TRACEPARENT" },
};

static const char *
value_of(const char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

static struct json *
env_json(const char *const *env)
{
	struct json *o = json_new_object();

	for (; *env; env++) {
		const char *eq = strchr(*env, '=');
		autostr name = STR_INIT;

		if (!eq)
			continue;
		str_add(&name, *env, (size_t)(eq - *env));
		json_set_str(o, name.data, eq + 1);
	}
	return o;
}

void
stream_print(const struct stream_order *o, struct str *out)
{
	autojson *line = json_new_object();
	struct json *task = json_new_object();

	json_set(line, "task", task);
	json_set_str(task, "id", o->entry->id);
	for (size_t i = 0; i < countof(shared); i++) {
		const char *value = value_of(o->env, shared[i].variable);

		if (value)
			json_set_str(task, shared[i].member, value);
	}
	json_set_int(task, "attempt", o->entry->attempts);
	if (o->task->title)
		json_set_str(task, "title", o->task->title);
	json_set_str(task, "body_file",
	             o->body_file ? o->body_file :
	                            value_of(o->env, "TASK_FILE"));
	json_set_int(task, "body_at", o->body_at);
	if (o->body)
		json_set_str(task, "body", o->body);
	json_set(task, "env", env_json(o->env));
	json_print(line, out);
	str_addc(out, '\n');
}

bool
stream_is_text(const char *bytes, size_t n)
{
	return utf8_valid(bytes, n) && !memchr(bytes, '\0', n);
}

static int
read_status(const struct json *object, int *status)
{
	const struct json *value = json_get(object, "exit");
	double n = json_num(value, -1);

	if (!json_is_number(value) || n < 0 || n > 255 || n != (int)n)
		return -EBADMSG;
	*status = (int)n;
	return 0;
}

static enum stream_kind
sort_out(struct stream_said *s, struct err *err)
{
	const struct json *output = json_get(s->object, "output");
	const struct json *done = json_get(s->object, "done");

	s->output = json_str(output, NULL);
	s->done = json_str(done, NULL);
	if (output && !s->output) {
		(void)err_set(err, -EBADMSG, "its \"output\" is not a string");
		return STREAM_BROKEN;
	}
	if (!done)
		return STREAM_SAYS;
	if (!s->done) {
		(void)err_set(err, -EBADMSG,
		              "its \"done\" is not the id of a task");
		return STREAM_BROKEN;
	}
	if (read_status(s->object, &s->exit) < 0) {
		(void)err_set(err, -EBADMSG,
		              "it said \"done\" without an \"exit\" from 0 "
		              "to 255");
		return STREAM_BROKEN;
	}
	return STREAM_DONE;
}

enum stream_kind
stream_read(const char *line, size_t len, struct stream_said *out,
            struct err *err)
{
	autojson *object = json_parse(line, len, NULL);
	struct stream_said said = { 0 };
	enum stream_kind kind;

	if (!json_is_object(object))
		return STREAM_NOISE;
	said.object = take_ptr(object);
	kind = sort_out(&said, err);
	*out = said;
	return kind;
}

void
stream_forget(struct stream_said *said)
{
	json_free(said->object);
	*said = (struct stream_said){ 0 };
}
