#!/bin/bash
# What a task asks is answered by command, by mv, by a file written in place or
# by its deadline; once, by the right one, and whatever is killed meanwhile.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

# The body of a task is its script.
make_spool <<'END'
rescan: 1s
settle: 50ms
agents:
  db:
    command: [sh, -s]
    retry: {base: 10ms, crashes: 50}
END
desk=$root/agents/db
one='a=$(spoolhand ask "Which database?" --option postgres --option sqlite) ||
	exit
echo "$a"'

# submit ID [SCRIPT]: by default one question.
submit() {
	spoolhand -q submit db --id "$1" --body "${2-$one}" >/dev/null
}

asks() {
	until_true "$soon" test -e "$desk/questions/$1"
}

# asked ID N: question number N is open.
asked() {
	grep -qsx "number: $2" "$desk/questions/$1"
}

answer() {
	spoolhand -q answer "db/$1" "${@:2}"
}

told() {
	ends db "$1" && prints "$2" spoolhand result "db/$1"
}

stops() {
	kill "$agent_pid" && until_true "$soon" ended "$agent_pid" &&
		waits 0 "$agent_pid"
}

killed() {
	kill -KILL "$agent_pid" && until_true "$soon" ended "$agent_pid" &&
		waits 137 "$agent_pid"
}

# The reason given for what was rejected under this name.
because() {
	until_true "$soon" test -e "$desk/rejected/$1" &&
		grep -F -- "$2" "$desk/rejected/$1.why"
}

gone_from_questions() {
	! test -e "$desk/questions/$1"
}

no_questions_of() {
	until_true "$soon" gone_from_questions "$1"
}

no_answers() {
	until_true "$soon" has db answers 0
}

start_agent db

# --- by command ---------------------------------------------------------------

submit one
check 'a question appears' asks one
check 'the task is BLOCKED' until_true "$soon" holds db blocked one
check 'it can be read' grep -F 'question: "Which database?"' \
	"$desk/questions/one"
check 'with its options' grep -x '  - sqlite' "$desk/questions/one"
check 'and how to answer' grep -F 'spoolhand answer db/one' \
	"$desk/questions/one"
check 'questions lists it' spoolhand questions
check 'with all of it' said -E \
	$'^db/one\t[0-9.]+m?s\tpostgres, sqlite\t-\t-\tWhich database\\?$'
check 'that of one agent' spoolhand questions db
check 'as JSON' spoolhand questions --json
check 'with its keys' said -E \
	'^\{"ref":"db/one","agent":"db","id":"one","number":1,"question":"Which database\?","options":\["postgres","sqlite"\],"default":null,"deadline":null,"asked":[0-9]+\}$'
check 'why tells the command' spoolhand why db/one
check 'which is an answer' said 'answer it with: spoolhand answer db/one postgres'
check 'status tells the reason' spoolhand status db/one
check 'in a line' said -E '^reason	question$'
check 'ls, too' spoolhand ls db
check 'with the question' said 'question: asks: Which database?'
check 'an agent that waits is BLOCKED' spoolhand status db
check 'for this' said 'Which database?'

check 'a wrong option is refused' exits 65 spoolhand answer db/one mysql
check 'with the list' said "'mysql' is no option; they are: 'postgres', 'sqlite'"
check 'nothing was dropped' has db answers 0
check 'a right one is taken' answer one postgres
check 'the task goes on with it' told one postgres
check 'in a second attempt' prints 2 fact db one attempts
check 'and the question is gone' has db questions 0
check 'which the journal tells' journaled db \
	'"ev":"ask","id":"one","why":"Which database\?"'
check 'with the answer, and whose it is' journaled db \
	'"ev":"answer","id":"one","reason":"answered","why":"postgres","uid":'
check 'what is not asked cannot be answered' exits 3 \
	spoolhand answer db/one sqlite
check 'and what is the case is said' said 'db/one is COMPLETED and asks nothing'
check 'nor can what there is not' exits 3 spoolhand answer db/none x
check 'nothing to answer with is an error' exits 64 spoolhand answer

submit stdin 'spoolhand ask "Say:"'
check 'any text will do without options' asks stdin
check 'from standard input' sh -c 'printf "two\nlines\n\n" | spoolhand answer db/stdin -'
check 'the text is taken' told stdin $'two\nlines'
submit empty 'spoolhand ask "Say:"'
check 'an empty answer' asks empty
check 'is none' exits 65 answer empty ''
check 'by a prefix of the id' answer emp fine
check 'it is found' told empty fine

# --- by file --------------------------------------------------------------------

submit moved
asks moved >/dev/null
echo sqlite >reply
mv reply "$desk/answers/moved"
check 'an answer is moved in' told moved sqlite
submit placed
asks placed >/dev/null
echo postgres >"$desk/answers/placed.1"
check 'or written in place, for its number' told placed postgres

# Whoever writes has all the time.
submit slow
asks slow >/dev/null
exec 9>"$desk/answers/slow"
printf post >&9
submit meanwhile 'echo done'
check 'one that is being written to' told meanwhile 'done'
check 'is not taken' test -e "$desk/answers/slow"
printf 'gres\n' >&9
exec 9>&-
check 'before it is whole' told slow postgres

submit wrong
asks wrong >/dev/null
echo mysql >"$desk/answers/wrong"
check 'a wrong one comes back with the options' \
	because wrong "'mysql' is no option; they are: 'postgres', 'sqlite'"
check 'and the question stands' test -e "$desk/questions/wrong"
echo sqlite >"$desk/answers/wrong.2"
check 'so does one for another question' because wrong.2 \
	"question 2 of 'wrong' is not the one that is asked, which is number 1"
echo sqlite >"$desk/answers/wrong.1"
check 'the right one is taken' told wrong sqlite

# --- hostile ------------------------------------------------------------------

submit hard
asks hard >/dev/null
# hostile REASON CMD...: what CMD makes at $desk/answers/hard is refused.
hostile() {
	rm -rf "$desk"/rejected/*
	"${@:2}" || return
	no_answers && because hard "$1"
}
check 'a link is refused' hostile 'a symbolic link' \
	ln -s ../journal.jsonl "$desk/answers/hard"
check 'a FIFO, which is not opened' hostile 'a FIFO' \
	mkfifo "$desk/answers/hard"
check 'a directory' hostile 'a directory' mkdir "$desk/answers/hard"
check 'a giant' hostile 'longer than 65536 bytes' \
	truncate -s 1T "$desk/answers/hard"
printf 'post\0gres' >bytes
check 'bytes that are no text' hostile 'is not UTF-8 text' \
	mv bytes "$desk/answers/hard"
check 'nothing at all' hostile 'is no option' \
	touch "$desk/answers/hard"
touch "$desk/answers/.hard" "$desk/answers/hard.tmp" "$desk/answers/hard~"
check 'private names are left alone' answer hard sqlite
check 'and the question is answered after all this' told hard sqlite
check 'they lie there still' test -e "$desk/answers/hard.tmp"
rm "$desk/answers/.hard" "$desk/answers/hard.tmp" "$desk/answers/hard~"

# --- too early, too late, twice ---------------------------------------------------

pause db
check 'a pause' paused db
submit early
check 'a task that is not asking' until_true "$soon" holds db ready early
echo postgres >"$desk/answers/early"
check 'cannot be answered' because early "'early' is READY and asks nothing"
echo postgres >"$desk/answers/nobody.1"
check 'nor can nobody' because nobody.1 "there is no task 'nobody.1'"
echo postgres >"$desk/answers/one"
check 'nor what has ended' because one "'one' is COMPLETED and asks nothing"
check 'nor by command' exits 3 spoolhand answer db/early postgres
unpause db
check 'when it asks' asks early
check 'it can' answer early postgres
check 'and goes on' told early postgres

submit twice
asks twice >/dev/null
check 'the agent stops' stops
check 'an answer while it is down' spoolhand answer db/twice sqlite
check 'is for its next start' said 'the answer is taken at its next start'
check 'the same again is fine' spoolhand answer db/twice sqlite
check 'and said' said 'has been given this answer already'
check 'another one is not' exits 75 spoolhand answer db/twice postgres
check 'which is said, too' said 'has been given another answer'
check 'why knows' spoolhand why db/twice
check 'that it waits for the agent' said 'an answer lies there for its agent'
start_agent db
check 'it is taken at the start' told twice sqlite

# --- deadlines ------------------------------------------------------------------

submit default 'spoolhand ask "Which?" --option a --option b --default b --deadline 300ms'
check 'the default is taken at the deadline' told default b
check 'and told as such' journaled db '"ev":"answer","id":"default","reason":"default","why":"b"'
submit silence 'spoolhand ask "Which?" --deadline 300ms || exit; echo never'
check 'without one the task fails' comes db silence FAILED no_answer
check 'with what it asked' spoolhand status db/silence
check 'in words' said 'nobody answered in time: Which?'
check 'nothing is asked any more' no_questions_of silence
check_not 'it never ran on' grep never "$desk/failed/silence/stdout"
spoolhand -q retry db/silence
check 'it can be tried again' asks silence
check 'and answered' answer silence yes
check 'in time' comes db silence COMPLETED

submit latecomer 'spoolhand ask "Which?" --default b --deadline 2s'
asks latecomer >/dev/null
check 'the agent stops before a deadline' stops
check 'what is answered in time' answer latecomer a
deadline_over() {
	[ "$(date +%s%N)" -ge "$over" ]
}
over=$(($(date +%s%N) + 2100000000))
until_true 20 deadline_over >/dev/null
start_agent db
check 'counts, though the agent sees it later' told latecomer a

# --- killed -----------------------------------------------------------------------

submit crash
asks crash >/dev/null
cp "$desk/questions/crash" before
check 'the agent dies' killed
start_agent db
check 'the question is the same after that' cmp before "$desk/questions/crash"
check 'and was not asked twice' prints 1 \
	grep -c '"ev":"ask","id":"crash"' "$desk/journal.jsonl"
check 'the agent dies again' killed
check 'an answer comes' answer crash postgres
start_agent db
check 'and is not lost' told crash postgres
rm -f "$desk/questions/gone"
submit gone
asks gone >/dev/null
rm "$desk/questions/gone"
check 'a question that somebody removes is asked again' asks gone
touch "$desk/questions/meanwhile"
check 'and one that nobody asks is removed' no_questions_of meanwhile
check 'which does not hinder' answer gone sqlite
check 'its task' told gone sqlite

# --- many, in order, by dots --------------------------------------------------------

# Each attempt replays all before: sanitized programs take their time.
many=100
[ -z "${SPOOLHAND_SANITIZED-}" ] || many=25
submit hundred "i=0
while [ \$i -lt $many ]; do"'
	i=$((i + 1))
	a=$(spoolhand ask "Number $i?") || exit
	printf "%s " "$a"
done'
hundred() {
	local i

	for ((i = 1; i <= many; i++)); do
		until_true "$soon" asked hundred "$i" &&
			answer hundred "a$i" || return
	done
}
check 'a hundred questions of one task are answered' hundred
check 'each with its answer' told hundred "$(seq -f 'a%g' -s ' ' "$many") "
check 'and asked once' prints "$many" \
	grep -c '"ev":"ask","id":"hundred"' "$desk/journal.jsonl"

submit dots
submit dots.1
asks dots >/dev/null
asks dots.1 >/dev/null
check 'an id may look like a number' answer dots postgres
check 'and gets what is for it' told dots postgres
check 'and not' test -e "$desk/questions/dots.1"
check 'what is for another' answer dots.1 sqlite
check 'by its exact name' told dots.1 sqlite

mkfifo gate
submit first 'a=$(spoolhand ask "Go?") || exit; read -r go <"$SPOOLHAND_TEST/gate"'
asks first >/dev/null
submit second 'read -r go <"$SPOOLHAND_TEST/gate"'
check 'the next one runs meanwhile' until_true "$soon" holds db running second
submit third 'echo third'
check 'a third waits' until_true "$soon" holds db ready third
check 'an answer to the first' answer first yes
check 'brings it back to its place' until_true "$soon" \
	holds db ready first third
timeout "$soon" sh -c 'echo >gate'
check 'so it goes on before the third' until_true "$soon" \
	holds db running first
timeout "$soon" sh -c 'echo >gate'
check 'and all end' ends db third

# --- cancel, retry, exit 79 ---------------------------------------------------------

submit off
asks off >/dev/null
spoolhand -q cancel db/off
check 'a task that is cancelled' comes db off WITHDRAWN cancelled
check 'asks nothing' no_questions_of off
submit again
asks again >/dev/null
asked_anew() {
	[ "$(grep -c '"ev":"ask","id":"again"' "$desk/journal.jsonl")" -eq 2 ]
}
spoolhand -q retry db/again
check 'one that is tried again asks again' until_true "$soon" asked_anew
check 'the same' answer again postgres
check 'and goes on' told again postgres
submit liar 'exit 79'
check 'status 79 without a question is a failure' comes db liar FAILED exit
check 'that says so' spoolhand status db/liar
check 'in words' said 'no `spoolhand ask`, `call` or `sleep` in it has said on what'

# --- fsck -----------------------------------------------------------------------------

submit left
asks left >/dev/null
check 'the agent stops for a look' stops
check 'all is well' spoolhand fsck
cp "$desk/questions/left" "$desk/questions/stray"
rm "$desk/questions/left"
check 'questions are compared with tasks' exits 1 spoolhand fsck
check 'one that nobody asks' said 'question-alone'
check 'one that is missing' said 'no-question'
check 'and mended' spoolhand fsck --repair
check 'it is there again' asked left 1
check 'as if nothing had been' spoolhand fsck
start_agent db
check 'it can be answered' answer left postgres
check 'after all' told left postgres
check 'nothing is left of all this' until_true "$soon" has db questions 0
check 'the agent lives' desk_held db
done_testing
