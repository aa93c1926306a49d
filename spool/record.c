#include "spool/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sys.h"

#define RECORD_FILE "record.json"
#define RECORD_MAX  65536
#define TIME_MAX_MS 9000000000000 /* the year 2255 */

static void
copy_text(char *to, size_t size, const struct json *value)
{
	(void)snprintf(to, size, "%s", json_str(value, ""));
}

/* What does not fit in nanoseconds is no time; the worker can write here. */
static int64_t
read_time(const struct json *value)
{
	int64_t ms = json_int(value, 0);

	return ms < 0 || ms > TIME_MAX_MS ? 0 : ms;
}

void
record_read(const struct desk *d, const char *id, struct record *rec)
{
	autofree char *path = mem_printf("%s/" RECORD_FILE, id);
	autostr text = STR_INIT;
	autojson *o = NULL;
	const struct json *block;

	*rec = (struct record)RECORD_INIT;
	if (sys_read_file(d->at[PLACE_WORK], path, RECORD_MAX, &text) < 0)
		return;
	o = json_parse(str_text(&text), text.len, NULL);
	rec->uid = json_int(json_get(o, "uid"), -1);
	rec->failures = json_int(json_get(o, "failures"), 0);
	rec->crashes = json_int(json_get(o, "crashes"), 0);
	rec->deferrals = json_int(json_get(o, "deferrals"), 0);
	rec->reviews = json_int(json_get(o, "reviews"), 0);
	rec->sessions = json_int(json_get(o, "sessions"), 0);
	rec->first_started_ms = json_int(json_get(o, "first_started"), 0);
	rec->waits_since_ms = read_time(json_get(o, "waits_since"));
	rec->without_inputs = json_int(json_get(o, "without_inputs"), 0) != 0;
	copy_text(rec->doom, sizeof(rec->doom), json_get(o, "doom"));
	block = json_get(o, "blocked");
	rec->reason =
		state_reason_parse(json_str(json_get(block, "reason"), NULL));
	rec->until_ms = read_time(json_get(block, "until"));
	rec->until_boot_ns =
		read_time(json_get(block, "until_boot_ms")) * CLOCK_NS_PER_MS;
	copy_text(rec->boot, sizeof(rec->boot), json_get(block, "boot"));
	rec->call = (unsigned)json_int(json_get(block, "call"), 0);
	copy_text(rec->on, sizeof(rec->on), json_get(block, "on"));
	copy_text(rec->message, sizeof(rec->message),
	          json_get(rec->reason ? block : o, "message"));
}

int
record_write(struct desk *d, const char *id, const struct record *rec)
{
	autojson *o = json_new_object();
	autostr text = STR_INIT;
	autoclose int fd = -1;
	int r = sys_mkdir(d->at[PLACE_WORK], id, 0755);

	if (r < 0 && r != -EEXIST)
		return r;
	fd = sys_opendir(d->at[PLACE_WORK], id);
	if (fd < 0)
		return fd;
	if (rec->uid >= 0)
		json_set_int(o, "uid", rec->uid);
	json_set_int(o, "failures", rec->failures);
	json_set_int(o, "crashes", rec->crashes);
	json_set_int(o, "deferrals", rec->deferrals);
	if (rec->reviews)
		json_set_int(o, "reviews", rec->reviews);
	if (rec->sessions)
		json_set_int(o, "sessions", rec->sessions);
	json_set_int(o, "first_started", rec->first_started_ms);
	if (rec->waits_since_ms)
		json_set_int(o, "waits_since", rec->waits_since_ms);
	if (rec->without_inputs)
		json_set_int(o, "without_inputs", 1);
	if (rec->doom[0])
		json_set_str(o, "doom", rec->doom);
	if (!rec->reason && rec->message[0])
		json_set_str(o, "message", rec->message);
	if (rec->reason) {
		struct json *block = json_new_object();

		json_set(o, "blocked", block);
		json_set_str(block, "reason", state_reason_name(rec->reason));
		json_set_int(block, "until", rec->until_ms);
		json_set_int(block, "until_boot_ms",
		             rec->until_boot_ns / CLOCK_NS_PER_MS);
		json_set_str(block, "boot", rec->boot);
		if (rec->call)
			json_set_int(block, "call", rec->call);
		if (rec->on[0])
			json_set_str(block, "on", rec->on);
		json_set_str(block, "message", rec->message);
	}
	json_pretty(o, &text);
	return sys_write_file(fd, RECORD_FILE, text.data, text.len, true,
	                      false);
}

int
record_origin(const struct desk *d, enum place p, const struct entry *e,
              const struct record *rec, int64_t *uid, int64_t *admitted_ms)
{
	char name[ENTRY_NAME_MAX];
	struct stat st;
	int r = sys_stat(d->at[p], entry_format(e, name), &st);

	if (r < 0)
		return r;
	*uid = rec->uid >= 0 ? rec->uid : (int64_t)st.st_uid;
	*admitted_ms = (int64_t)st.st_mtim.tv_sec * 1000 +
	               st.st_mtim.tv_nsec / CLOCK_NS_PER_MS;
	return 0;
}

int64_t
record_wait_left(const struct record *rec, const char *boot,
                 int64_t now_boot_ns, int64_t now_wall_ms)
{
	int64_t left;

	if (!rec->until_ms)
		return 0;
	if (strcmp(rec->boot, boot) == 0)
		left = rec->until_boot_ns - now_boot_ns;
	else
		left = (rec->until_ms - now_wall_ms) * CLOCK_NS_PER_MS;
	return left > 0 ? left : 0;
}
