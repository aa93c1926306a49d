#!/bin/bash
# One id, many submitters at the same instant: one task, equal answers; with
# other content exactly one is accepted.  In flight is told from done.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

make_spool <<'END'
agents:
  w:
    shell: |
      echo "$TASK_ID" >>"$RUNS"
      case $TASK_ID in
      held*) until [ -e "$OPEN" ]; do waitfor "${OPEN%/*}" 1000; done ;;
      bad*) exit 65 ;;
      esac
      cat
END
export RUNS=$scratch/runs OPEN=$scratch/open/it
mkdir "$scratch/open"
: >"$RUNS"
inbox=$root/agents/w/inbox

# All of them wait at a FIFO, each for a line of its own.
mkfifo "$scratch/go"
exec 8<>"$scratch/go"
# at_once N CMD... - N times, with $i; answer.I, talk.I, status.I
at_once() {
	local n=$1 i pids=()
	shift

	rm -f answer.* talk.* status.* ready.*
	for ((i = 0; i < n; i++)); do
		{
			touch "ready.$i"
			read -r _ <&8
			"$@" >"answer.$i" 2>"talk.$i"
			echo $? >"status.$i"
		} &
		pids+=($!)
	done
	all_ready() { [ "$(find . -name 'ready.*' | grep -c .)" -eq "$n" ]; }
	until_true "$soon" all_ready || return
	printf '\n%.0s' $(seq "$n") >&8
	wait "${pids[@]}"
}
statuses() { cat status.* | sort -n | uniq -c | awk '{ printf "%s%sx%s", s, $1, $2; s = " " }'; }
ran() { prints "$2" grep -cx "$1" "$RUNS"; }

same() { spoolhand submit w --id "$id" --body 'the body'; }
other() { spoolhand submit w --id "$id" --body "the body of $i"; }
# equal N - all said the same, with the same status
equal() {
	[ "$(statuses)" = "$1x0" ] || { statuses && cat talk.*; return 1; }
	[ "$(cat answer.* | sort | uniq -c | awk '{ print $1, $2 }')" = "$1 w/$id" ]
}
# One was accepted, the others were told that the id is taken.
only_one() {
	prints "1x0 $(($1 - 1))x5" statuses &&
		[ "$(cat answer.*)" = "w/$id" ] &&
		[ "$(grep -lF "the id 'w/$id' is taken" talk.* | grep -c .)" -eq $(($1 - 1)) ]
}

# --- with nothing running ----------------------------------------------------

id=early
at_once 20 same
check '20 at the same instant get the same answer' equal 20
check 'one was dropped' has w inbox 1
id=torn
at_once 20 other
check 'of 20 different ones exactly one is accepted' only_one 20
check 'and dropped' has w inbox 2
start_agent w
check 'both are done' comes w early COMPLETED
check 'the other one, too' comes w torn COMPLETED
check 'nothing was rejected' has w rejected 0
check 'each ran once' ran early 1
check 'the other one, too' ran torn 1
check 'what was accepted is what ran' test \
	"the body of $(grep -lx 0 status.* | sed 's/.*\.//')" = \
	"$(cat "$root/agents/w/outbox/torn/stdout")"

# --- with an agent -----------------------------------------------------------

for round in 1 2 3; do
	id=mixed$round
	at_once 20 other
	check "round $round: exactly one is accepted" only_one 20
	check "round $round: it is done" comes w "$id" COMPLETED
done
check 'no submitter was told what admission then refused' has w rejected 0
check 'a lock that nobody holds is left' test -e "$inbox/.lock"
private() { [ "$(stat -c %a "$inbox/.lock")" = 600 ]; }
check 'for the owner alone, as the inbox is' private

# --- in flight, and done -----------------------------------------------------

id=held
at_once 20 same
check '20 in flight' equal 20
check 'it runs' until_true "$soon" ran held 1
check 'one more is told that it runs' spoolhand submit w --id held --body 'the body'
check 'with how to wait for it' \
	said 'w/held is RUNNING already; wait for it with: spoolhand wait w/held'
spoolhand -q submit w --id later --body 'the body' >/dev/null
check 'it is there' until_true "$soon" has w ready 1
check 'one that waits' spoolhand submit w --id later --body 'the body'
check 'is told of as such' said 'w/later waits already (READY)'
check 'with -q nothing is said' prints '' \
	sh -c 'spoolhand -q submit w --id later --body "the body" 2>&1 >/dev/null'
touch "$OPEN"
check 'it is done' comes w held COMPLETED
check 'which is told' spoolhand submit w --id held --body 'the body'
check 'with how to read it' \
	said 'w/held is COMPLETED already; its output: spoolhand result w/held'
check 'it ran once' ran held 1
spoolhand -q submit w --id bad --body 'the body' >/dev/null
check 'one fails' comes w bad FAILED permanent
check 'which is told' spoolhand submit w --id bad --body 'the body'
check 'with how and what to do' said -E \
	'w/bad has ended already: FAILED \(permanent\): .*; begin it again with: spoolhand retry w/bad'
check 'and not run again' ran bad 1
printf -- '---\nid: file\n---\nx' >file.md
check 'the same file twice in one call is one task' prints $'w/file\nw/file' \
	spoolhand -q submit w file.md file.md

# --- a submitter that never lets go ------------------------------------------

# Another user has no right to it; here it is one's own program that hangs.
cat >holder.py <<'END'
import fcntl, struct, sys, time
f = open(sys.argv[1], "r+")
fcntl.fcntl(f, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
print("held", flush=True)
sys.stdin.read()
END
if command -v python3 >/dev/null; then
	mkfifo stay
	python3 holder.py "$inbox/.lock" <stay >held &
	holder=$!
	exec 9>stay
	check 'somebody holds the lock' until_true "$soon" grep -q held held
	check 'a plain submit does not mind' \
		exits 0 spoolhand -q submit w --body 'plain'
	check 'one with an id is told to come later' \
		exits 75 spoolhand submit w --id new --body x
	check 'and why' said "somebody has kept the inbox of 'w' locked for 10 s"
	kill -9 "$holder"
	exec 9>&-
	wait "$holder" 2>/dev/null
	check 'when that one is gone, it goes' \
		exits 0 spoolhand submit w --id new --body x
else
	diag 'python3 is not installed'
fi
rm "$inbox/.lock" && ln -s /etc/passwd "$inbox/.lock"
check 'a lock that is a link is not followed' \
	exits 65 spoolhand submit w --id linked --body x
check 'and told' said 'is no plain file; remove it'
rm "$inbox/.lock"
check 'without it there is a new one' exits 0 spoolhand submit w --id linked --body x
check 'nothing is left over' until_true "$soon" at_rest w
done_testing
