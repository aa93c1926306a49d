#!/bin/bash
# Answers that come too late for their question, and tasks that get in the way
# of their own: no answer is taken for another question, and none waits for
# ever.  The body of each task is its script.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

make_spool <<'END'
rescan: 1s
settle: 1s
agents:
  db:
    command: [bash, -s]
    retry: {max: 0, base: 10ms, crashes: 50}
END
desk=$root/agents/db

submit() {
	spoolhand -q submit db --id "$1" --body "$2" >/dev/null
}

# asked ID N: question number N is open.
asked() {
	grep -qsx "number: $2" "$desk/questions/$1"
}

asks() {
	until_true "$soon" asked "$1" "${2-1}"
}

answer() {
	spoolhand -q answer "db/$1" "$2"
}

told() {
	ends db "$1" && prints "$2" spoolhand result "db/$1"
}

rejected() {
	until_true "$soon" test -e "$desk/rejected/$1.why"
}

# A task whose agent died when it was about to end it.
mkdir -p "$desk/running" "$desk/work/doomed"
echo 'echo never' >"$desk/running/5.000000000001.2.doomed"
echo '{"doom":"no_answer","message":"nobody answered in time: Which?"}' \
	>"$desk/work/doomed/record.json"

start_agent db

check 'what nobody answered FAILED, though its agent died at that' \
	comes db doomed FAILED no_answer
check 'and tells what was asked' \
	prints 'nobody answered in time: Which?' fact db doomed message

# --- for which question? ------------------------------------------------------

submit late 'a=$(spoolhand ask first) || exit
spoolhand step wait -- bash -c ": >\"$SPOOLHAND_TEST/at-work\"
	until [ -e \"$SPOOLHAND_TEST/go\" ]; do waitfor \"$SPOOLHAND_TEST\" 20; done"
b=$(spoolhand ask second) || exit
echo "$a $b"'
check 'a task asks' asks late
echo one >"$scratch/reply"
mv "$scratch/reply" "$desk/answers/late"
check 'and goes on with the first answer' \
	until_true "$soon" test -e "$scratch/at-work"
echo two >"$scratch/reply"
mv "$scratch/reply" "$desk/answers/late"
touch "$scratch/go"
check 'before it asks again, somebody else answers, too' asks late 3
check 'which is rejected' rejected late
check 'for its time' grep -F 'it came before question 3' \
	"$desk/rejected/late.why"
check 'and not taken for the other question' asked late 3
check 'that can be answered' answer late three
check 'and is' told late 'one three'

# One that somebody is still writing when its question has been answered.
submit slow 'a=$(spoolhand ask first) || exit
b=$(spoolhand ask second) || exit
echo "$a $b"'
check 'another asks' asks slow
exec 9>"$desk/answers/slow"
printf two >&9
echo one >"$scratch/reply"
mv "$scratch/reply" "$desk/answers/slow.1"
check 'while somebody writes, another answers' asks slow 2
exec 9>&-
check 'is not answered by what was begun before' rejected slow
check 'it is still open' asked slow 2
echo two >"$scratch/reply"
mv "$scratch/reply" "$desk/answers/slow"
check 'for an answer of its own' told slow 'one two'

# --- what is called like a claim, and is none ---------------------------------

submit file 'echo mine >"$TASK_WORK/answer.1"
a=$(spoolhand ask Which --option x --option y) || exit
echo "$a"'
check 'a task that has made a file answer.1' asks file
check 'can be answered' answer file x
check 'and goes on' told file x
submit text 'echo mine >"$TASK_WORK/answer.1"
a=$(spoolhand ask Which) || exit
echo "$a"'
check 'its file is no answer' asks text
check 'but the answer is' answer text x
check 'and counts' told text x
submit folder 'mkdir "$TASK_WORK/answer.1"
a=$(spoolhand ask Which --default x --deadline 100ms) || exit
echo "$a"'
check 'a folder of that name keeps no deadline' told folder x

# --- what says that it waits, and does not ------------------------------------

submit nonsense 'printf "{\"reason\":\"child\",\"call\":1,\"on\":\"%s\"}" \
	../db/x >"$TASK_WORK/wait.json"
exit 3'
check 'a wait for what is no task is none' comes db nonsense FAILED exit
submit fifo 'mkfifo "$TASK_WORK/wait.json"; exit 3'
check 'nor is a pipe' comes db fifo FAILED exit
submit link 'ln -s /dev/zero "$TASK_WORK/wait.json"; exit 3'
check 'nor a link' comes db link FAILED exit

check 'no answer is left' has db answers 0
check 'no question' has db questions 0
check 'and all is well' spoolhand fsck

done_testing
