#include "spool/inputs.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/fileinput.h"
#include "spool/result.h"

#define RECORD_MAX (16 * 1024 * 1024)

/* How it is with one of them. */
enum there { THERE = 1, NOT_YET, NEVER };

/* When did the last component come there?  A rename changes its inode. */
static int64_t
came_ms(int dfd, const char *path)
{
	struct stat st;

	if (sys_stat(dfd, path, &st) < 0)
		return 0;
	return (int64_t)st.st_ctim.tv_sec * 1000 +
	       st.st_ctim.tv_nsec / CLOCK_NS_PER_MS;
}

/* " (cancelled)", if its record can be read. */
static void
add_reason(const struct spool *s, const char *failed, struct str *why)
{
	autofree char *path = mem_printf("%s/" RESULT_FILE, failed);
	autostr text = STR_INIT;
	autojson *o = NULL;
	const char *reason;

	if (sys_read_file(s->agents_fd, path, RECORD_MAX, &text) < 0)
		return;
	o = json_parse(str_text(&text), text.len, NULL);
	reason = json_str(json_get(o, "reason"), NULL);
	if (reason)
		str_addf(why, " (%s)", reason);
}

/* A ref and, for an input, the artifact below its out/. */
static int
look_at_result(const struct spool *s, const char *agent, const char *id,
               const char *artifact, struct str *why, int64_t *since_ms)
{
	autofree char *done = mem_printf("%s/outbox/%s", agent, id);
	autofree char *failed = mem_printf("%s/failed/%s", agent, id);
	autofree char *path =
		artifact ? mem_printf("%s/out/%s", done, artifact) : NULL;
	int r = sys_exists(s->agents_fd, done);

	if (r < 0)
		return r;
	if (r > 0) {
		r = path ? sys_exists(s->agents_fd, path) : 1;
		if (r != 0 && r != -ENOTDIR)
			return r < 0 ? r : THERE;
		str_addf(why, "%s/%s has no artifact '%s'", agent, id,
		         artifact);
		*since_ms = came_ms(s->agents_fd, done);
		return NEVER;
	}
	r = sys_exists(s->agents_fd, failed);
	if (r < 0)
		return r;
	if (r == 0) {
		str_addf(why, "waits for %s/%s", agent, id);
		return NOT_YET;
	}
	str_addf(why, "%s/%s did not complete", agent, id);
	add_reason(s, failed, why);
	*since_ms = came_ms(s->agents_fd, failed);
	return NEVER;
}

static int
look_at_file(struct inputs *look, const char *input, size_t i, struct str *why)
{
	struct settle fresh = { 0 };
	struct settle *s = look->files ? &look->files[i] : &fresh;

	str_adds(why, "waits for ");
	if (fileinput_look(input, s, look->now_ns, look->settle_ns, why))
		return THERE;
	if (s->recheck_ns &&
	    (!look->recheck_ns || s->recheck_ns < look->recheck_ns))
		look->recheck_ns = s->recheck_ns;
	return NOT_YET;
}

static void
count(struct inputs *look, enum there there, const struct str *why,
      int64_t since_ms)
{
	struct str *first = there == NEVER ? &look->fail : &look->wait;
	size_t *n = there == NEVER ? &look->failed : &look->waiting;

	if (there == THERE)
		return;
	if ((*n)++ == 0)
		str_add(first, str_text(why), why->len);
	if (since_ms > look->failed_ms)
		look->failed_ms = since_ms;
}

static int
look_at_one(const struct spool *s, struct inputs *look, const char *text,
            size_t i, bool is_input)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	autofree char *artifact = NULL;
	autostr why = STR_INIT;
	int64_t since_ms = 0;
	int r;

	if (is_input && fileinput_is(text)) {
		r = look_at_file(look, text, i, &why);
	} else {
		r = is_input ? task_split_input(text, &agent, &id, &artifact) :
		               name_split_ref(text, &agent, &id);
		if (r == 0)
			r = look_at_result(s, agent, id, artifact, &why,
			                   &since_ms);
	}
	if (r < 0)
		return r;
	count(look, (enum there)r, &why, since_ms);
	return 0;
}

int
inputs_look(const struct spool *s, const struct task *t, struct inputs *look)
{
	int r = 0;

	look->waiting = look->failed = 0;
	look->failed_ms = look->recheck_ns = 0;
	str_clear(&look->wait);
	str_clear(&look->fail);
	for (size_t i = 0; r == 0 && t->after && t->after[i]; i++)
		r = look_at_one(s, look, t->after[i], i, false);
	for (size_t i = 0; r == 0 && t->inputs && t->inputs[i]; i++)
		r = look_at_one(s, look, t->inputs[i], i, true);
	return r;
}

void
inputs_done(struct inputs *look)
{
	str_done(&look->wait);
	str_done(&look->fail);
}

char **
inputs_refs(const struct task *t)
{
	char *const *lists[] = { t->after, t->inputs };
	char **refs = mem_new(1, sizeof(*refs));

	for (size_t i = 0; i < countof(lists); i++) {
		for (char *const *p = lists[i]; p && *p; p++) {
			const char *id = strchr(*p, '/') + 1;
			size_t n = (size_t)(id - *p) + strcspn(id, "/");
			autofree char *ref = mem_dupn(*p, n);

			if (i == 0 || !fileinput_is(*p))
				keys_append(&refs, ref);
		}
	}
	return refs;
}
