#!/bin/bash
# An orchestrator with nothing to do does nothing.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/fake.sh"
need spoolhand-gm

# How often it was given the processor, of its own will or not.
switches() {
	awk '/ctxt_switches/ { n += $2 } END { print n }' \
		"/proc/$gm_pid/status"
}

asleep() {
	local stat

	read -r stat <"/proc/$gm_pid/stat" && [[ ${stat##*) } == S* ]]
}

fake_gm
make_spool <<'END'
agents:
  pm: {shell: cat}
  dev: {shell: cat}
END
for agent in pm dev; do
	fake $agent <<-'END'
		exec sleep 1000
	END
done
start_gm
check 'it comes to rest' until_true 5 asleep
before=$(switches)
# The time is what is measured here: nothing changes in this folder.
mkdir "$lib_base/still"
waitfor "$lib_base/still" 3000
check 'it is not woken within three seconds' prints "$before" switches
check 'it runs' kill -0 "$gm_pid"

done_testing
