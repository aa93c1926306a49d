/*
 * The digest by which two task files are known to ask for the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "spool/task.h"
#include "spool/taskdir.h"

/* Who asks, and how it is traced and ordered, is not what is asked for. */
static const char *const left_out[] = { "id",    "user",     "device",
	                                "trace", "priority", "parent" };

struct gather {
	const struct task *task;
	struct str *out;
};

static bool
is_left_out(const char *key)
{
	for (size_t i = 0; i < countof(left_out); i++)
		if (strcmp(left_out[i], key) == 0)
			return true;
	return false;
}

static int
add_attachment(void *arg, int parent, const char *name, const char *path,
               int directory)
{
	struct gather *g = arg;
	autoclose int fd = -1;
	char hex[DIGEST_TEXT_MAX];
	int64_t size;
	int r;

	if (directory || strcmp(path, g->task->file) == 0)
		return 0;
	fd = sys_open_beneath(parent, name, O_RDONLY);
	if (fd < 0)
		return fd;
	r = digest_fd(fd, hex, &size);
	if (r == 0)
		str_addf(g->out, "%s  %s\n", hex, path);
	return r;
}

static int
add_body(const struct task *t, struct str *out)
{
	char hex[DIGEST_TEXT_MAX];
	int64_t size;
	int r = 0;

	if (t->json_body)
		digest_bytes(t->json_body, strlen(t->json_body), hex);
	else
		r = digest_from(t->fd, t->body_at, hex, &size);
	if (r == 0)
		str_addf(out, "%s\n", hex);
	return r;
}

int
task_digest(int dfd, const char *name, const struct task *t, char *hex)
{
	autostr text = STR_INIT;
	struct gather g = { t, &text };
	int r;

	for (size_t i = 0; i < task_nkeys; i++) {
		if (is_left_out(task_keys[i].name))
			continue;
		keys_print(&task_keys[i], t, &text);
		str_addc(&text, '\n');
	}
	r = add_body(t, &text);
	if (r == 0 && t->directory)
		r = taskdir_walk(dfd, name, add_attachment, &g, NULL);
	if (r == 0)
		digest_bytes(text.data, text.len, hex);
	return r;
}
