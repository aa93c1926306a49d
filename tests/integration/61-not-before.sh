#!/bin/bash
# not_before: a task is PENDING until its time has come, by the wall clock; a
# restart, polling and a clock that is set do not change that.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

make_spool <<'END'
durability: process
rescan: 1h
agents:
  w: {shell: 'date +%s%3N'}
  q: {shell: cat}
END
start_agent w
desk=$root/agents/w

now() {
	echo "${EPOCHREALTIME/[.,]/}" | cut -c1-13
}
# utc MS - as it is written in a header.
utc() {
	date -u -d "@$(($1 / 1000)).$(printf %03d $(($1 % 1000)))" \
		+%Y-%m-%dT%H:%M:%S.%3NZ
}
# not_before ID - what the admitted task says, in milliseconds.
not_before() {
	local text
	text=$(sed -n 's/^not_before: //p' "$desk"/*/*."$1" | head -n 1)

	date -d "$text" +%s%3N
}
# It ran, at this time or later.
ran_since() {
	local at
	at=$(cat "$desk/outbox/$1/stdout") || return

	[ "$at" -ge "$2" ] || { echo "ran at $at, before $2"; return 1; }
}
task() {
	printf -- '---\nid: %s\n%b\n---\n' "$2" "$3" | put "$1" "$2.md"
}

# --- in a moment ---------------------------------------------------------------

begun=$(now)
check 'in two seconds' spoolhand submit w --id soon --body x --not-before +2s
task w early "not_before: $(utc $((begun - 1000)))"
task w plain 'title: a task without'
check 'one whose time is over runs' comes w early COMPLETED
check 'and so does another' comes w plain COMPLETED
check 'that one runs, too' comes w soon COMPLETED
check 'not before two seconds are over' ran_since soon $((begun + 2000))
check 'it was PENDING till then' journaled w \
	'"id":"soon".*"from":"PENDING","to":"READY","why":"its time has come"'

# --- long after ----------------------------------------------------------------

begun=$(now)
check 'in two hours' spoolhand submit w --id later --body x --not-before +2h
check 'waits' until_true "$soon" holds w pending later
not_before_is() {
	[ "$(not_before "$1")" -ge "$2" ]
}
check 'until two hours are over' not_before_is later $((begun + 7200000))
check 'why' spoolhand why w/later
check 'says until when' said 'w/later is PENDING: it starts not before 2'
check 'and how long that is' said -E '\(in (1h59m|2h00m)\)'
check 'and how to give it up' said 'spoolhand cancel w/later'
TZ=CET-1 spoolhand -q submit w --id zone --body x \
	--not-before '2199-07-01 09:30' >/dev/null
check 'local time is the time of who submits' \
	until_true "$soon" holds w pending later zone
check 'and is written as UTC' \
	prints 'not_before: 2199-07-01T08:30:00.000Z' \
	grep -h not_before "$desk"/pending/*.zone
task w hand 'not_before: 2199-07-01T09:30+02:00\nafter: [w/plain]'
check 'a task by hand' until_true "$soon" holds w pending later zone hand
printf '{"id":"json","not_before":"2199-07-01 09:30:00","body":"x"}' |
	put w json.task.json
check 'one in JSON' until_true "$soon" holds w pending later zone hand json
spoolhand -q cancel w/hand
check 'a cancel is honoured' comes w hand WITHDRAWN cancelled

# --- over a restart ------------------------------------------------------------

begun=$(now)
task w over "not_before: $(utc $((begun + 1500)))"
check 'one more is admitted' until_true "$soon" \
	journaled w '"ev":"admit","id":"over"'
kill -9 "$agent_pid"
wait "$agent_pid" 2>/dev/null
start_agent w
check 'after a restart it runs' comes w over COMPLETED
check 'not before its time' ran_since over $((begun + 1500))
check 'the others wait on' holds w pending later zone json

# --- many ----------------------------------------------------------------------

check 'an agent is started' start_agent q
begun=$(now)
drop_many() {
	local i inbox=$root/agents/q/inbox

	for ((i = 0; i < 300; i++)); do
		printf -- '---\nid: m%d\nnot_before: %s\n---\n' "$i" \
			"$(utc $((begun + 5000 + i % 7 * 100)))" \
			>"$inbox/.m$i" && mv "$inbox/.m$i" "$inbox/m$i.md"
	done
}
check '300 tasks are dropped, of seven times' drop_many
check 'all run' until_true "$soon" has q outbox 300
none_early() {
	sed -nE 's/.*"t":([0-9]+),.*"id":"m[0-9]+".*"to":"READY".*/\1/p' \
		"$root/agents/q/journal.jsonl" |
		awk -v first="$((begun + 5000))" '
			$1 < first { early++ }
			END { exit early || NR != 300 }'
}
check 'none before its time' none_early

# --- what is no time -----------------------------------------------------------

for bad in tomorrow 2h +2 +-2h 2026-02-30T00:00Z 9999-01-01T00:00Z ''; do
	check "'$bad' is none" exits 64 spoolhand submit w --body x \
		--not-before "$bad"
	check 'which is said' said '--not-before: '
done
check 'from now on has a unit' exits 64 spoolhand submit w --body x \
	--not-before +2
check 'which is said' said \
	"--not-before: '+2' is no time from now on; write as in +90s, +2h or +7d"
task w bad 'title: x\nnot_before: noon'
check 'nor is one in a task' until_true "$soon" test -e \
	"$desk/rejected/bad.md.why"
check 'its place is told' grep -F "bad.md:4:13: not_before: 'noon' is not a time" \
	"$desk/rejected/bad.md.why"

# --- polling -------------------------------------------------------------------

stop() {
	local pid
	pid=$(desk_pid "$1")

	kill "$pid" && waits 0 "$pid"
}
check 'both stop' stop w
check 'both stop' stop q
sed -i '1i watch: poll\npoll: 50ms' "$root/spoolhand.yaml"
start_agent w
begun=$(now)
check 'in one second' spoolhand submit w --id polled --body x --not-before +1s
check 'it runs without events' comes w polled COMPLETED
check 'not before its time' ran_since polled $((begun + 1000))
check 'the agent stops' stop w

# --- a clock that is set -------------------------------------------------------

# faketime moves the timers of the agent by as much as the clock, which they
# are not asked for; more than the time since the boot would be no time at all.
if command -v faketime >/dev/null && [ -z "${SPOOLHAND_SANITIZED-}" ] &&
	[ "$(cut -d. -f1 /proc/uptime)" -gt 400 ]; then
	echo '+0' >clock
	sed -i 's/^watch: poll/watch: auto/; s/^rescan: 1h/rescan: 1s/' \
		"$root/spoolhand.yaml"
	FAKETIME_TIMESTAMP_FILE=$scratch/clock FAKETIME_NO_CACHE=1 \
		DONT_FAKE_MONOTONIC=1 faketime -f '+0' env -u FAKETIME \
		spoolhand-agent --root "$root" w </dev/null \
		>>"$scratch/agent-w.log" 2>&1 &
	check 'an agent with a clock of its own' until_true "$soon" desk_held w
	check 'four minutes' spoolhand submit w --id minutes --body x \
		--not-before +4m
	check 'are waited for' until_true "$soon" holds w pending \
		later zone json minutes
	echo '+300' >clock
	check 'unless the clock is set' comes w minutes COMPLETED
	check 'the others wait on' holds w pending later zone json
fi
done_testing
