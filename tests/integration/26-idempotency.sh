#!/bin/bash
# An id is a promise: the same task again is not run again, before, while and
# after it runs, and other content is refused.
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
      held*) read -r word <"$GATE"; echo "$word" ;;
      bad*) exit 65 ;;
      *) cat ;;
      esac
END
export RUNS=$scratch/runs GATE=$scratch/gate
mkfifo "$GATE"
: >"$RUNS"
inbox=$root/agents/w/inbox

# by_command ID N BODY - N submitters at once; all of them answer the same.
by_command() {
	local i pids=()

	for ((i = 0; i < $2; i++)); do
		spoolhand submit w --id "$1" --body "$3" \
			>"answer.$i" 2>"talk.$i" &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" && [ "$(cat "answer.$i")" = "w/$1" ] &&
			continue
		echo "submitter $i: $(cat "answer.$i" "talk.$i")"
		return 1
	done
}

# by_hand ID N BODY [WORD] - N drops at once, under different names.
by_hand() {
	local i

	for ((i = 0; i < $2; i++)); do
		printf -- '---\nid: %s\n---\n%s' "$1" "$3" \
			>"$1.${4-drop}-$i.md"
	done
	# One each: mv looks at what it has moved if there is more to come.
	for i in "$1.${4-drop}"-*.md; do
		mv "$i" "$inbox/" || return
	done
}

ran() {
	prints "$2" grep -cx "$1" "$RUNS"
}

quiet() {
	has w inbox 0 && has w admit 0
}

told() {
	prints "$3" grep -cE "\"ev\":\"$1\".*\"id\":\"$2\"" \
		"$root/agents/w/journal.jsonl"
}

# refused ID - other content under this id, by command and by hand.
refused() {
	local before
	before=$(count w rejected)

	exits 5 spoolhand submit w --id "$1" --body 'something else' || return
	by_hand "$1" 1 'something else' other
	until_true "$soon" has w rejected $((before + 2)) &&
		grep -F "id '$1' is taken by other content" \
			"$root/agents/w/rejected/$1.other-0.md.why" || return
	rm "$root/agents/w/rejected/$1".other-*
}

# --- with nothing running, then all admitted together ------------------------

check '20 commands at once, with nothing running' by_command early 20 'the body'
check 'and 20 drops by hand' by_hand early 20 'the body'
check 'other content is refused even then' \
	exits 5 spoolhand submit w --id early --body other
start_agent w
check 'it is done' comes w early COMPLETED
check 'all drops are gone' until_true "$soon" quiet
check 'it ran once' ran early 1
check 'it was admitted once' told admit early 1
check 'nothing was rejected' has w rejected 0

# --- in flight ---------------------------------------------------------------

check '20 commands at once, with an agent' by_command held 20 'the body'
check 'it runs' until_true "$soon" ran held 1
check '20 commands while it runs' by_command held 20 'the body'
check '20 drops by hand while it runs' by_hand held 20 'the body'
check 'the agent takes them for the same' until_true "$soon" quiet
check 'it is the one that is there' prints RUNNING \
	sh -c 'spoolhand status --json w/held | sed "s/.*\"state\":\"\([A-Z]*\).*/\1/"'
check 'other content is refused' refused held
echo through >"$GATE"
check 'it is done' comes w held COMPLETED
check 'it ran once' ran held 1
check 'it was admitted once' told admit held 1

# --- afterwards --------------------------------------------------------------

inode=$(stat -c %i "$root/agents/w/outbox/held/result.json")
check '20 commands afterwards' by_command held 20 'the body'
check '20 drops by hand afterwards' by_hand held 20 'the body'
check 'they are gone' until_true "$soon" quiet
check 'the result is the one that was there' \
	prints "$inode" stat -c %i "$root/agents/w/outbox/held/result.json"
check 'all of them have its result' prints through spoolhand result w/held
check 'a task that waits for it is given the result at once' \
	exits 0 spoolhand wait --timeout 5s w/held
check 'run is the same task, too' prints through \
	spoolhand run w --id held --body 'the body'
check 'other content is refused' refused held
check 'it ran once' ran held 1

# --- afterwards, when it failed ----------------------------------------------

check 'a task that fails' by_command bad 1 'the body'
check 'has failed' comes w bad FAILED permanent
check 'again by 20 commands' by_command bad 20 'the body'
check 'and by 20 drops' by_hand bad 20 'the body'
check 'they are gone' until_true "$soon" quiet
check 'the failure stays its outcome' prints 'FAILED permanent' outcome w bad
check_not 'run answers with that failure' \
	spoolhand run w --id bad --body 'the body'
check 'other content is refused' refused bad
check 'it ran once' ran bad 1

# --- what is the same, and what is not ---------------------------------------

same() {
	printf -- '---\nid: early\npriority: high\nuser: you\n---\nthe body' \
		>early.user.md
	mv early.user.md "$inbox/"
	until_true "$soon" quiet && has w rejected 0
}
check 'another user and another priority are the same task' same
check 'another title is not' exits 5 \
	spoolhand submit w --id early --title x --body 'the body'
check 'another agent is another place' exits 3 \
	spoolhand submit v --id early --body 'the body'
check 'nothing was run for all that' ran early 1
check 'nothing is left over' at_rest w
done_testing
