#include "cli/why_lane.h"

#include "base/clock.h"
#include "base/keys.h"
#include "base/proc.h"
#include "spool/lane.h"

#define REFS_TOLD 5

static void
add_holders(const struct lane_view *v, struct str *out)
{
	size_t n = keys_count(v->held);

	str_adds(out, " (");
	for (size_t i = 0; i < n && i < REFS_TOLD; i++)
		str_addf(out, "%s%s", i ? ", " : "", v->held[i]);
	if (n > REFS_TOLD)
		str_addf(out, " and %zu more", n - REFS_TOLD);
	str_addc(out, ')');
}

static bool
add_view(const struct config_lane *lane, const struct lane_view *v,
         struct str *out)
{
	int64_t n = (int64_t)keys_count(v->held);
	char at[CLOCK_TEXT_MAX];

	if (lane->running && n >= lane->running) {
		str_addf(out, "; lane %s is full: %lld of %lld run", lane->name,
		         (long long)n, (long long)lane->running);
		add_holders(v, out);
		return true;
	}
	if (!v->next_ms)
		return false;
	/* "12:04:31" of the whole time */
	str_addf(out,
	         "; lane %s has begun %lld in the last minute; the next at "
	         "%.8s",
	         lane->name, (long long)v->begun,
	         clock_format_local(v->next_ms, at) + 11);
	return true;
}

bool
why_lane_add(const struct spool *s, const struct config *config,
             const char *agent, struct str *out)
{
	const struct config_agent *a = config ? config_agent(config, agent) :
	                                        NULL;
	const struct config_lane *lane = a ? config_lane_of(config, a) : NULL;
	struct lane_limits limits;
	struct proc_id self;
	struct lane_view v;
	bool told;

	if (!lane || proc_self(&self) < 0)
		return false;
	limits = (struct lane_limits){ lane->running, lane->per_minute };
	told = lane_look(s, lane->name, &limits,
	                 &(struct lane_now){ clock_boot_ns(), clock_wall_ms(),
	                                     self.boot },
	                 &v) == 0 &&
	       add_view(lane, &v, out);
	lane_view_done(&v);
	return told;
}
