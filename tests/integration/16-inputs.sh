#!/bin/bash
# A task waits for results of other desks, in whatever order they come, and is
# READY once, at the last; what comes of it when one of them fails; and a
# pipeline of three stages, in which nothing is skipped.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent

# pm and qa do what the task says; dev shows what it was given.
make_spool <<'END'
durability: process
agents:
  pm: {command: [sh, -s]}
  qa: {command: [sh, -s]}
  dev: {shell: 'cd "$TASK_IN" && find . -type f | sort | xargs -r head'}
END
for agent in pm qa dev; do
	start_agent "$agent"
done

# task AGENT ID HEADER [BODY]
task() {
	printf -- '---\nid: %s\n%b\n---\n%s\n' "$2" "$3" "${4-}" |
		put "$1" "$2.md"
}
makes() {
	echo "echo 'content of $1' >\"\$TASK_OUT/$1\""
}
moves_of() {
	sed -nE 's/.*"ev":"(move|end)","id":"'"$2"'".*"to":"([A-Z]*)".*/\2/p' \
		"$root/agents/$1/journal.jsonl" | paste -sd' '
}
sees() {
	prints "$3" cat "$root/agents/$1/outbox/$2/stdout"
}
says() {
	local text
	text=$(fact "$1" "$2" message)

	grep -F -- "$3" <<<"$text" || { echo "$text"; return 1; }
}

# --- from several desks, the last one counts -----------------------------------

task dev all 'inputs: [pm/a/x.md, pm/b/y/z.md, qa/c/t.md]\nafter: [qa/d]'
check 'a task is there before what it needs' \
	until_true "$soon" holds dev pending all

# When a second task, which waits for this one only, has run, the agent has
# seen it, and the first one has had its chance.
came() {
	task "$1" "$2" '' "$3"
	task dev "seen-$2" "after: [$1/$2]"
	comes dev "seen-$2" COMPLETED && holds dev pending all
}
check 'the second comes, it waits on' came pm b \
	"mkdir \"\$TASK_OUT/y\"; $(makes y/z.md)"
check 'the fourth comes, it waits on' came qa d ''
check 'the third comes, it waits on' came qa c "$(makes t.md)"
task pm a '' "$(makes x.md)"
check 'the first comes, and it runs' comes dev all COMPLETED
check 'all artifacts are at their places' sees dev all \
	'==> ./t.md <==
content of t.md

==> ./x.md <==
content of x.md

==> ./y/z.md <==
content of y/z.md'
check 'it was READY once' prints 'READY RUNNING COMPLETED' moves_of dev all

task dev folder 'inputs: [pm/b/y]'
check 'an artifact may be a folder' comes dev folder COMPLETED
check 'with all that is in it' sees dev folder 'content of y/z.md'
task dev own 'after: [dev/all, dev/folder]'
check 'a task may wait for one of its own desk' comes dev own COMPLETED

# --- what fails ----------------------------------------------------------------

task dev hopeless 'after: [pm/a]\ninputs: [pm/bad/x.md]'
task dev next 'after: [dev/hopeless]'
task dev patient 'inputs: [pm/bad/x.md]\non_dependency_failure: block'
check 'three wait' until_true "$soon" has dev pending 3
task pm bad '' "test -e \"\$SPOOLHAND_TEST/mended\" && $(makes x.md)"
check 'what they wait for fails' comes pm bad FAILED exit
check 'the first is withdrawn' comes dev hopeless WITHDRAWN dependency_failed
check 'the reason names it' says dev hopeless 'pm/bad did not complete'
check 'it has never run' prints 0 fact dev hopeless attempts
check 'so is one that waits for the first' \
	comes dev next WITHDRAWN dependency_failed
check 'the reason names that' says dev next 'dev/hopeless did not complete'
check 'the patient one waits' holds dev pending patient
touch mended "$root/agents/pm/requests/retry.bad"
check 'it is tried again and done' until_true "$soon" test -d \
	"$root/agents/pm/outbox/bad"
check 'the patient one runs' comes dev patient COMPLETED
check 'and has what it waited for' sees dev patient 'content of x.md'

task dev missing 'inputs: [pm/a/none.md]'
check 'an artifact that is not in the result' \
	comes dev missing WITHDRAWN dependency_failed
check 'is named' says dev missing "pm/a has no artifact 'none.md'"
task dev sly 'inputs: [pm/a/../../b/out/y/z.md]'
check 'an artifact is below out/' until_true "$soon" test -e \
	"$root/agents/dev/rejected/sly.md.why"

# --- while one of them is down -------------------------------------------------

stop() {
	local pid
	pid=$(desk_pid "$1")
	kill "$pid" && waits 0 "$pid"
}
check 'the agent that waits is stopped' stop dev
task dev down 'inputs: [qa/e/t.md]'
task qa e '' "$(makes t.md)"
check 'what it needs comes' comes qa e COMPLETED
start_agent dev
check 'it is seen at the next start' comes dev down COMPLETED

task dev early 'inputs: [qa/f/t.md]'
check 'one that waits' until_true "$soon" holds dev pending early
check 'the agent it waits for is stopped' stop qa
task qa f '' "$(makes t.md)"
start_agent qa
check 'and started: it goes on' comes dev early COMPLETED
check 'all are at rest' until_true "$soon" at_rest dev

# --- three stages --------------------------------------------------------------

# Each stage says when it begins and ends, and adds its name to what it got.
cat >stage.sh <<'END'
echo "begin $TASK_AGENT $TASK_ID" >>"$SPOOLHAND_TEST/story"
{ cat "$TASK_IN/data" - 2>/dev/null; echo "$TASK_AGENT"; } >"$TASK_OUT/data"
echo "end $TASK_AGENT $TASK_ID" >>"$SPOOLHAND_TEST/story"
END
items=50

# pipeline WATCH - all three stages of all items, the last ones first.
pipeline() {
	local i agent

	stop_all
	rm -rf "$root" story
	make_spool <<-END
		durability: process
		watch: $1
		poll: 20ms
		agents:
		  one: {shell: . "\$SPOOLHAND_TEST/stage.sh"}
		  two: {shell: . "\$SPOOLHAND_TEST/stage.sh"}
		  three: {shell: . "\$SPOOLHAND_TEST/stage.sh"}
	END
	for agent in one two three; do
		start_agent "$agent"
	done
	for ((i = 1; i <= items; i++)); do
		task three "$i" "inputs: [two/$i/data]" "item $i"
		task two "$i" "inputs: [one/$i/data]"
	done
	until_true "$soon" has three pending "$items" || return 1
	for ((i = 1; i <= items; i++)); do
		task one "$i" ''
	done
	until_true "$soon" has three outbox "$items"
}

# Nobody was left out, and each got what the one before had made of it.
nothing_skipped() {
	local i

	for ((i = 1; i <= items; i++)); do
		prints "one two item $i three" sh -c \
			'grep -v "^$" "$1" | paste -sd" "' - \
			"$root/agents/three/outbox/$i/out/data" || return 1
	done
}
in_order() {
	awk '$1 == "end" { done[$2, $3] = 1 }
		$1 == "begin" && ($2 == "two" && !done["one", $3] ||
			$2 == "three" && !done["two", $3]) { bad++; print }
		END { exit bad > 0 || NR != 6 * '"$items"' }' story
}
# The last of the first stage begins after the first of the last one.
overlaps() {
	[ "$(grep -n 'begin one' story | tail -n 1 | cut -d: -f1)" -gt \
		"$(grep -n 'begin three' story | head -n 1 | cut -d: -f1)" ]
}

for watch in inotify poll; do
	check "$items items through three stages, watch: $watch" pipeline "$watch"
	check 'each item went through all of them' nothing_skipped
	check 'no stage began before the one before had ended' in_order
	check 'the stages worked at the same time' overlaps
done
done_testing
