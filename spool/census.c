#include "spool/census.h"

#include "base/sys.h"
#include "spool/entry.h"

int
census_take(const struct desk *d, struct strset *live)
{
	for (enum place p = PLACE_NONE + 1; p < PLACE_N; p++) {
		autodir DIR *dir = NULL;
		struct dirent *de;
		struct entry e;
		int r;

		if (!desk_place_live(p))
			continue;
		r = sys_listdir(d->at[p], ".", &dir);
		while (r >= 0 && (r = sys_next(dir, &de)) > 0)
			if (entry_parse(de->d_name, &e) == 0)
				strset_tag(live, e.id,
				           (unsigned char)desk_place_state(p));
		if (r < 0)
			return r;
	}
	return 0;
}

enum task_state
census_state(const struct desk *d, const struct strset *live, const char *id)
{
	int state = strset_get(live, id);

	if (state > 0)
		return (enum task_state)state;
	if (sys_exists(d->at[PLACE_OUTBOX], id) == 1)
		return TASK_COMPLETED;
	if (sys_exists(d->at[PLACE_FAILED], id) == 1)
		return TASK_FAILED;
	return TASK_NONE;
}
