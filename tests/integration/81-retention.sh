#!/bin/bash
# Results are kept for so long, or so many; the oldest go, what a live task
# needs stays, and the time they are kept is the time in which an id is known.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

# configure RESCAN - how often what had to stay is looked at again.
configure() {
	cat <<-END
		rescan: $1
		agents:
		  few: {keep: 3, shell: 'cat; case \$TASK_ID in bad*) exit 65 ;; esac'}
		  old: {keep_for: 1h, shell: 'echo \$TASK_ID >>"\$RUNS"; cat; echo x >"\$TASK_OUT/x"'}
		  soon: {keep_for: 2s, shell: cat}
		  all: {shell: cat}
		  parent:
		    shell: |
		      test -z "\$(cat)" || exit 0
		      echo x | spoolhand call --detach few >/dev/null
		      spoolhand sleep 1h
	END
}
configure 1h | make_spool
export RUNS=$scratch/runs
: >"$RUNS"

submit() { spoolhand -q submit "$1" --id "$2" --body "${3-x}" "${@:4}" >/dev/null; }
done_with() { submit "$@" && comes "$1" "$2" COMPLETED; }
# aged NAME ID SECONDS - it ended so long ago.
aged() {
	local place
	for place in outbox failed; do
		[ -d "$root/agents/$1/$place/$2" ] || continue
		sed -i -E 's/^(\t\t"ended":\t)"[^"]*"/\1"'"$(date -u -d "@$(($(date +%s) - $3))" \
			+%Y-%m-%dT%H:%M:%S.000Z)"'"/' \
			"$root/agents/$1/$place/$2/result.json"
	done
}
results() { prints "${*:2}" eval "echo \$(ids $1 outbox) \$(ids $1 failed)"; }
gone() { [ ! -e "$root/agents/$1/outbox/$2" ] && [ ! -e "$root/agents/$1/failed/$2" ]; }
ran() { prints "$2" grep -cx "$1" "$RUNS"; }
stop() {
	local pid
	pid=$(desk_pid "$1")

	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	unheld() { ! desk_held "$1"; }
	until_true "$soon" unheld "$1"
}

# --- so many -----------------------------------------------------------------

start_agent few
for i in 1 2 3; do done_with few "t$i" >/dev/null; done
check 'as many as are kept' results few t1 t2 t3
check 'one more' done_with few t4
check 'evicts the oldest, and no other' until_true "$soon" results few t2 t3 t4
check 'which is told in the journal' journaled few \
	'"ev":"expire","id":"t1","from":"COMPLETED","to":"GONE","why":"3 younger results are kept"'
check 'nothing is left of it' has few admit 0
check_not 'it is not there any more' spoolhand why few/t1
check 'its id is new' done_with few t1 'other content'
check 'and that evicts the next' until_true "$soon" results few t1 t3 t4
spoolhand -q submit few --id bad --body x >/dev/null
check 'a failure' comes few bad FAILED permanent
check 'counts as well' until_true "$soon" results few t1 t4 bad
check 'the same again is known' exits 0 spoolhand submit few --id t4 --body x
check 'fsck finds nothing' spoolhand -q fsck

# --- what is needed ----------------------------------------------------------

start_agent all
submit all waits x --after few/bad --on-dependency-failure block
check 'a task at another desk waits for one of them' until_true "$soon" has all pending 1
submit all more x --after few/t4 --after few/none
check 'another has it and waits for more' until_true "$soon" has all pending 2
for i in 5 6 7 8; do done_with few "t$i" >/dev/null; done
check 'both stay, beyond the limit' until_true "$soon" results few t4 t6 t7 t8 bad
check 'the others do not' gone few t5
check 'they are there when the tasks are done' spoolhand -q cancel all/waits all/more
check 'which they are' comes all more WITHDRAWN cancelled
check 'which they are' comes all waits WITHDRAWN cancelled
check 'then one more result' done_with few t9
check 'takes them with it' until_true "$soon" results few t7 t8 t9

start_agent parent
submit parent p ''
check 'a task that has called one' until_true "$soon" has parent blocked 1
child=$(sed -nE 's/.*"child":[[:space:]]*"few\/([^"]*)".*/\1/p' \
	"$root"/agents/parent/work/p/calls/*/call.json)
check 'which is done' comes few "$child" COMPLETED
for i in 10 11 12 13; do done_with few "t$i" >/dev/null; done
oldest_gone() { gone few t10 && [ -e "$root/agents/few/outbox/$child" ]; }
check 'keeps it' until_true "$soon" oldest_gone
spoolhand -q cancel parent/p
check 'until it ends' comes parent p WITHDRAWN cancelled
check 'then one more result' done_with few t14
check 'takes it along' until_true "$soon" gone few "$child"
check 'nobody was left waiting for what is gone' spoolhand -q fsck

# What stays is looked at again at each rescan: nothing has to end for that.
stop few
configure 1s >"$root/spoolhand.yaml.new" && mv "$root/spoolhand.yaml.new" "$root/spoolhand.yaml"
start_agent few
submit all again x --after few/t12 --after few/none
check 'one waits again' until_true "$soon" has all pending 1
for i in 15 16 17; do done_with few "t$i" >/dev/null; done
check 'it stays' until_true "$soon" results few t12 t15 t16 t17
spoolhand -q cancel all/again
check 'and goes when it is not needed' until_true "$soon" results few t15 t16 t17

# --- so long -----------------------------------------------------------------

start_agent old
done_with old young >/dev/null
done_with old aged >/dev/null
done_with old needed >/dev/null
check 'three are there' results old aged needed young
stop old
aged old young 3590
aged old aged 3601
aged old needed 7200
submit all needs x --input old/needed/x --after few/never
check 'a task needs one of them' until_true "$soon" has all pending 1
check 'an id is known up to the second, with nothing running' \
	exits 0 spoolhand submit old --id young --body x
check 'which is told' said 'old/young is COMPLETED already'
check 'other content is refused' exits 5 spoolhand submit old --id young --body y
check 'one that a task needs is known longer' \
	exits 5 spoolhand submit old --id needed --body y
check 'after it the id is new, though its result is there' \
	prints old/aged spoolhand submit old --id aged --body 'something else'
check 'its drop is there' has old inbox 1
check 'and is known in its place' exits 0 spoolhand submit old --id aged --body 'something else'
check 'with that content only' exits 5 spoolhand submit old --id aged --body x
check 'so it is one drop' has old inbox 1
submit all newer x --after old/aged --after few/never
check 'whoever comes to need it now cannot undo what was accepted' \
	until_true "$soon" has all pending 2
start_agent old
check 'its agent removes the old one' until_true "$soon" journaled old \
	'"ev":"expire","id":"aged",.*"why":"it ended longer ago than keep_for: 1h'
second() { prints 'something else' cat "$root/agents/old/outbox/aged/stdout"; }
check 'and runs the new one' until_true "$soon" second
check 'it ran twice in all' ran aged 2
spoolhand -q cancel all/newer
check 'nobody needs it' comes all newer WITHDRAWN cancelled
check 'the others are there' results old aged needed young
check 'the needed one is what it was' ran needed 1
stop old
aged old young 3605
aged old aged 3605
start_agent old
check 'others go after a restart' until_true "$soon" results old needed
spoolhand -q cancel all/needs
check 'the needed one when it is not needed' until_true "$soon" results old
check 'and by hand the id is new as well' eval 'echo x | put old young.md'
check 'it runs' comes old young COMPLETED
check 'under its own name' ran young 2

# By an event, not by a rescan.
start_agent soon
done_with soon one >/dev/null
check 'one that is kept for two seconds is there' journaled soon '"to":"COMPLETED"'
check 'and is gone then' until_true "$soon" gone soon one
check 'its id is new' done_with soon one 'other content'

# --- a random tree -----------------------------------------------------------

# Each task waits for tasks with lower numbers, which are submitted after it,
# at three desks that keep two results each: none may go that is waited for.
cat >"$root/spoolhand.yaml.new" <<-'END' &&
	rescan: 1s
	defaults: {keep: 2, shell: cat}
	agents: {x0: {}, x1: {}, x2: {}, few: {keep: 3}}
END
	mv "$root/spoolhand.yaml.new" "$root/spoolhand.yaml"
RANDOM=7
tasks=60
for i in 0 1 2; do start_agent "x$i"; done
for ((i = tasks; i > 0; i--)); do
	after=()
	for _ in 1 2; do
		j=$((i > 1 ? RANDOM % (i - 1) + 1 : 0))
		[ "$j" -eq 0 ] || after+=(--after "x$((j % 3))/n$j")
	done
	submit "x$((i % 3))" "n$i" x "${after[@]}"
done
all_ended() {
	prints "$tasks" eval "cat '$root'/agents/x?/journal.jsonl |
		grep -c '\"ev\":\"end\".*\"to\":\"COMPLETED\"'"
}
check 'all of a random tree are COMPLETED' until_true "$soon" all_ended
kept() {
	for i in 0 1 2; do has "x$i" outbox 2 || return; done
}
check 'in the end no more is kept than is to be' until_true "$soon" kept
check 'and nothing waits' until_true "$soon" at_rest x0
check 'fsck finds nothing' until_true "$soon" spoolhand -q fsck

# --- a kill in between -------------------------------------------------------

stop few
mv "$root/agents/few/outbox/t15" "$root/agents/few/admit/+t15"
check 'what a kill left is found' exits 1 spoolhand fsck few
check 'and named' said stale-result
start_agent few
check 'its agent goes on with it' until_true "$soon" has few admit 0
check 'it is gone' results few t16 t17
check 'fsck finds nothing' until_true "$soon" spoolhand -q fsck
done_testing
