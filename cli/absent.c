#include "cli/absent.h"

#include "base/mem.h"
#include "cli/gm.h"

void
absent_add(const struct spool *s, const struct config *config,
           const char *agent, struct str *out)
{
	autostr why = STR_INIT;
	struct proc_id gm;

	str_addf(out, "agent '%s' is ", agent);
	if (gm_quarantine(s, agent, &why))
		str_addf(out,
		         "in quarantine%s%s%s: release it with: spoolhand "
		         "resume %s",
		         why.len ? " (" : "", str_text(&why),
		         why.len ? ")" : "", agent);
	else if (config && !config_agent(config, agent))
		str_adds(out, "not in " CONFIG_FILE ": nobody runs it; add it "
		              "there to have it run");
	else if (gm_owner(s, &gm) != 0)
		/* It may drain, or know another spoolhand.yaml. */
		str_adds(out, "not running now; if the orchestrator does not "
		              "start it in a moment: spoolhand down; "
		              "spoolhand up");
	else
		str_adds(out, "not running: start it with: spoolhand up");
}

bool
absent_tell(const struct desk *d, struct str *out)
{
	autofree char *path = mem_printf("%s/" CONFIG_FILE, d->spool->root);
	autoconfig *config = NULL;
	struct proc_id owner;

	if (desk_owner(d, &owner) != 0)
		return false;
	/* Without it less can be told, but not nothing. */
	(void)config_load(path, &config, NULL);
	absent_add(d->spool, config, d->name, out);
	return true;
}
