/*
 * What a failure says of itself: on TASK_FD, in the output, or in the words
 * of the verify command.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/feedback.h"
#include "spool/session.h"

#define TAIL_MAX  65536
#define WORDS_MAX 300 /* of feedback, in a message */

/* The end of an output of the last attempt, in small letters. */
static void
read_tail(const struct agent *a, const char *name, struct str *out)
{
	autofree char *path = mem_printf("%s/%s", a->run.entry.id, name);
	autoclose int fd =
		sys_open_beneath(a->desk->at[PLACE_WORK], path, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	if (st.st_size > TAIL_MAX &&
	    lseek(fd, st.st_size - TAIL_MAX, SEEK_SET) < 0)
		return;
	(void)sys_read_all(fd, TAIL_MAX, out);
	for (size_t i = 0; i < out->len; i++)
		out->data[i] = (char)tolower((unsigned char)out->data[i]);
}

static bool
is_in(const struct str *text, const char *sign)
{
	autofree char *small = mem_dup(sign);

	for (char *p = small; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return text->len && memmem(text->data, text->len, small, strlen(small));
}

/* The first sign that is found decides; the verdict, or VERDICT_OK. */
static enum verdict
find_sign(const struct agent *a, const char **found)
{
	const struct config_signs *signs = &a->role->signs;
	const struct {
		char **texts;
		enum verdict verdict;
	} rows[] = {
		{ signs->temporary, VERDICT_TEMPORARY },
		{ signs->rate_limit, VERDICT_RATE_LIMIT },
		{ signs->permanent, VERDICT_PERMANENT },
		{ signs->session, VERDICT_SESSION },
	};
	autostr errors = STR_INIT, output = STR_INIT;
	bool looked = false;

	for (size_t i = 0; i < countof(rows); i++) {
		for (char **p = rows[i].texts; p && *p; p++) {
			if (!looked) {
				read_tail(a, "stderr", &errors);
				read_tail(a, "stdout", &output);
				looked = true;
			}
			*found = *p;
			if (is_in(&errors, *p) || is_in(&output, *p))
				return rows[i].verdict;
		}
	}
	return VERDICT_OK;
}

static enum verdict
say_channel(const struct channel_told *told, struct str *text)
{
	char pause[CLOCK_TEXT_MAX];

	if (told->rate_limited) {
		str_adds(text, ", and has told that its rate is limited");
		if (told->rate_limit_ms)
			str_addf(text, " for %s",
			         clock_format_duration(told->rate_limit_ms,
			                               pause));
		return VERDICT_RATE_LIMIT;
	}
	str_adds(text, ", and has told that its session is poisoned");
	return VERDICT_SESSION;
}

static enum verdict
say_sign(const struct agent *a, struct str *text)
{
	const char *sign = NULL;
	enum verdict v = find_sign(a, &sign);
	autofree char *shown = v == VERDICT_OK ? NULL : name_show(sign);

	if (shown)
		str_addf(text, ", and has said '%.60s'", shown);
	return v;
}

/* Of a worker that exited with a status that is not 0. */
static enum verdict
refine(struct agent *a, enum verdict v, struct str *text)
{
	const struct channel_told *told = &a->run.channel.told;
	enum verdict better = told->rate_limited || told->session_poisoned ?
	                              say_channel(told, text) :
	                              say_sign(a, text);
	int n = 0, r;

	if (better == VERDICT_OK)
		return v;
	if (better != VERDICT_SESSION)
		return better;
	if (!a->role->session || a->run.record.sessions > 0)
		return v;
	r = session_renew(a->desk, &n);
	if (r < 0) {
		log_warn("agent=%s task=%s cannot put the session aside: %s",
		         a->desk->name, a->run.entry.id, err_name(r));
		return v;
	}
	str_addf(text, "; a fresh session was made");
	if (n)
		str_addf(text, ", the old one is " SESSIONS_DIR "/%d", n);
	return better;
}

/* On one line, and short enough for a message. */
static void
add_words(struct str *text, const struct str *words)
{
	const char *p = str_text(words);
	size_t n = words->len;

	if (!n)
		return;
	if (n > WORDS_MAX)
		for (n = WORDS_MAX; ((unsigned char)p[n] & 0xc0) == 0x80;)
			n--;
	str_adds(text, ": ");
	for (size_t i = 0; i < n; i++)
		str_addc(text, (unsigned char)p[i] < ' ' ? ' ' : p[i]);
	if (n < words->len)
		str_adds(text, " …");
}

int
told_judge(struct agent *a, enum verdict *v, struct str *text)
{
	autostr words = STR_INIT;
	int r = 0;

	if (*v == VERDICT_REVIEW) {
		r = feedback_keep(a->desk, a->run.entry.id, a->run.verify_from,
		                  &words);
		add_words(text, &words);
	} else if (*v == VERDICT_EXIT || *v == VERDICT_TEMPORARY ||
	           *v == VERDICT_PERMANENT) {
		*v = refine(a, *v, text);
	}
	return r;
}
