#!/bin/bash
# What becomes of a task whose inputs are late, or will never come: each value
# of on_input_timeout and on_dependency_failure, and each answer to a question.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

make_spool <<'END'
durability: process
rescan: 1h
agents:
  pm:
    shell: |
      test ! -e "$SPOOLHAND_TEST/fails-$TASK_ID" || exit 65
      echo "of $TASK_ID" >"$TASK_OUT/x.md"
  w:
    shell: |
      echo "missing: $TASK_MISSING" | paste -sd, -
      cd "$TASK_IN" && find . -type f | sort | xargs -r cat
END
desk=$root/agents/w
TASK_MISSING='not ours' start_agent w
w_pid=$agent_pid
start_agent pm

# task ID HEADER [AGENT]
task() {
	printf -- '---\nid: %s\n%b\n---\n' "$1" "${2-}" | put "${3-w}" "$1.md"
}
pending() {
	until_true "$soon" holds w pending "$@"
}
sees() {
	prints "$2" cat "$desk/outbox/$1/stdout"
}
message() {
	fact w "$1" message | grep -F -- "$2"
}
why() {
	spoolhand why "w/$1"
}
asked() {
	until_true "$soon" test -e "$desk/questions/$1"
}
asks_nothing() {
	until_true "$soon" test ! -e "$desk/questions/$1"
}
restart() {
	kill -9 "$w_pid"
	wait "$w_pid" 2>/dev/null
	start_agent w && w_pid=$agent_pid
}

# There is one to be had, and one that fails.
task good '' pm
touch fails-bad
task bad '' pm
check 'one is done' comes pm good COMPLETED
check 'one fails' comes pm bad FAILED permanent

# --- input_timeout -------------------------------------------------------------

late='input_timeout: 300ms\ninputs: [pm/good/x.md, pm/none/y.md]'
task t-fail "$late"
check 'fail, by default' comes w t-fail WITHDRAWN input_timeout
check 'it says how long and for what' message t-fail \
	'its input_timeout of 300ms is over: waits for pm/none'
task t-fail2 "$late\non_input_timeout: fail\nafter: [pm/none2]"
check 'fail' comes w t-fail2 WITHDRAWN input_timeout
check 'and how many more' message t-fail2 'waits for pm/none2, and 1 more'
task t-run "$late\non_input_timeout: run\nafter: [pm/none2]"
check 'run' comes w t-run COMPLETED
check 'it is told what is missing, and has the rest' sees t-run \
	$'missing: pm/none2,pm/none/y.md,\nof good'
check 'the journal tells, too' journaled w \
	'"id":"t-run",.*"to":"READY","why":"it runs without: waits for pm/none2, and 1 more"'
task t-file "input_timeout: 300ms\non_input_timeout: run
inputs: ['file:$scratch/nothing', 'file:$scratch/*.nothing']"
check 'run, without files' comes w t-file COMPLETED
check 'which are told' sees t-file \
	"missing: file:$scratch/nothing,file:$scratch/*.nothing,"
task t-none 'after: [pm/good]'
check 'one that misses nothing' comes w t-none COMPLETED
check 'is told so' sees t-none 'missing: '
task t-late 'input_timeout: 1h\nafter: [pm/late]'
check 'one that has time' pending t-late
check 'says how much' why t-late
check 'and what happens then' said -E \
	'its input_timeout ends at 2[^ ]* \(in (59m|1h00m).*: then it is withdrawn'
task late '' pm
check 'runs when it comes' comes w t-late COMPLETED
task t-both 'input_timeout: 200ms\nafter: [pm/none]\nnot_before: 2199-01-01T00:00Z'
check 'not_before does not prolong it' comes w t-both WITHDRAWN input_timeout
check 'a time alone is no time-out' task t-alone \
	'input_timeout: 100ms\nnot_before: 2199-01-01T00:00Z'
task t-seen 'input_timeout: 200ms\nafter: [pm/none]'
check 'when a later one has ended' comes w t-seen WITHDRAWN input_timeout
check 'it waits' pending t-alone
spoolhand -q cancel w/t-alone

# --- over a restart ------------------------------------------------------------

task r-fail 'input_timeout: 1s\nafter: [pm/none]'
check 'one is admitted' until_true "$soon" \
	journaled w '"ev":"admit","id":"r-fail"'
restart
check 'its time goes on over a restart' comes w r-fail WITHDRAWN input_timeout
pause w
check 'the agent is paused' paused w
task r-run 'input_timeout: 100ms\non_input_timeout: run\nafter: [pm/none3]'
check 'one is READY without' until_true "$soon" holds w ready r-run
restart
task none3 '' pm
check 'what was missing comes after all' comes pm none3 COMPLETED
unpause w
check 'it runs' comes w r-run COMPLETED
check 'and misses nothing' sees r-run 'missing: '

# --- on_dependency_failure -----------------------------------------------------

fails='inputs: [pm/good/x.md, pm/bad/y.md]'
task d-skip "$fails"
check 'skip' comes w d-skip WITHDRAWN dependency_failed
task d-fallback "$fails\non_dependency_failure: fallback"
check 'fallback' comes w d-fallback COMPLETED
check 'runs with the rest' sees d-fallback $'missing: pm/bad/y.md,\nof good'
task d-artifact 'inputs: [pm/good/none.md]\non_dependency_failure: fallback'
check 'fallback, for an artifact' comes w d-artifact COMPLETED
check 'that is not in the result' sees d-artifact 'missing: pm/good/none.md,'
task d-rest "$fails\nafter: [pm/rest]\non_dependency_failure: fallback"
check 'fallback waits for what can still come' pending d-rest
check 'why' why d-rest
check 'says both' said 'else it runs without that when the rest is there'
task rest '' pm
check 'and then runs' comes w d-rest COMPLETED
check 'with that' sees d-rest $'missing: pm/bad/y.md,\nof good'
task d-block "after: [pm/bad2]\non_dependency_failure: block"
task d-bound "after: [pm/bad2]\non_dependency_failure: block\ninput_timeout: 500ms"
touch fails-bad2
task bad2 '' pm
check 'what they wait for fails' comes pm bad2 FAILED permanent
check 'block, with a limit' comes w d-bound WITHDRAWN input_timeout
check 'block waits' pending d-block
check 'why' why d-block
check 'says so' said 'begin that again with: spoolhand retry pm/bad2; else it waits on'
rm fails-bad2
check 'it is tried again' spoolhand -q retry pm/bad2
check 'then it runs' comes w d-block COMPLETED

# --- ask -----------------------------------------------------------------------

ask='after: [pm/good, pm/bad]\non_dependency_failure: ask'
task a-run "$ask\ninputs: [pm/good/x.md]"
check 'ask' asked a-run
check 'the question is for people' grep -F 'pm/bad did not complete' \
	"$desk/questions/a-run"
check 'it is PENDING' pending a-run
check 'why' why a-run
check 'says how to answer' said 'spoolhand answer w/a-run run, or wait, or fail'
check 'the journal tells' journaled w '"ev":"ask","id":"a-run",.*"why":"w/a-run is PENDING: pm/bad did not'
check 'nothing is wrong with that' spoolhand fsck
check 'it is listed' spoolhand questions
check 'with its ref' said w/a-run
check 'an answer that is none' exits 65 spoolhand answer w/a-run perhaps
check 'is told the list' said -E 'run.*wait.*fail'
check 'run' spoolhand answer w/a-run run
check 'runs' comes w a-run COMPLETED
check 'with the rest' sees a-run $'missing: pm/bad,\nof good'
check 'nothing is asked any more' asks_nothing a-run
task a-fail "$ask"
check 'another asks' asked a-fail
check 'fail' spoolhand answer w/a-fail fail
check 'fails' comes w a-fail WITHDRAWN dependency_failed
check 'it says who wanted that' message a-fail \
	'it was answered that it shall fail: pm/bad did not complete'
check 'nothing is asked any more' asks_nothing a-fail
task a-wait "$ask"
check 'a third asks' asked a-wait
restart
check 'a restart takes nothing back' asked a-wait
echo wait >reply && mv reply "$desk/answers/a-wait"
check 'wait, by mv' asks_nothing a-wait
check 'it waits' pending a-wait
restart
check 'and asks no more after a restart' pending a-wait
check 'nothing is asked' test ! -e "$desk/questions/a-wait"
check 'it is tried again' spoolhand -q retry pm/bad
check 'and fails again: that is new' asked a-wait
rm fails-bad
check 'again' spoolhand -q retry pm/bad
check 'all is there' comes w a-wait COMPLETED
check 'and nothing is asked' asks_nothing a-wait

task a-late 'after: [pm/x1]\ninput_timeout: 300ms\non_input_timeout: ask'
check 'ask when it is late' asked a-late
check 'it says how long' grep -F 'longer than 300ms' "$desk/questions/a-late"
first=$(grep '^asked:' "$desk/questions/a-late")
# shellcheck disable=SC2317 # called by name
asked_again() {
	local now
	now=$(grep -s '^asked:' "$desk/questions/a-late") && [ "$now" != "$first" ]
}
check 'wait' spoolhand answer w/a-late wait
check 'means as long again' until_true "$soon" asked_again
check 'run' spoolhand answer w/a-late run
check 'runs' comes w a-late COMPLETED
check 'without' sees a-late 'missing: pm/x1,'
task a-come 'after: [pm/x2]\ninput_timeout: 200ms\non_input_timeout: ask'
check 'another asks' asked a-come
task x2 '' pm
check 'but it comes' comes w a-come COMPLETED
check 'the question goes' asks_nothing a-come
task a-cancel 'after: [pm/x3]\ninput_timeout: 200ms\non_input_timeout: ask'
check 'a third asks' asked a-cancel
check 'and is cancelled' spoolhand -q cancel w/a-cancel
check 'it is WITHDRAWN' comes w a-cancel WITHDRAWN cancelled
check 'the question goes' asks_nothing a-cancel
task a-fail2 'after: [pm/x3]\ninput_timeout: 200ms\non_input_timeout: ask'
check 'the last asks' asked a-fail2
check 'fail' spoolhand answer w/a-fail2 fail
check 'fails for its time' comes w a-fail2 WITHDRAWN input_timeout
check 'all is at rest' until_true "$soon" at_rest w
done_testing
