#!/bin/bash
# An agent that ends though it should run is started again; one that somebody
# else runs is minded as well.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/fake.sh"
need spoolhand-gm spoolhand-agent

runs_anew() {
	local now

	now=$(desk_pid "$1") && [ "$now" != "$2" ]
}

make_spool <<'END'
restart_backoff: 50ms
restart_backoff_max: 200ms
quarantine_after: 100
agents:
  pm: {shell: cat}
  dev: {shell: cat}
END
start_agent dev
by_hand=$agent_pid
start_gm
check 'an agent that runs already is adopted' \
	gm_says "agent=dev adopted pid=$by_hand"
check 'and not started' prints "$by_hand" desk_pid dev
until_true 5 desk_held pm >/dev/null
pm=$(desk_pid pm)

kill -9 "$pm"
check 'a killed agent is started again' until_true 10 runs_anew pm "$pm"
check 'its end is told, and what follows' \
	gm_says "agent=pm pid=$pm ended with signal 9 (Killed), restart in 50ms"
check 'the other one is left alone' prints "$by_hand" desk_pid dev

kill -9 "$by_hand"
check 'an adopted agent that is killed is started, too' \
	until_true 10 runs_anew dev "$by_hand"
dev=$(desk_pid dev)
kill "$dev"
check 'one that was told to end by somebody is started again' \
	until_true 10 runs_anew dev "$dev"

printf 'x\n' >"$root/agents/dev/inbox/after.md"
check 'and works' until_true 5 test -d "$root/agents/dev/outbox/after"

# Between the end of an agent and its restart a person is quicker.
kill "$gm_pid"
until_true 10 ended "$gm_pid" >/dev/null
sed -i 's/^restart_backoff.*: .*/restart_backoff: 1h/; 2d' \
	"$root/spoolhand.yaml"
sed -i '1i restart_backoff_max: 1h' "$root/spoolhand.yaml"
start_gm
until_true 5 desk_held pm >/dev/null
kill -9 "$(desk_pid pm)"
check 'the pause is as configured' until_true 5 gm_says 'restart in 1h00m'
touch "$root/gm/requests/resume.pm"
check 'resume cuts it short' until_true 5 desk_held pm
kill "$gm_pid"
until_true 10 ended "$gm_pid" >/dev/null

# The same with an agent of the test's own.
fake_gm
cat >"$root/spoolhand.yaml" <<'END'
restart_backoff: 50ms
restart_backoff_max: 200ms
quarantine_after: 100
agents:
  pm: {shell: cat}
END
fake pm <<'END'
exit 3
END
start_gm
check 'the pause is doubled' until_true 5 gm_says \
	'ended with exit status 3, restart in 100ms'
check 'up to its limit' until_true 5 gm_says \
	'ended with exit status 3, restart in 200ms'
check 'again and again' until_true 5 test "$(starts pm)" -ge 3
check_not 'and no further' gm_says 'restart in 400ms'

# A fake that finds the desk held, by an agent that comes from elsewhere.
fake pm <<'END'
exit 75
END
start_agent pm
check 'who holds the desk is adopted' \
	until_true 5 gm_says "agent=pm adopted pid=$agent_pid"
kill "$gm_pid"
check 'and stopped with the others' until_true 10 ended "$agent_pid"
check 'in good order' waits 0 "$agent_pid"
until_true 10 ended "$gm_pid" >/dev/null

# 75, but nobody is there: no death, no haste.
cat >"$root/spoolhand.yaml" <<'END'
restart_backoff: 20ms
restart_backoff_max: 20ms
quarantine_after: 1
agents:
  pm: {shell: cat}
END
start_gm
check 'a desk that seems to be held is looked at again' \
	until_true 5 gm_says 'by whom is not to be seen; restart in 20ms'
many_starts() { [ "$(starts pm)" -ge "$1" ]; }
check 'and again' until_true 5 many_starts $(($(starts pm) + 3))
check_not 'which is no death' test -e "$root/gm/quarantine/pm"

done_testing
