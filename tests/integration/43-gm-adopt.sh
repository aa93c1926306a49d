#!/bin/bash
# The orchestrator may be killed at any time: agents go on, and the next one
# takes them over.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/fake.sh"
need spoolhand-gm spoolhand-agent

make_spool <<'END'
restart_backoff: 20ms
agents:
  pm: {shell: cat}
  dev: {shell: 'touch "$SPOOLHAND_TEST/began"; until [ -e "$SPOOLHAND_TEST/go" ]; do waitfor "$SPOOLHAND_TEST" 100; done; cat'}
END
start_gm
until_true 5 desk_held pm >/dev/null
until_true 5 desk_held dev >/dev/null
pm=$(desk_pid pm)
dev=$(desk_pid dev)
printf 'long\n' >"$root/agents/dev/inbox/long.md"
until_true 5 test -e began >/dev/null

kill -9 "$gm_pid"
check 'it is dead' until_true 5 ended "$gm_pid"
check 'its agents are not' prints "$pm" desk_pid pm
check 'nor is the one with a task' prints "$dev" desk_pid dev
check_not 'nobody has the spool' gm_holder
printf 'x\n' >"$root/agents/pm/inbox/alone.md"
check 'agents work without it' \
	until_true 5 test -d "$root/agents/pm/outbox/alone"

start_gm
check 'the next one takes over' gm_says "agent=pm adopted pid=$pm"
check 'all of them' gm_says "agent=dev adopted pid=$dev"
check_not 'and starts none' gm_says 'started pid'
check 'the same process has the desk' prints "$pm" desk_pid pm

kill -9 "$pm"
back() { [ "$(desk_pid pm)" != "$pm" ] && desk_held pm; }
check 'it minds whom it took over' until_true 10 back
check 'and says what it knows' gm_says "pid=$pm ended with unknown status"

kill "$gm_pid"
check 'they are told to stop' until_true 5 gm_says 'ending when running'
check 'the task of an adopted agent ends first' kill -0 "$dev"
touch go
check 'then all is over' until_true 10 ended "$gm_pid"
check 'with status 0' waits 0 "$gm_pid"
check 'the task is done' test -d "$root/agents/dev/outbox/long"
check_not 'no agent is left' desk_held dev

# Killed again and again, at any moment.
for _ in 1 2 3 4 5 6; do
	spoolhand-gm --root "$root" </dev/null >>"$gm_log" 2>&1 &
	gm_pid=$!
	until_true 5 gm_holder >/dev/null
	kill -9 "$gm_pid"
	waits 137 "$gm_pid" 2>/dev/null
done
start_gm
for agent in pm dev; do
	check "after six killed ones $agent runs" until_true 10 desk_held $agent
done
one_each() {
	[ "$(tree_pids | while read -r pid; do
		tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null
		echo
	done | grep -c '^[^ ]*spoolhand-agent ')" -eq 2 ]
}
check 'and once only' until_true 10 one_each
touch "$root/gm/requests/down"
check 'they can be ended' until_true 10 ended "$gm_pid"
check 'in good order' waits 0 "$gm_pid"

done_testing
