#!/bin/bash
# Durable steps: what a script has done is not done again when its task is run
# again, whatever ended the run before.  The body of each task is its script.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent spoolhand

export DID=$scratch/did
mkdir "$DID"
make_spool <<'END'
defaults: {retry: {base: 10ms}, grace: 300ms}
agents:
  sh: {command: [bash, -c, 'cat >script; exec bash ./script']}
END
desk=$root/agents/sh
start_agent sh

# task ID [RETRIES] - drops a task, its script on standard input.  In it,
# `did WORD` leaves a line in $DID/ID-WORD.
task() {
	{
		printf -- '---\nid: %s\nretries: %s\n---\n' "$1" "${2:-0}"
		echo 'did() { echo "$TASK_ATTEMPT" >>"$DID/$TASK_ID-$1"; }'
		echo 'export -f did'
		cat
	} | put sh "$1.md"
}
# times ID WORD N - that happened so often
times() {
	local n=0

	[ ! -e "$DID/$1-$2" ] || n=$(grep -c . "$DID/$1-$2")
	[ "$n" -eq "$3" ] && return 0
	echo "$2 of $1 happened $n times, not $3"
	return 1
}
out() {
	find "$desk/outbox/$1" "$desk/failed/$1" -name "${2-stdout}" \
		-exec cat {} + 2>/dev/null || :
}
err() {
	out "$1" stderr
}
says() {
	err "$1" | grep -F -- "$2" || { err "$1"; return 1; }
}

# --- once, and replayed ------------------------------------------------------------

task replay 2 <<'END'
a=$(spoolhand step first -- bash -c 'did first; echo out of $TASK_ATTEMPT') || exit
spoolhand step second -- bash -c 'did second; printf "no newline"' || exit
did run
[ "$TASK_ATTEMPT" -eq 3 ] || exit 3
echo "+$a"
END
check 'a script that fails twice after two steps comes to its end' \
	comes sh replay COMPLETED
check 'it ran three times' times replay run 3
check 'its first step ran once' times replay first 1
check 'so did the second' times replay second 1
check 'what they wrote is given again, to the byte' \
	prints 'no newline+out of 1' out replay

task empty 1 <<'END'
spoolhand step nothing -- true || exit
spoolhand step nothing-else -- true >nothing || exit
[ ! -s nothing ] && [ "$TASK_ATTEMPT" -eq 2 ]
END
check 'a step may write nothing' comes sh empty COMPLETED

task big 1 <<'END'
spoolhand step big -- bash -c 'did big; head -c 100000000 /dev/zero' |
	cksum >sum || exit
[ "$TASK_ATTEMPT" -eq 2 ] && cat sum
END
want=$(head -c 100000000 /dev/zero | cksum)
check '100 MB are recorded and replayed' comes sh big COMPLETED
check 'without a second run' times big big 1
check 'to the byte' prints "$want" out big

task surroundings 0 <<'END'
exec 7>seven
mkdir sub && cd sub || exit
echo input | FOO=bar spoolhand step all -- \
	bash -c 'cat; echo "$FOO $SPOOLHAND_STEP"; pwd; echo seven >&7
		spoolhand progress 40 halfway; echo complaint >&2' || exit
cat ../seven
END
check 'a step runs in the surroundings of its script' \
	comes sh surroundings COMPLETED
check 'input, environment, folder and descriptors' prints \
	"input
bar all
$desk/work/surroundings/sub
seven" out surroundings
check 'progress may be told of inside' prints complaint err surroundings

task words 0 <<'END'
spoolhand step 'a name with blanks, ü' -- printf '%s\n' -n '' 'a  b' '--' || exit
END
check 'the words of a command stay as they are' comes sh words COMPLETED
check 'also those that begin with -' prints $'-n\n\na  b\n--' out words

# --- failures ----------------------------------------------------------------------

task fails 2 <<'END'
spoolhand step shaky -- bash -c 'did shaky; echo try $TASK_ATTEMPT
	[ "$TASK_ATTEMPT" -ge 2 ] || exit 9'
status=$?
echo "status $status"
exit $status
END
check 'a step that failed is run again by the next run' comes sh fails COMPLETED
check 'until it is well' times fails shaky 2
check 'and what it wrote then counts' prints $'try 2\nstatus 0' out fails

task final 1 <<'END'
spoolhand step fatal --final -- bash -c 'did fatal; echo last words; exit 9'
echo "status $?"
[ "$TASK_ATTEMPT" -eq 2 ]
END
check 'with --final a failure is replayed' comes sh final COMPLETED
check 'it is not tried again' times final fatal 1
check 'output and status are as they were' \
	prints $'last words\nstatus 9' out final

task signal 1 <<'END'
spoolhand step dies --final -- bash -c 'did dies
	[ "$TASK_ATTEMPT" -ge 2 ] || kill -TERM $$'
status=$?
did "status-$status"
exit "$status"
END
check 'a step that a signal killed is run again' comes sh signal COMPLETED
check 'even if it is final' times signal dies 2
check 'its status tells of the signal' times signal status-143 1

task missing 0 <<'END'
spoolhand step none -- no-such-program-here
echo "status $?"
spoolhand step folder -- /
echo "status $?"
END
check 'a program that is not there' comes sh missing COMPLETED
check 'gives the statuses of a shell' prints $'status 127\nstatus 126' out missing
check 'and is named' says missing "step 'none': no program 'no-such-program-here' in PATH"

# --- killed half way -----------------------------------------------------------------

task killed 3 <<'END'
spoolhand step before -- bash -c 'did before; echo before' || exit
spoolhand step slow -- bash -c 'did slow; echo half
	if [ "$TASK_ATTEMPT" -eq 1 ]; then echo $PPID >"$DID/victim"; cat "$DID/fifo"; fi
	echo whole' || exit
END
mkfifo "$DID/fifo"
check 'a step is under way' until_true "$soon" test -s "$DID/victim"
kill -KILL "$(cat "$DID/victim")"
check 'its helper is killed; it is run again' comes sh killed COMPLETED
check 'what was done is not' times killed before 1
check 'what was half done is' times killed slow 2
check 'of the first half nothing is left' \
	prints $'before\nhalf\nwhole' out killed

task worker 3 <<'END'
spoolhand step before -- bash -c 'did before; echo before' || exit
spoolhand step slow -- bash -c 'did slow
	if [ "$TASK_ATTEMPT" -eq 1 ]; then echo >"$DID/started"; cat "$DID/fifo"; fi
	echo whole' || exit
END
check 'a step is under way again' until_true "$soon" test -e "$DID/started"
kill -KILL "$agent_pid"
check 'the agent is killed' until_true "$soon" ended "$agent_pid"
start_agent sh
check 'the next one runs the task again' comes sh worker COMPLETED
check 'what was done before is done once' times worker before 1
check 'the result is whole' prints $'before\nwhole' out worker

# --- order and names -----------------------------------------------------------------

task order 5 <<'END'
spoolhand step one -- did-not-exist 2>/dev/null
if [ "$TASK_ATTEMPT" -eq 1 ]; then
	spoolhand step two -- true || exit
	exit 3
fi
spoolhand step other -- bash -c 'did other'
END
check 'another step in the place of an earlier one' \
	comes sh order FAILED permanent
check 'is not run' times order other 0
check 'and both are named' says order \
	"call 2 of this task was step 'two', now it is step 'other': the order may not change between runs"

task kinds 5 <<'END'
if [ "$TASK_ATTEMPT" -eq 1 ]; then
	spoolhand step thing -- true || exit
	exit 3
fi
spoolhand ask 'Is this a question?'
END
check 'another helper in its place' comes sh kinds FAILED permanent
check 'is refused, too' says kinds \
	"call 1 of this task was step 'thing', now it is ask 'Is this a question?'"
check 'and nothing was asked' has sh questions 0

task names 5 <<'END'
spoolhand step same -- bash -c 'did same' || exit
spoolhand step same -- bash -c 'did same' || exit
END
check 'the same name twice in one run' comes sh names FAILED permanent
check 'is refused at the second' times names same 1
check 'and told' says names "step 'same' was used before in this run"

task passed 5 <<'END'
spoolhand step same -- bash -c 'did same'
spoolhand step same -- bash -c 'did same'
spoolhand step more -- bash -c 'did more'
spoolhand sleep 100ms
exit 0
END
check 'a script that passes over it' comes sh passed FAILED permanent
check 'does nothing more with its helpers' times passed more 0
check 'and its result says why' grep -F "step 'same' was used before" \
	"$root/agents/sh/failed/passed/result.json"

task nested 5 <<'END'
spoolhand step outer -- spoolhand step inner -- true
END
check 'a step in a step' comes sh nested FAILED permanent
check 'is refused' says nested "'step' inside of step 'outer'"

task together 5 <<'END'
spoolhand step left -- bash -c 'echo >"$DID/left"; cat "$DID/fifo"' &
bash -c 'until [ -e "$DID/left" ]; do waitfor "$DID" 20; done'
spoolhand step right -- true
status=$?
echo go >"$DID/fifo"
wait
exit "$status"
END
check 'two at the same time' comes sh together FAILED permanent
check 'go one after another' says together 'is still at work; they go one after another'

# --- damage ------------------------------------------------------------------------

task damaged 5 <<'END'
spoolhand step one -- echo one || exit
[ "$TASK_ATTEMPT" -ge 2 ] || { echo nonsense >calls/0001/call.json; exit 3; }
END
check 'a record that the task itself has damaged' \
	comes sh damaged FAILED permanent
check 'is told of' says damaged "'call.json' in work/damaged/calls/0001 is damaged"

task longer 5 <<'END'
spoolhand step one -- echo one || exit
[ "$TASK_ATTEMPT" -ge 2 ] || { echo more >>calls/0001/stdout; exit 3; }
END
check 'so is an output that is not as it was' comes sh longer FAILED permanent
check 'and named' says longer "'stdout' in work/longer/calls/0001 is damaged"

# --- begun again -------------------------------------------------------------------

task again 0 <<'END'
spoolhand step one -- bash -c 'did one' || exit
[ -e "$DID/may-pass" ]
END
check 'a task fails' comes sh again FAILED exit
touch "$DID/may-pass"
check 'a person has it begin again' spoolhand retry sh/again
check 'it ends well' until_true "$soon" test -e "$desk/outbox/again"
check 'its steps were done anew' times again one 2

# --- how it is used ------------------------------------------------------------------

task usage 0 <<'END'
s() { spoolhand step "$@"; echo "$?"; }
s; s name; s name true; s name --; s -- true; s a b -- true; s '' -- true
s $'two\nlines' -- true; s "$(printf 'x%.0s' {1..129})" -- true; s --fin a -- true
exec 2>/dev/null
spoolhand step ok -- echo fine
END
check 'what is no step' comes sh usage COMPLETED
check 'is a matter of usage, and takes no place in the order' \
	prints "$(printf '64\n%.0s' {1..10})"$'\nfine' out usage
check 'the right form is told' says usage \
	'write the command after '\''--'\'': spoolhand step name -- true ...'

task asking 0 <<'END'
a() { spoolhand ask "$@"; echo "$?"; }
a; a ''; a one two; a "$(printf 'x%.0s' {1..2001})"; a $'bell \a'
a $'no UTF-8 \xff'; a Q --option a --option a; a Q --option ''
a Q --option $'two\nlines'; a Q --option "$(printf 'x%.0s' {1..201})"
a Q --option a --option b --default c; a Q --default ''
a Q --deadline soon; a Q --deadline 0; a Q --deadline 5; a Q --option
exec 2>/dev/null
spoolhand step ok -- echo fine
END
check 'what is no question' comes sh asking COMPLETED
check 'is a matter of usage, and asks nobody' \
	prints "$(printf '64\n%.0s' {1..16})"$'\nfine' out asking
check 'a default must be one of the options' says asking \
	"--default 'c' is none of the options; give --option for it, too"

# A question whose options change can have an answer that is none of them.
task fickle 5 <<'END'
spoolhand ask "Which?" --option "$TASK_ATTEMPT" --default "$TASK_ATTEMPT" --deadline 1ms || exit
END
check 'a question that is another in the next run' comes sh fickle FAILED permanent
check 'is refused' says fickle "ask 'Which?', is not as in the run before: its options or its default changed"

check 'outside of a task: step' exits 64 spoolhand step a -- true
check 'it says so' said "'step' works only inside a task"
check 'outside of a task: ask' exits 64 spoolhand ask a
check 'it says so, too' said "'ask' works only inside a task"
check 'outside of a task: call' exits 64 spoolhand call sh --body x
check 'outside of a task: sleep' exits 64 spoolhand sleep 1s
check 'in the surroundings of a task that has ended' \
	exits 64 env TASK_REF=sh/replay TASK_ATTEMPT=1 \
	TASK_WORK="$desk/work/replay" spoolhand step a -- true
check 'that is told' said "attempt 1 of 'sh/replay' does not run any more"
check 'of an agent that is not there' \
	exits 64 env TASK_REF=no/t TASK_ATTEMPT=1 TASK_WORK=/ \
	spoolhand step a -- true

task stale 1 <<'END'
[ "$TASK_ATTEMPT" -eq 2 ] || exit 3
TASK_ATTEMPT=1 spoolhand step a -- true
echo "status $?"
TASK_WORK=/tmp spoolhand step a -- true
echo "status $?"
END
check 'what an earlier attempt left behind' comes sh stale COMPLETED
check 'can do nothing any more' prints $'status 64\nstatus 64' out stale

check 'nothing is left of it all' until_true "$soon" at_rest sh
done_testing
