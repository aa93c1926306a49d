#include "lib/given.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES 65536

static int
variable(const char *name, const char **value, struct err *err)
{
	*value = getenv(name);
	return *value ? 0 :
	                err_set(err, -ENOENT,
	                        "%s is not set, though TASK_FILE is", name);
}

static unsigned
to_attempt(const char *text)
{
	unsigned long n = strtoul(text, NULL, 10);

	return n > UINT_MAX ? UINT_MAX : (unsigned)n;
}

int
given_by_env(struct spoolhand_task *t, struct err *err)
{
	const char *attempt, *fd = getenv("TASK_FD");
	const struct {
		const char *name;
		const char **value;
	} variables[] = {
		{ "TASK_FILE", &t->file }, { "TASK_ID", &t->id },
		{ "TASK_REF", &t->ref },   { "TASK_AGENT", &t->agent },
		{ "TASK_IN", &t->in },     { "TASK_OUT", &t->out },
		{ "TASK_WORK", &t->work }, { "TASK_ATTEMPT", &attempt },
	};

	*t = (struct spoolhand_task){ .progress_fd = fd ? atoi(fd) : -1 };
	for (size_t i = 0; i < countof(variables); i++) {
		int r = variable(variables[i].name, variables[i].value, err);

		if (r < 0)
			return r;
	}
	t->attempt = to_attempt(attempt);
	return 0;
}

static int
member(const struct json *task, const char *key, const char **value,
       struct err *err)
{
	*value = json_str(json_get(task, key), NULL);
	return *value ?
	               0 :
	               err_set(err, -EBADMSG,
	                       "a line that is no task: it has no \"%s\"", key);
}

int
given_by_line(struct spoolhand_task *t, const char *line, size_t len,
              struct err *err)
{
	autojson *all = json_parse(line, len, err);
	const struct json *task = json_get(all, "task");
	const struct {
		const char *key;
		const char **value;
	} members[] = {
		{ "id", &t->id },       { "ref", &t->ref },
		{ "agent", &t->agent }, { "file", &t->file },
		{ "in", &t->in },       { "out", &t->out },
		{ "work", &t->work },   { "body_file", &t->body_file },
	};

	*t = (struct spoolhand_task){ .progress_fd = -1 };
	if (!all)
		return err_prefix(err, -EBADMSG, "a line that is no JSON");
	for (size_t i = 0; i < countof(members); i++) {
		int r = member(task, members[i].key, members[i].value, err);

		if (r < 0)
			return r;
	}
	t->attempt = (unsigned)json_int(json_get(task, "attempt"), 0);
	t->body_at = json_int(json_get(task, "body_at"), 0);
	t->inline_body = json_str(json_get(task, "body"), NULL);
	t->line = take_ptr(all);
	return 0;
}

void
given_export(const struct spoolhand_task *t)
{
	const struct json *env = json_get(json_get(t->line, "task"), "env");

	for (const struct json *m = json_first(env); m; m = json_next(m)) {
		const char *value = json_str(m, NULL);

		if (value)
			(void)setenv(json_key(m), value, 1);
	}
}

int
given_body(struct spoolhand_task *t, const char **body, size_t *len)
{
	bool seekable = lseek(STDIN_FILENO, 0, SEEK_CUR) >= 0;

	if (t->inline_body) {
		*body = t->inline_body;
		*len = strlen(t->inline_body);
		return 0;
	}
	while (!t->body.data) {
		autostr got = STR_INIT;
		ssize_t n = 1;

		while (n > 0) {
			char *room = str_reserve(&got, READ_BYTES);

			/* A file stays where the handler has read to. */
			n = seekable ? pread(STDIN_FILENO, room, READ_BYTES,
			                     t->stdin_at + (off_t)got.len) :
			               read(STDIN_FILENO, room, READ_BYTES);
			if (n < 0 && errno != EINTR)
				return -errno;
			got.len += n > 0 ? (size_t)n : 0;
			n = n < 0 ? 1 : n;
		}
		got.data[got.len] = '\0';
		t->body = got;
		got = (struct str)STR_INIT;
	}
	*body = t->body.data;
	*len = t->body.len;
	return 0;
}

void
given_done(struct spoolhand_task *t)
{
	str_done(&t->body);
	json_free(t->line);
	t->line = NULL;
}
