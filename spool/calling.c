#include "spool/calling.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/utf8.h"

#define POSITION     "position"
#define POSITION_MAX (4 << 20)
#define LOCK         "lock"
#define SHOWN_MAX    60

void
calling_close(struct calling *c)
{
	int *const fds[] = { &c->dir, &c->lock, &c->calls, &c->work };

	for (size_t i = 0; i < countof(fds); i++) {
		if (*fds[i] >= 0)
			(void)close(*fds[i]);
		*fds[i] = -1;
	}
	calls_done(&c->call);
}

/* "step 'fetch'", cut to what fits in a line. */
static char *
show(enum call_kind kind, const char *what)
{
	size_t len = strlen(what);
	autofree char *cut = NULL;

	if (len <= SHOWN_MAX)
		return mem_printf("%s '%s'", calls_kind_name(kind), what);
	cut = mem_dupn(what, SHOWN_MAX);
	cut[utf8_first_bad(cut, SHOWN_MAX)] = '\0';
	return mem_printf("%s '%s...'", calls_kind_name(kind), cut);
}

int
calling_damaged(const struct calling *c, const char *what, struct err *err)
{
	return err_set(err, -EBADMSG,
	               "call %u of task '%s/%s': %s in work/%s/calls/%04u is "
	               "damaged, so it cannot be told what was done; cancel "
	               "the task, or let it fail, and begin it again: "
	               "spoolhand retry %s/%s",
	               c->call.n, c->desk->name, c->id, what, c->id, c->call.n,
	               c->desk->name, c->id);
}

int
calling_broken(const struct calling *c, int code, const char *what,
               struct err *err)
{
	return err_sys(err, code, "cannot %s in 'work/%s' of agent '%s'", what,
	               c->id, c->desk->name);
}

/* Was it there before, and is it of this kind? */
static int
is_kind(int dfd, const char *name, mode_t type)
{
	struct stat st;
	int r = sys_stat(dfd, name, &st);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return (st.st_mode & S_IFMT) == type ? 1 : -EBADMSG;
}

/*
 * The lock is made when all above it is on disk: who finds one need not sync
 * that again.
 */
static int
open_calls(struct calling *c)
{
	int places = c->desk->at[PLACE_WORK];
	int r;

	c->work = sys_opendir(places, c->id);
	if (c->work < 0)
		return c->work;
	r = sys_mkdir(c->work, CALLS_DIR, 0755);
	if (r < 0 && r != -EEXIST)
		return r;
	c->calls = sys_opendir(c->work, CALLS_DIR);
	if (c->calls < 0)
		return c->calls;
	r = is_kind(c->calls, LOCK, S_IFREG);
	if (r != 0 || !c->desk->spool->durable)
		return r < 0 ? r : 0;
	r = sys_fsync(c->work);
	return r < 0 ? r : sys_fsync(places);
}

static int
take_lock(struct calling *c, struct err *err)
{
	int r = open_calls(c);

	if (r == 0)
		r = c->lock = lock_take(c->calls, LOCK);
	if (r == -EAGAIN)
		return err_set(err, r,
		               "another durable call of task '%s/%s' is still "
		               "at work; they go one after another, not in the "
		               "background or in one pipeline",
		               c->desk->name, c->id);
	if (r == -ENOTDIR || r == -ELOOP || r == -EBADMSG)
		return err_set(err, -EBADMSG,
		               "work/%s/calls of agent '%s' is not what it "
		               "was made as: the task itself has touched it",
		               c->id, c->desk->name);
	return r < 0 ? calling_broken(c, r, "keep what is done", err) : 0;
}

/* Has a call of this run been refused?  Then all that follow are, too. */
static int
check_misuse(const struct calling *c, struct err *err)
{
	autostr why = STR_INIT;

	if (!calls_misused(c->desk, c->id, &why))
		return 0;
	return err_set(err, -EBADMSG,
	               "this run does nothing more, for it went wrong before: "
	               "%s",
	               str_text(&why));
}

/*
 * A script that passes over the error must not be taken for one that did its
 * work.  If this cannot be kept, the error itself is all there is.
 */
static int
note_misuse(const struct calling *c, const struct err *err)
{
	if (err)
		(void)sys_write_file(c->work, CALLS_MISUSE, err->text,
		                     strlen(err->text), true, false);
	return -EBADMSG;
}

/* Has the run said already that it waits? */
static int
check_waits(const struct calling *c, struct err *err)
{
	struct calls_wait w;

	if (!calls_waits_for(c->desk, c->id, &w))
		return 0;
	return err_set(err, -EINPROGRESS,
	               "this run %s, and does nothing more until then; let the "
	               "script end, it will be run again",
	               w.message[0] ? w.message : "waits already");
}

/* Is `name` a step that this run has used? `text`: its lines so far. */
static bool
is_used(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *p = text; p && *p;) {
		const char *end = strchr(p, '\n');

		if (strncmp(p, line, len) == 0 && (p[len] == '\n' || !p[len]))
			return true;
		p = end ? end + 1 : NULL;
	}
	return false;
}

static unsigned
count_lines(const struct str *text)
{
	unsigned n = 0;

	for (size_t i = 0; i < text->len; i++)
		n += text->data[i] == '\n';
	return n + (text->len && text->data[text->len - 1] != '\n');
}

/* One line more in `position`, or none; what is torn there is one, too. */
static int
add_line(const struct calling *c, const struct str *before, const char *line)
{
	bool torn = before->len && before->data[before->len - 1] != '\n';
	autofree char *whole = mem_printf("%s%s\n", torn ? "\n" : "", line);
	autoclose int fd = sys_append(c->work, POSITION, 0644);
	int r;

	if (fd < 0)
		return fd;
	r = sys_write_all(fd, whole, strlen(whole));
	if (r < 0)
		(void)sys_truncate(fd, (off_t)before->len);
	return r;
}

/* Take the next number, which this run has then used. */
static int
advance(struct calling *c, enum call_kind kind, const char *what,
        struct err *err)
{
	bool named = kind == CALL_STEP;
	autofree char *line = mem_printf("%s%s%s", calls_kind_name(kind),
	                                 named ? " " : "", named ? what : "");
	autostr text = STR_INIT;
	int r = is_kind(c->work, POSITION, S_IFREG);

	if (r == 1)
		r = sys_read_file(c->work, POSITION, POSITION_MAX, &text);
	if (r < 0)
		return calling_broken(c, r, "read 'position'", err);
	if (named && is_used(str_text(&text), line))
		return err_set(err, -EBADMSG,
		               "step '%s' was used before in this run; every "
		               "step of a task needs a name of its own",
		               what);
	c->call.n = count_lines(&text) + 1;
	if (c->call.n > CALLS_MAX)
		return err_set(err, -EBADMSG,
		               "a task can make %d durable calls, and no more; "
		               "do several things in one step",
		               CALLS_MAX);
	r = add_line(c, &text, line);
	return r < 0 ? calling_broken(c, r, "write 'position'", err) : 0;
}

static int
open_recorded(struct calling *c, struct err *err)
{
	autofree char *name = mem_printf("%04u", c->call.n);
	autofree char *next = mem_printf("%04u", c->call.n + 1);
	int r = 0;

	c->dir = sys_opendir(c->calls, name);
	if (c->dir < 0)
		return calling_broken(c, c->dir, "open a call", err);
	if (c->desk->spool->durable && (sys_exists(c->calls, next) == 0 ||
	                                calling_marked(c, CALLING_AGAIN))) {
		r = sys_fsync(c->dir);
		if (r == 0)
			r = sys_fsync(c->calls);
	}
	return r < 0 ? calling_broken(c, r, "sync a call", err) : 0;
}

static int
find_recorded(struct calling *c, struct err *err)
{
	struct call was = { 0 };
	autofree char *before = NULL;
	autofree char *now = NULL;
	int r = calls_read(c->desk, c->id, c->call.n, &was);

	if (r == -ENOENT)
		return 0;
	if (r == -EBADMSG)
		return calling_damaged(c, "'" CALLS_FILE "'", err);
	if (r < 0)
		return calling_broken(c, r, "read a call", err);
	before = show(was.kind, was.what);
	now = show(c->call.kind, c->call.what);
	r = was.kind == c->call.kind ? strcmp(was.what, c->call.what) : 1;
	calls_done(&c->call);
	c->call = was;
	c->recorded = true;
	if (r)
		return err_set(err, -EBADMSG,
		               "call %u of this task was %s, now it is %s: the "
		               "order may not change between runs",
		               was.n, before, now);
	return open_recorded(c, err);
}

int
calling_begin(struct calling *c, struct desk *d, const char *id,
              enum call_kind kind, const char *what, struct err *err)
{
	int r;

	*c = (struct calling)CALLING_INIT;
	c->desk = d;
	c->id = id;
	c->call.kind = kind;
	c->call.what = mem_dup(what);
	c->call.begun_ms = clock_wall_ms();
	r = take_lock(c, err);
	if (r == 0)
		r = check_misuse(c, err);
	if (r == 0)
		r = check_waits(c, err);
	if (r < 0)
		return r;
	r = advance(c, kind, what, err);
	if (r == 0)
		r = find_recorded(c, err);
	return r == -EBADMSG ? note_misuse(c, err) : r;
}

int
calling_compare(struct calling *c, const char *digest, const char *what,
                struct err *err)
{
	autofree char *now = NULL;

	if (!c->recorded) {
		c->call.digest = mem_dup(digest);
		return 0;
	}
	if (c->call.digest && strcmp(c->call.digest, digest) == 0)
		return 0;
	now = show(c->call.kind, c->call.what);
	(void)err_set(err, -EBADMSG,
	              "call %u of this task, %s, is not as in the run before: "
	              "%s changed; what a call is given may not change "
	              "between runs, so let it come from a step",
	              c->call.n, now, what);
	return note_misuse(c, err);
}

/* The directory gets its name when call.json is in it: never an empty one. */
int
calling_record(struct calling *c, struct err *err)
{
	bool durable = c->desk->spool->durable;
	autofree char *name = mem_printf("%04u", c->call.n);
	autofree char *private = mem_printf(".%s", name);
	autostr text = STR_INIT;
	int r = sys_remove_tree(c->calls, private);

	if (r == 0)
		r = sys_mkdir(c->calls, private, 0755);
	if (r == 0)
		r = c->dir = sys_opendir(c->calls, private);
	if (r >= 0) {
		calls_print(&c->call, &text);
		r = sys_write_file(c->dir, CALLS_FILE, text.data, text.len,
		                   false, durable);
	}
	if (r == 0)
		r = sys_rename(c->calls, private, c->calls, name);
	if (r == 0 && durable)
		r = sys_fsync(c->calls);
	return r < 0 ? calling_broken(c, r, "record a call", err) : 0;
}

int
calling_mark(struct calling *c, const char *name, struct err *err)
{
	int r = sys_write_file(c->dir, name, "", 0, true,
	                       c->desk->spool->durable);

	return r < 0 ? calling_broken(c, r, "record a call", err) : 0;
}

bool
calling_marked(const struct calling *c, const char *name)
{
	return sys_exists(c->dir, name) == 1;
}

int
calling_wait(struct calling *c, const struct calls_wait *wait, struct err *err)
{
	struct calls_wait w = *wait;
	autostr text = STR_INIT;
	int r;

	w.call = c->call.n;
	calls_print_wait(&w, &text);
	r = sys_write_file(c->work, CALLS_WAIT, text.data, text.len, true,
	                   false);
	return r < 0 ? calling_broken(c, r, "write '" CALLS_WAIT "'", err) : 0;
}
