#!/bin/bash
# How a worker can end, and what becomes of its task.  The body of each task
# is the script that is run.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent

make_spool <<'END'
durability: process
defaults: {retry: {base: 10ms}, grace: 300ms}
agents:
  sh: {command: [bash, -s]}
  strict: {command: [bash, -s], verify: [sh, -c, 'echo verifying; test -s out/good']}
  none: {command: [no-such-program]}
END
desk=$root/agents/sh
export HEART="setsid bash $scratch/heart.sh"
start_agent sh

# task ID [HEADER] - drops a task of this header, its script on standard input.
task() {
	{
		printf -- '---\nid: %s\n%b\n---\n' "$1" "${2-}"
		cat
	} | put "${3-sh}" "$1.md"
}

# attempts ID N, message ID REGEX
attempts() {
	prints "$2" fact "${3-sh}" "$1" attempts
}
message() {
	local text
	text=$(fact "${3-sh}" "$1" message)

	grep -E -- "$2" <<<"$text" || { echo "message: $text"; return 1; }
}
empty() {
	[ ! -s "$1" ]
}

# --- exit statuses -------------------------------------------------------------

task fine <<<'echo out; echo err >&2; echo art >"$TASK_OUT/a.txt"'
check 'status 0 is done' comes sh fine COMPLETED
check 'standard output is kept' prints out cat "$desk/outbox/fine/stdout"
check 'standard error is kept' prints err cat "$desk/outbox/fine/stderr"
check 'so is the artifact' prints art cat "$desk/outbox/fine/out/a.txt"
check 'and the task' grep -qx 'id: fine' "$desk/outbox/fine/task"

task later <<<'test "$TASK_ATTEMPT" -ge 4 || exit 75'
check 'status 75 is run later, as often as need be' comes sh later COMPLETED
check 'no retries are needed for that' attempts later 4
check 'it was BLOCKED meanwhile' journaled sh \
	'"id":"later".*"to":"BLOCKED","reason":"retry"'

for status in 64 65 77 78 100; do
	task "final-$status" 'retries: 3' <<<"exit $status"
done
for status in 64 65 77 78 100; do
	check "status $status fails for good" \
		comes sh "final-$status" FAILED permanent
	check 'at the first attempt' attempts "final-$status" 1
	check 'with its status' prints "$status" fact sh "final-$status" exit
done

task once <<<'exit 3'
check 'another status fails' comes sh once FAILED exit
check 'without retries, at once' attempts once 1
check 'it is told which' message once 'status 3$'
task thrice 'retries: 2' <<<'exit 3'
check 'with two retries it fails' comes sh thrice FAILED exit
check 'after three attempts' attempts thrice 3
task second 'retries: 2' <<<'test "$TASK_ATTEMPT" -eq 2'
check 'a retry that goes well is done' comes sh second COMPLETED
check 'at the second attempt' attempts second 2

task signal <<<'kill -SEGV $$'
check 'a signal is a failure' comes sh signal FAILED signal
check 'its number is kept' prints 11 fact sh signal signal
check 'its name is told' message signal SIGSEGV

task anew 'retries: 1' <<'END'
echo "attempt $TASK_ATTEMPT"
echo "$TASK_ATTEMPT" >>kept
touch "$TASK_OUT/of-$TASK_ATTEMPT"
test "$TASK_ATTEMPT" -eq 2 && cp kept "$TASK_OUT"
END
check 'a second attempt' comes sh anew COMPLETED
check 'has output of its own' prints 'attempt 2' cat "$desk/outbox/anew/stdout"
check 'and artifacts of its own' prints 'kept of-2' \
	sh -c 'cd "$1" && echo *' - "$desk/outbox/anew/out"
check 'its scratch is the same' prints '1 2' \
	paste -sd' ' "$desk/outbox/anew/out/kept"

# --- what is left running ------------------------------------------------------

# A heart: beats into a file until it is killed; in a session of its own, with
# no parent and no open file but its own.
cat >heart.sh <<'END'
exec </dev/null >/dev/null 2>&1
trap '' TERM HUP INT
echo $$ >"$1"
while :; do echo beat >>"$1.beats"; sleep 0.02; done
END

# The heart is dead, though it has beaten.
stopped() {
	[ -s "$scratch/$1" ] && [ -s "$scratch/$1.beats" ] &&
		ended "$(<"$scratch/$1")"
}

task orphan <<'END'
( ( $HEART "$SPOOLHAND_TEST/orphan" & ) & )
until [ -s "$SPOOLHAND_TEST/orphan.beats" ]; do sleep 0.01; done
END
check 'a worker ends and leaves something running' comes sh orphan COMPLETED
check 'when the result is there that is dead' stopped orphan

# --- time ----------------------------------------------------------------------

task obeys 'timeout: 300ms' <<'END'
trap 'echo obeyed; exit 0' TERM
while :; do sleep 0.02; done
END
check 'a timeout' comes sh obeys FAILED timeout
check 'SIGTERM is heard first' prints obeyed cat "$desk/failed/obeys/stdout"
task deaf 'timeout: 200ms' <<'END'
trap '' TERM
( ( $HEART "$SPOOLHAND_TEST/deaf" & ) & )
while :; do sleep 0.02; done
END
check 'one that is deaf to SIGTERM is killed' comes sh deaf FAILED timeout
check 'by SIGKILL' prints 9 fact sh deaf signal
check 'and with it all it has started' stopped deaf
task slow 'timeout: 50ms\nretries: 1' <<<'sleep 1000'
check 'a timeout is tried again' comes sh slow FAILED timeout
check 'while retries allow' attempts slow 2

# --- artifacts -----------------------------------------------------------------

task no-output 'outputs: [a, b/c]' <<<'touch "$TASK_OUT/a"'
check 'a declared output that is missing' comes sh no-output FAILED no_output
check 'is named' message no-output "'b/c' is not there"
task output 'outputs: [a, b/c]' <<<'cd "$TASK_OUT" && mkdir b && touch a b/c'
check 'all outputs are there' comes sh output COMPLETED

task link <<<'cd "$TASK_OUT" && echo x >good && ln -s "$SPOOLHAND_TEST/elsewhere" passwd'
check 'a symbolic link cannot be published' comes sh link FAILED bad_artifact
check 'it is named' message link passwd
check 'no artifact is' test ! -e "$desk/failed/link/out"
task fifo <<<'mkfifo "$TASK_OUT/pipe"'
check 'a FIFO cannot' comes sh fifo FAILED bad_artifact
task newline <<<'touch "$TASK_OUT/$(printf "a\nb")"'
check 'a name with a newline cannot' comes sh newline FAILED bad_artifact
echo 'as published' >shared
task shared <<<'ln "$SPOOLHAND_TEST/shared" "$TASK_OUT/shared"'
check 'a file with a second name can' comes sh shared COMPLETED
echo 'changed later' >shared
check 'and is a copy' prints 'as published' \
	cat "$desk/outbox/shared/out/shared"
task outside <<<'rmdir "$TASK_OUT" && ln -s "$SPOOLHAND_TEST" "$TASK_OUT"'
check '$TASK_OUT may not become a link' ends sh outside
check 'by which anything else is published' \
	test ! -e "$desk/outbox/outside/out/work.sh" -a \
	! -e "$desk/failed/outside/out/shared"

# --- verify --------------------------------------------------------------------

start_agent strict
task good '' strict <<<'echo fine >"$TASK_OUT/good"'
check 'verified' comes strict good COMPLETED
check 'what verify prints is kept' prints verifying \
	cat "$root/agents/strict/outbox/good/stdout"
task bad '' strict <<<'echo worked; : >"$TASK_OUT/good"'
check 'refused by verify' comes strict bad FAILED verify
check 'after the output of the worker' prints 'worked verifying' \
	paste -sd' ' "$root/agents/strict/failed/bad/stdout"
task unverified '' strict <<<'exit 65'
check 'a failure is not verified' comes strict unverified FAILED permanent
check 'at all' empty "$root/agents/strict/failed/unverified/stdout"
task late 'timeout: 200ms' strict <<'END'
trap 'exit 0' TERM
echo fine >"$TASK_OUT/good"
while :; do sleep 0.02; done
END
check 'too late is too late, whatever it exits with' \
	comes strict late FAILED timeout

# --- what is said on TASK_FD ---------------------------------------------------

# One that claims to be done, goes back, and waits to be let go on.
mkfifo gate
task claims <<'END'
echo '{"progress":99,"message":"nearly"}' >&"$TASK_FD"
echo '{"progress":3,"stage":"again"}' >&"$TASK_FD"
read -r go <"$SPOOLHAND_TEST/gate"
echo '{"progress":1000}' >&"$TASK_FD"
END
shown() {
	sed -nE 's/.*"phase":"([a-z]*)","percent":([0-9]+),.*/\1 \2/p' \
		"$desk/work/claims/progress.json"
}
check 'its own 99 is shown as 89' until_true "$soon" prints 'working 89' shown
check 'and what it says later' until_true "$soon" grep -q \
	'"stage":"again","message":"nearly"' "$desk/work/claims/progress.json"
check 'it does not go back' prints 'working 89' shown
check 'while it is RUNNING' holds sh running claims
timeout "$soon" sh -c 'echo go >gate'
check 'it is done' comes sh claims COMPLETED

task babbles <<'END'
echo 'not JSON' >&"$TASK_FD"
printf '\0\377\n{"progress":\n[]\n"text"\n{"progress":"many"}\n' >&"$TASK_FD"
printf '{"progress":1e308}\n{"progress":-1}\n' >&"$TASK_FD"
head -c 1048576 /dev/zero | tr '\0' x >&"$TASK_FD"
printf '{"message":"%01000000d"}\n' 1 >&"$TASK_FD"
printf '\nno newline at the end' >&"$TASK_FD"
END
check 'nothing that is said there makes a task fail' comes sh babbles COMPLETED
check 'the lines are counted' grep -qE \
	'task=babbles said [0-9]+ lines on TASK_FD' agent-sh.log
task shuts <<<'exec 3>&- 4>&-; echo still'
check 'nor does closing it' comes sh shuts COMPLETED

# --- what cannot be started ----------------------------------------------------

start_agent none
task never '' none <<<''
check 'a program that is not there blocks the task' \
	until_true "$soon" holds none blocked never
check 'and says so' until_true "$soon" journaled none \
	'"to":"BLOCKED","reason":"retry","why":.*no-such-program'
touch "$root/agents/none/requests/cancel.never"
check 'it can be cancelled' comes none never WITHDRAWN cancelled

# --- in the end ----------------------------------------------------------------

check 'the agent is at rest' until_true "$soon" at_rest sh
check 'no scratch is left' has sh work 0
check 'nothing runs' prints 0 sh -c 'wc -w </proc/$1/task/$1/children' - \
	"$(desk_pid sh)"
done_testing
