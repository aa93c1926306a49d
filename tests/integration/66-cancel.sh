#!/bin/bash
# A task is cancelled wherever it is, by a file, also while nothing runs; the
# children that it has called go with it, and the result tells of each.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

make_spool <<'END'
defaults:
  grace: 200ms
  retry: {base: 10ms, crashes: 2}
agents:
  w: {shell: exec bash "$SPOOLHAND_TEST/work.sh"}
  child: {shell: exec bash "$SPOOLHAND_TEST/work.sh"}
  free: {shell: exec bash "$SPOOLHAND_TEST/work.sh"}
END
cat >work.sh <<'END'
echo "$TASK_ID" >>"$SPOOLHAND_TEST/ran"
script=$(cat)
eval "$script"
END
: >ran
desk=$root/agents/w

submit() {
	spoolhand -q submit "${AGENT:-w}" --id "$1" --body "$2" "${@:3}" \
		>/dev/null
}

ran() {
	local n
	n=$(grep -cx "$1" ran)

	[ "$n" -eq "$2" ] && return 0
	echo "$1 ran $n times, not $2"
	return 1
}

cancel() {
	touch "$root/agents/${2:-w}/requests/cancel.$1"
}

no_requests() {
	until_true "$soon" has "${1:-w}" requests 0
}

killed() {
	kill -9 "$1"
	wait "$1" 2>/dev/null
	return 0
}

start_agent w

# --- wherever it is ------------------------------------------------------------

submit running 'exec sleep 1000'
check 'one runs' until_true "$soon" ran running 1
submit ready 'echo never'
submit pending 'echo never' --after w/nobody
check 'one is READY' until_true "$soon" has w ready 1
check 'one is PENDING' until_true "$soon" has w pending 1
for id in ready pending; do
	cancel $id
	cancel $id
	check "the $id one is withdrawn" comes w $id WITHDRAWN cancelled
	check 'it never ran' ran $id 0
done
cancel running
cancel running
check 'the running one is stopped' comes w running FAILED cancelled
check_not 'nobody else was called' grep -q children \
	"$desk/failed/running/result.json"
submit asking 'x=$(spoolhand ask "Which?") || exit; echo "$x"'
check 'one asks' until_true "$soon" has w blocked 1
check 'its question lies there' until_true "$soon" has w questions 1
cancel asking
check 'it is withdrawn' comes w asking WITHDRAWN cancelled
check 'and so is its question' has w questions 0
submit sleeping 'spoolhand sleep 1h || exit; echo slept'
check 'one sleeps' until_true "$soon" has w blocked 1
cancel sleeping
check 'it is withdrawn' comes w sleeping WITHDRAWN cancelled
submit later 'exit 75'
check 'one asks to be run later' until_true "$soon" grep -qx later ran
spoolhand -q pause w
check 'the agent is paused' paused w
submit 'done' 'echo done'
check 'and nothing runs' until_true "$soon" has w running 0
cancel later
check 'it is withdrawn' comes w later WITHDRAWN cancelled
spoolhand -q resume w
check 'one is done' comes w 'done' COMPLETED
cancel 'done'
check 'the request is taken' no_requests
check 'it stays done' prints COMPLETED outcome w 'done'
check 'nothing is left' at_rest w
check 'no scratch, either' has w work 0

# --- while nothing runs --------------------------------------------------------

submit held 'exec sleep 1000'
check 'one runs' until_true "$soon" ran held 1
submit was-ready 'echo never'
submit was-pending 'echo never' --after w/nobody
check 'one is READY' until_true "$soon" has w ready 1
check 'one is PENDING' until_true "$soon" has w pending 1
killed "$agent_pid"
submit was-dropped 'echo never'
printf -- '---\nid: was-named\n---\necho never\n' | put w other.md
for id in held was-ready was-pending was-dropped was-named; do
	cancel $id
done
start_agent w
for id in was-ready was-pending was-dropped was-named; do
	check "$id is withdrawn" comes w $id WITHDRAWN cancelled
	check 'and never ran' ran $id 0
done
check 'the one that ran, too' comes w held WITHDRAWN cancelled
check 'it was not run again' ran held 1
check 'no request is left' no_requests
check 'none was rejected' has w rejected 0

# --- the children --------------------------------------------------------------

for agent in child free; do
	start_agent $agent
	eval "${agent}_pid=$agent_pid"
done

# family ID - one child that has ended, one that goes on alone, and one that
# has a child itself, which runs at the desk of its grandparent.
family() {
	submit "$1" '
		spoolhand call child --body "echo first" || exit
		spoolhand call free --detach --body "exec sleep 1000" || exit
		spoolhand call child --body "
			spoolhand call w --body \"exec sleep 2000\" || exit
			echo never" || exit
		echo never'
	until_true "$soon" has w blocked 1 &&
		until_true "$soon" has child blocked 1 &&
		until_true "$soon" has free running 1 &&
		until_true "$soon" has w running 1
}

# fates ID - "agent disposition" of each child, in order.
fates() {
	tr -d '\n\t' <"$desk/failed/$1/result.json" |
		sed 's/.*"children":\[\([^]]*\)\].*/\1/; s/}, *{/}\n{/g' |
		sed -E 's|.*"ref":"([a-z]*)/.*"disposition":"([a-z_]*)".*|\1 \2|'
}

all_of_them='child ended
free detached
child cancel_requested'

# ended AGENT N STATE REASON - so many there have ended so, the last of all.
all_ended() {
	local n
	n=$(grep -l "\"state\":	\"$3\"" "$root/agents/$1/failed"/*/result.json |
		xargs grep -l "\"reason\":	\"$4\"" | wc -l)
	[ "$n" -eq "$2" ] && return 0
	echo "$n of $1 are $3 $4, not $2"
	return 1
}

check 'a task, its children, and theirs' family parent
before=$(count w failed)
cancel parent
check 'the parent is withdrawn' comes w parent WITHDRAWN cancelled
check 'its result tells what becomes of each' prints "$all_of_them" fates parent
check 'the child is withdrawn' \
	until_true "$soon" all_ended child 1 WITHDRAWN cancelled
check 'and its child is stopped' until_true "$soon" has w failed $((before + 2))
check 'nothing is left there' until_true "$soon" at_rest w
check 'nor there' until_true "$soon" at_rest child
check 'the one that is detached goes on' has free running 1
check 'no request is left' no_requests
check 'nor at the child' no_requests child
check 'none was refused' has child rejected 0
rm -r "$root/agents/free/requests/"* 2>/dev/null
for id in $(ids free running); do
	cancel "$id" free
done
check 'it is cancelled by itself' until_true "$soon" at_rest free

# A child alone: the call of its parent ends with 1, in words.
submit lonely '
	spoolhand call child --body "exec sleep 3000" 2>why; echo "status $?"
	cat why; [ -s wait.json ] && exit 79; exit 3'
check 'a child runs' until_true "$soon" has child running 1
check 'its parent waits' until_true "$soon" has w blocked 1
cancel "$(ids child running)" child
check 'cancelled, it fails' until_true "$soon" at_rest child
check 'its parent goes on' comes w lonely FAILED exit
check 'and is told' grep -x 'status 1' "$desk/failed/lonely/stdout"
check 'by whom' grep -i cancel "$desk/failed/lonely/stdout"

# While no agent of the child runs: it never does.
spoolhand -q pause child
check 'the agent of the child is paused' paused child
submit caller 'spoolhand call child --body "echo unheard >>$SPOOLHAND_TEST/heard" || exit'
check 'one waits for a child' until_true "$soon" has w blocked 1
check 'the child waits, too' until_true "$soon" has child ready 1
# shellcheck disable=SC2154 # set above
killed "$child_pid"
cancel caller
check 'the caller is withdrawn' comes w caller WITHDRAWN cancelled
check 'the request waits' has child requests 2
spoolhand -q resume child
start_agent child
child_pid=$agent_pid
check 'the next agent honours it' until_true "$soon" at_rest child
check 'the child never ran' test ! -e heard
check 'no request is left' no_requests child

# The agent of the parent dies in between: it is all done by the next one.
check 'another family' family twice
w_pid=$(desk_pid w)
kill -9 "$w_pid"
until_true "$soon" ended "$w_pid" >/dev/null
cancel twice
start_agent w
check 'cancelled while its agent was down' comes w twice WITHDRAWN cancelled
check 'it tells of them' prints "$all_of_them" fates twice
check 'they are gone' until_true "$soon" at_rest child
check 'all of them' until_true "$soon" at_rest w

# Too many deaths under it do not keep it from taking its children along.
submit fatal '
	spoolhand call child --detach --body "exec sleep 1000" >/dev/null
	exec sleep 1000'
for i in 1 2 3; do
	check "attempt $i runs" until_true "$soon" ran fatal "$i"
	check 'it has a child' until_true "$soon" has child running 1
	[ "$i" -eq 3 ] && cancel_late=1
	w_pid=$(desk_pid w)
	kill -9 "$w_pid"
	until_true "$soon" ended "$w_pid" >/dev/null
	[ -n "${cancel_late-}" ] && cancel fatal
	start_agent w
done
check 'it is cancelled, and not FAILED(crashed)' \
	comes w fatal WITHDRAWN cancelled
check 'what is detached goes on' has child running 1
cancel "$(ids child running)" child
check 'until it is cancelled itself' until_true "$soon" at_rest child

# --- who waits for it ----------------------------------------------------------

submit base 'exec sleep 1000'
submit next 'echo never' --after w/base
check 'one waits for another' until_true "$soon" has w pending 1
check 'which runs' until_true "$soon" has w running 1
cancel base
check 'that is cancelled' comes w base FAILED cancelled
check 'the other is withdrawn' comes w next WITHDRAWN dependency_failed
check 'it says that it was cancelled' sh -c "spoolhand why w/next | grep -i cancelled"
check 'and which' sh -c 'spoolhand why w/next | grep -F w/base'

# --- the spool is sound --------------------------------------------------------

check 'every desk is sound' spoolhand fsck
done_testing
