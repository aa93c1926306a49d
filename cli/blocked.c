#include "cli/blocked.h"

#include "base/clock.h"
#include "spool/record.h"

int64_t
blocked_add(const struct desk *d, const char *id, struct str *out)
{
	struct proc_id self = { 0 };
	struct record rec;

	record_read(d, id, &rec);
	(void)proc_self(&self);
	str_addf(out, "%s/%s is BLOCKED", d->name, id);
	if (rec.reason)
		str_addf(out, " (%s)", state_reason_name(rec.reason));
	if (rec.message[0])
		str_addf(out, ": %s", rec.message);
	return record_wait_left(&rec, self.boot, clock_boot_ns(),
	                        clock_wall_ms()) /
	       CLOCK_NS_PER_MS;
}
