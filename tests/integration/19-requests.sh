#!/bin/bash
# What is asked for by a file in requests/ is done, whether the agent runs or
# not, and what is no request comes back.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

# Tasks called failing-… fail, and not once $MEND is there; waiting-… ask to be
# run later, which is much later.
make_spool <<'END'
agents:
  w:
    shell: |
      echo "$TASK_ID" >>"$RUNS"
      case $TASK_ID in
      held*) exec sleep 1000 ;;
      failing*) test -e "$MEND" || { echo broken; exit 1; } ;;
      waiting*) test -e "$MEND" || exit 75 ;;
      esac
      echo fine
    retry: {base: 1h, cap: 1h}
    grace: 2s
END
export RUNS=$scratch/runs MEND=$scratch/mend
: >"$RUNS"
desk=$root/agents/w

submit() {
	spoolhand -q submit w --id "$1" --body "body of $1" "${@:2}" >/dev/null
}

by_file() {
	touch "$desk/requests/$1.$2"
}

by_verb() {
	spoolhand -q "$1" "w/$2"
}

ran() {
	local n
	n=$(grep -cx "$1" "$RUNS")

	[ "$n" -eq "$2" ] && return 0
	echo "$1 ran $n times, not $2"
	return 1
}

no_requests() {
	until_true "$soon" has w requests 0
}

stops() {
	kill "$agent_pid" && until_true "$soon" ended "$agent_pid" &&
		waits 0 "$agent_pid"
}

says() {
	"${@:2}" | grep -F -- "$1"
}

# --- cancel, by either way, in every state -----------------------------------

start_agent w
for how in by_file by_verb; do
	submit "held-$how"
	check "$how: one runs" until_true "$soon" ran "held-$how" 1
	submit "waiting-$how" --priority high
	submit "ready-$how"
	submit "pending-$how" --after w/nobody
	check "$how: one is READY" until_true "$soon" has w ready 2
	check "$how: one is PENDING" until_true "$soon" has w pending 1
	for state in pending ready; do
		"$how" cancel "$state-$how"
		check "$how: the $state one is withdrawn" \
			comes w "$state-$how" WITHDRAWN cancelled
		check "$how: it never ran" ran "$state-$how" 0
	done
	"$how" cancel "held-$how"
	check "$how: the running one is stopped" \
		comes w "held-$how" FAILED cancelled
	check "$how: the one behind it runs and is blocked" \
		until_true "$soon" has w blocked 1
	"$how" cancel "waiting-$how"
	check "$how: the blocked one is withdrawn" \
		comes w "waiting-$how" WITHDRAWN cancelled
	check "$how: it ran once" ran "waiting-$how" 1

	submit "done-$how"
	check "$how: one is done" comes w "done-$how" COMPLETED
	inode=$(stat -c %i "$desk/outbox/done-$how")
	"$how" cancel "done-$how"
	check "$how: the request is taken" no_requests
	check "$how: it stays done" prints "$inode" \
		stat -c %i "$desk/outbox/done-$how"
	check "$how: nothing is left" at_rest w
done
check 'what came of a request is told' \
	journaled w '"id":"done-by_file".*"cancel.done-by_file".*it has ended'
by_file cancel unknown
check 'cancel of an unknown one comes back' \
	until_true "$soon" test -e "$desk/rejected/cancel.unknown"
check 'with the reason' \
	grep -F 'there is no such task' "$desk/rejected/cancel.unknown.why"
check 'the command says so at once' exits 3 spoolhand cancel w/unknown

# --- while no agent runs -----------------------------------------------------

submit held-down
check 'one runs' until_true "$soon" ran held-down 1
submit ready-down
submit pending-down --after w/nobody
check 'one is READY' until_true "$soon" has w ready 1
check 'one is PENDING' until_true "$soon" has w pending 1
kill -9 "$agent_pid"
wait "$agent_pid" 2>/dev/null
submit drop-file
submit drop-verb
put w report.txt <<'END'
a drop by hand
END
put w other-name.md <<'END'
---
id: drop-header
---
its id is in its header
END
for id in ready-down drop-file report drop-header; do
	by_file cancel "$id"
done
for id in held-down pending-down drop-verb; do
	check "cancel of $id is taken with nothing running" by_verb cancel "$id"
done
start_agent w
for id in ready-down pending-down drop-file drop-verb report drop-header; do
	check "$id is withdrawn" comes w "$id" WITHDRAWN cancelled
	check "$id never ran" ran "$id" 0
done
check 'the one that ran is withdrawn' comes w held-down WITHDRAWN cancelled
check 'it did not run again' ran held-down 1
check 'no request is left' no_requests
check 'none was rejected' has w rejected 2

# --- retry -------------------------------------------------------------------

for how in by_file by_verb; do
	rm -f "$MEND"
	submit "failing-$how"
	check "$how: one fails" comes w "failing-$how" FAILED exit
	"$how" retry "failing-$how"
	again() { ran "failing-$how" 2; }
	check "$how: it runs again" until_true "$soon" again
	check "$how: and fails again" until_true "$soon" test \
		-e "$desk/failed/failing-$how"
	check "$how: attempts are counted anew" \
		prints 1 fact w "failing-$how" attempts
	check "$how: the agent is at rest" until_true "$soon" at_rest w
	touch "$MEND"
	"$how" retry "failing-$how"
	check "$how: mended it is done" until_true "$soon" test \
		-e "$desk/outbox/failing-$how"
	check "$how: it ran three times" ran "failing-$how" 3
	check_not "$how: the old failure is gone" \
		test -e "$desk/failed/failing-$how"
	check "$how: and its scratch" until_true "$soon" has w work 0
	"$how" retry "failing-$how"
	check "$how: what is done is not tried again" no_requests
	check "$how: it did not run" ran "failing-$how" 3

	rm "$MEND"
	submit "waiting-again-$how"
	check "$how: one is BLOCKED for an hour" \
		until_true "$soon" has w blocked 1
	touch "$MEND"
	"$how" retry "waiting-again-$how"
	check "$how: asked for it runs at once" \
		comes w "waiting-again-$how" COMPLETED
	check "$how: in its second attempt" \
		prints 2 fact w "waiting-again-$how" attempts
	check "$how: a withdrawn one can be tried, too" \
		test -e "$desk/failed/ready-$how"
	"$how" retry "ready-$how"
	check "$how: it is done" until_true "$soon" test \
		-e "$desk/outbox/ready-$how"
done
rm -f "$MEND"
submit failing-down
check 'one fails' comes w failing-down FAILED exit
stops
touch "$MEND"
by_file retry failing-down
start_agent w
check 'a retry asked for while the agent was down' \
	until_true "$soon" test -e "$desk/outbox/failing-down"

# --- pause and resume --------------------------------------------------------

pauses_by_touch() {
	touch "$desk/requests/$1"
}
pauses_by_verb() {
	spoolhand -q "$1" w
}
for how in pauses_by_touch pauses_by_verb; do
	"$how" pause
	check "$how: it pauses" paused w
	submit "later-$how"
	check "$how: a task is admitted" until_true "$soon" has w ready 1
	check "$how: status says so" \
		says '"paused":true' spoolhand status w --json
	stops
	start_agent w
	check "$how: the next agent is ready" desk_held w
	submit "later-2-$how"
	check "$how: it admits" until_true "$soon" has w ready 2
	check "$how: but starts nothing" ran "later-$how" 0
	"$how" pause
	check "$how: paused twice is paused" \
		says '"paused":true' spoolhand status w --json
	"$how" resume
	check "$how: it goes on" comes w "later-2-$how" COMPLETED
	check "$how: with all of them" comes w "later-$how" COMPLETED
	check "$how: no request is left" no_requests
	stops
	"$how" pause
	submit "down-$how"
	start_agent w
	check "$how: a pause from before its start" \
		until_true "$soon" has w ready 1
	stops
	"$how" resume
	start_agent w
	check "$how: a resume from before its start" \
		comes w "down-$how" COMPLETED
	check "$how: resumed when it is not paused" "$how" resume
	check "$how: is taken, too" no_requests
done
stops
touch "$desk/requests/resume" && touch "$desk/requests/pause"
touch "$desk/requests/resume"
start_agent w
submit both
check 'of both the later one counts' comes w both COMPLETED

# --- what is no request ------------------------------------------------------

rejects() {
	local name=$1

	until_true "$soon" test -e "$desk/rejected/$name.why" &&
		until_true "$soon" test -e "$desk/rejected/$name" &&
		test ! -e "$desk/requests/$name" &&
		[ "$(wc -l <"$desk/rejected/$name.why")" -eq 1 ]
}
for name in nonsense cancel cancel. retry 'cancel..hidden' 'cancel.a b' \
	pause.w resume. CANCEL.both cancle.both 'cancel.-x' 'retry.unknown' \
	"cancel.$(printf '%0140d' 0)"; do
	touch "$desk/requests/$name"
	check "'${name:0:30}' comes back" rejects "$name"
done
: >"$desk/requests/.hidden"
: >"$desk/requests/half.tmp"
echo x >"$SPOOLHAND_TEST/elsewhere"
ln -s "$SPOOLHAND_TEST/elsewhere" "$desk/requests/link"
check 'a link comes back' rejects link
mkdir "$desk/requests/folder"
check 'a folder comes back' rejects folder
check 'what is not finished stays' has w requests 1
rm "$desk/requests/half.tmp"
submit last
check 'and the agent works' comes w last COMPLETED
done_testing
