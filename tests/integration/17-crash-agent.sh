#!/bin/bash
# The agent is killed at random points under load, 60 times: afterwards every
# task has ended once, and no two attempts were ever alive at the same time.
# SPOOLHAND_KILLS sets how often.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent

kills=${SPOOLHAND_KILLS:-60}

# Each attempt holds one lock, and so does what it leaves in a session of its
# own, deaf to signals, which the agent that was killed can no longer end.
make_spool <<'END'
durability: process
defaults: {retry: {base: 10ms, crashes: 1000}}
agents:
  pm: {shell: exec bash "$SPOOLHAND_TEST/work.sh"}
  twice: {shell: 'touch "$SPOOLHAND_TEST/began"; exec sleep 1000', retry: {crashes: 2}}
  once: {shell: 'touch "$SPOOLHAND_TEST/began"; exec sleep 1000', retry: {base: 1h, cap: 1h}}
END
cat >work.sh <<'END'
exec 9>"$SPOOLHAND_TEST/mutex"
flock -n 9 || echo "$TASK_ID" >>"$SPOOLHAND_TEST/overlap"
( trap '' TERM HUP; setsid sleep 1000 & )
echo "$TASK_ID $TASK_ATTEMPT" >>"$SPOOLHAND_TEST/ran"
sleep 0.01
echo "$TASK_ID" >"$TASK_OUT/id"
END
desk=$root/agents/pm

# Some are there already, others come meanwhile, one by one.
feed() {
	local i

	for ((i = $1; i <= $2; i++)); do
		echo "$i" | put pm "t$i.md"
		sleep 0.03
	done
}

# A random moment of its first 60 ms, which begin with recovery.
storm() {
	local i

	for ((i = 0; i < kills; i++)); do
		spoolhand-agent --root "$root" pm </dev/null \
			>>"$scratch/agent-pm.log" 2>&1 &
		agent_pid=$!
		sleep "0.0$((RANDOM % 6))$((RANDOM % 10))"
		kill -9 "$agent_pid" || { echo 'it had ended'; return 1; }
		wait "$agent_pid" 2>/dev/null
	done
	return 0
}

mkdir -p "$desk/inbox"
feed 1 1
start_agent pm
check 'a task is run' until_true "$soon" test -s ran
kill -9 "$agent_pid" && wait "$agent_pid" 2>/dev/null
for ((i = 2; i <= 40; i++)); do
	echo "$i" | put pm "t$i.md"
done
start feed 41 100
feeder=$start_pid
check "$kills kills" storm
check 'all tasks are dropped' waits 0 "$feeder"
start_agent pm
check 'in the end all are done' until_true "$soon" has pm outbox 100
check 'and nothing is under way' until_true "$soon" at_rest pm
check 'none has failed' has pm failed 0
check 'no drop was rejected' has pm rejected 0
check 'no scratch is left' has pm work 0
check 'no attempt met another, or what it had left' test ! -e overlap
check 'no attempt was made twice' test -z "$(sort ran | uniq -d)"
check 'some were made again' test "$(wc -l <ran)" -gt 100

every_result_is_its_own() {
	local i

	for ((i = 1; i <= 100; i++)); do
		prints "t$i" cat "$desk/outbox/t$i/out/id" || return 1
	done
}
check 'each result is of its task' every_result_is_its_own
check 'what was cut short was BLOCKED(crashed)' journaled pm \
	'"from":"RUNNING","to":"BLOCKED","reason":"crashed"'
attempts_are_told() {
	local id last

	while read -r id last; do
		[ "$(fact pm "$id" attempts)" -ge "$last" ] || return 1
	done <ran
}
check 'each result tells the last attempt' attempts_are_told
each_ended_once() {
	[ "$(grep -o '"ev":"end","id":"[^"]*"' "$desk/journal.jsonl" |
		sort -u | wc -l)" -eq 100 ]
}
check 'the journal has an end of each' each_ended_once
kill "$agent_pid"
check 'the agent stops' waits 0 "$agent_pid"
check 'nothing of it all is left' until_true "$soon" lib_none_left

# --- too often -----------------------------------------------------------------

# killed NAME - one attempt that is cut short.
killed() {
	rm -f began
	start_agent "$1"
	until_true "$soon" test -e began || return 1
	kill -9 "$agent_pid"
	wait "$agent_pid" 2>/dev/null
	rm began
}

mkdir -p "$root/agents/twice/inbox" "$root/agents/once/inbox"
echo x | put twice fatal.md
check 'an agent dies under its task' killed twice
check 'the task is still seen as running' has twice running 1
check 'it dies again' killed twice
check 'and for the third time' killed twice
start_agent twice
check 'with two crashes allowed that is once too often' \
	comes twice fatal FAILED crashed
check 'it says so' grep -q 'died under it 3 times' \
	"$root/agents/twice/failed/fatal/result.json"
check 'after three attempts' prints 3 fact twice fatal attempts

echo x | put once slow.md
check 'an agent dies' killed once
start_agent once
check 'the task is blocked for the pause' \
	until_true "$soon" holds once blocked slow
check 'the reason is kept' grep -q '"crashed"' \
	"$root/agents/once/work/slow/record.json"
check 'it is not run meanwhile' test ! -e began
touch "$root/agents/once/requests/retry.slow"
check 'unless somebody asks' until_true "$soon" holds once running slow
done_testing
