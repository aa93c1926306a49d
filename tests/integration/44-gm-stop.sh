#!/bin/bash
# The first request to stop lets running tasks end, the second does not.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/fake.sh"
need spoolhand-gm spoolhand-agent

# A task that runs until the file `go` is there.
make_spool <<'END'
restart_backoff: 10ms
agents:
  pm: {shell: cat}
  dev: {shell: 'touch "$SPOOLHAND_TEST/began"; until [ -e "$SPOOLHAND_TEST/go" ]; do waitfor "$SPOOLHAND_TEST" 100; done; cat'}
END
desk=$root/agents/dev

begin() {
	rm -f began go
	start_gm
	printf '%s\n' "$1" >"$desk/inbox/$1.md"
	until_true 5 test -e began
}

check 'a task runs' begin one
printf 'two\n' >"$desk/inbox/two.md"
kill -TERM "$gm_pid"
check 'the idle agent ends at once' until_true 5 grep -qE \
	'agent=pm pid=[0-9]+ ended with exit status 0' "$gm_log"
check 'the orchestrator waits for the other' kill -0 "$gm_pid"
check 'so does its task' desk_held dev
touch go
check 'when the task has ended all is over' until_true 10 ended "$gm_pid"
check 'with status 0' waits 0 "$gm_pid"
check 'the task is done' test -d "$desk/outbox/one"
check_not 'no other was begun' test -e "$desk/outbox/two"
check_not 'no agent was restarted' grep -F 'restart in' "$gm_log"
check_not 'nobody holds the spool' gm_holder

rm -f "$desk"/*/two.md "$desk"/{pending,ready}/*two
check 'a task runs again' begin three
kill -INT "$gm_pid"
check 'the first signal waits' until_true 5 gm_says 'ending when running'
check 'for the task' kill -0 "$gm_pid"
kill -INT "$gm_pid"
check 'the second does not' until_true 10 ended "$gm_pid"
check 'the status is 0' waits 0 "$gm_pid"
check_not 'the task is not done' test -e "$desk/outbox/three"
check_not 'nor has it failed' test -e "$desk/failed/three"
check 'it goes on later' sh -c "ls '$desk/blocked' '$desk/ready' | grep three"

# By file.
touch go
start_gm
check 'it runs at the next start' \
	until_true 20 test -d "$desk/outbox/three"
touch "$root/gm/requests/down"
check 'down is honoured' until_true 10 ended "$gm_pid"
check 'with status 0' waits 0 "$gm_pid"
check_not 'and removed' test -e "$root/gm/requests/down"

check 'a task runs' begin four
touch "$root/gm/requests/down"
check 'down waits for the task' until_true 5 gm_says 'request=down: ending'
check 'as a signal does' kill -0 "$gm_pid"
touch "$root/gm/requests/down-now"
check 'down-now does not' until_true 10 ended "$gm_pid"
check 'with status 0' waits 0 "$gm_pid"
check_not 'the task is not done' test -e "$desk/outbox/four"

check 'a task runs' begin five
touch "$root/gm/requests/down-now"
check 'down-now alone is enough' until_true 10 ended "$gm_pid"
check 'with status 0' waits 0 "$gm_pid"
check_not 'the task is not done' test -e "$desk/outbox/five"

# What was asked of another before.
touch -d '1 hour ago' "$root/gm/requests/down"
until_true 1 false >/dev/null
start_gm
check 'a request from before the start is removed' \
	test ! -e "$root/gm/requests/down"
check 'and told of' gm_says 'request=down is left over'
check 'and not honoured' kill -0 "$gm_pid"
touch go
kill "$gm_pid"
until_true 20 ended "$gm_pid" >/dev/null

# Agents that do not listen.
fake_gm
cat >"$root/spoolhand.yaml" <<'END'
agents:
  deaf: {shell: cat}
  dead: {shell: cat}
END
fake deaf <<'END'
trap '' TERM INT
echo ready
exec sleep 1000
END
fake dead <<'END'
trap 'exit 9' TERM
echo ready
while :; do sleep 1000 & wait; done
END
start_gm
for agent in deaf dead; do
	until_true 5 grep -qs ready "$root/agents/$agent/agent.log" >/dev/null
done
kill "$gm_pid"
check 'an odd end is an end' until_true 5 grep -qE \
	'agent=dead pid=[0-9]+ ended with exit status 9' "$gm_log"
check 'a deaf agent is waited for' kill -0 "$gm_pid"
kill "$gm_pid"
check 'ten seconds after the second signal it is killed' \
	until_true 15 ended "$gm_pid"
check 'which is told' grep -E 'agent=deaf .*did not end in time, killed' \
	"$gm_log"
check 'and is the end of it' waits 0 "$gm_pid"

done_testing
