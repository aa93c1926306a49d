#!/bin/bash
# Every link in a Markdown file to a file of the tree leads somewhere, and what
# the manual tells is what the sources say; and a name that is missing is seen.

set -u

cd "$SPOOLHAND_SRC" || exit 1
failed=0
links=0

while IFS= read -r file; do
	while IFS= read -r target; do
		target=${target%%#*}
		[ -n "$target" ] || continue
		links=$((links + 1))
		if ! [ -e "$(dirname "$file")/$target" ]; then
			echo "$file: nothing at $target" >&2
			failed=1
		fi
	done < <(awk '/^(```|~~~)/ { code = !code } !code' "$file" |
		grep -oE '\]\([^) ]+' | sed 's/^](//' |
		grep -vE '^[a-z]+:')
done < <(scripts/files '*.md' | grep -v '^tests/')

echo "docs: $links links looked at"

scripts/check-docs || failed=1

# --- does it see what is missing? ---------------------------------------------

scratch=$(mktemp -d "${TMPDIR:-/tmp}/spoolhand-docs.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT

fresh() {
	rm -rf "$scratch/tree"
	mkdir "$scratch/tree"
	tar -cf - scripts docs ARCHITECTURE.md agent base cli config \
		orchestrator spool | tar -xf - -C "$scratch/tree" || exit 1
	expected=()
}

# sees PATTERN FILE SED - of this change there is to be such a complaint.
sees() {
	local file=$scratch/tree/$2

	sed -E "$3" "$file" >"$scratch/changed"
	if cmp -s "$file" "$scratch/changed"; then
		echo "docs: '$3' changes nothing in $2" >&2
		failed=1
	fi
	cat "$scratch/changed" >"$file"
	expected+=("$1")
}

look() {
	local pattern

	if env -u SPOOLHAND_BIN "$scratch/tree/scripts/check-docs" \
		>"$scratch/out" 2>&1; then
		echo 'docs: check-docs has nothing to complain of' >&2
		failed=1
	fi
	for pattern in "${expected[@]}"; do
		grep -qE "$pattern" "$scratch/out" && continue
		echo "docs: no complaint such as: $pattern" >&2
		failed=1
	done
}

page1=docs/man/spoolhand.1
page5=docs/man/spoolhand-spool.5
page7=docs/man/spoolhand-worker.7

# What the pages have lost, or made up.
fresh
sees "nothing of the verb 'sync'" $page1 's/^\.It Ic sync/.It Ic sing/'
sees "tells of the verb 'sing'" $page1 's/^\.It Ic why/.It Ic sing/'
sees "nothing of the exit status '69'" $page1 '/^\.It 69$/d'
sees "nothing of the finding 'two-places'" $page1 '/^\.It Cm two-places$/d'
sees "nothing of the variable 'TASK_IN'" $page7 '/^\.It Ev TASK_IN$/d'
sees "nothing of the end of an attempt 'timeout'" $page7 \
	'/^\.It Cm timeout$/d'
sees "final exit statuses '64 65 77 78 100'" $page7 \
	's/^\.It 64 65 77 78/.It 64 65 77/'
sees "nothing of the state or outcome 'BLOCKED'" $page5 '/^BLOCKED  /d'
sees "nothing of the reason to be blocked 'retry'" $page5 \
	'/^\.It Cm retry$/d'
sees "nothing of the place 'saving'" $page5 '/^\.It Pa saving\/$/d'
sees "nothing of the event 'duplicate'" $page5 '/^\.It Cm duplicate$/d'
sees "nothing of the member of a line of the journal 'until'" $page5 \
	'/^\.It Cm until$/d'
sees "nothing of the key of a task 'labels'" $page5 '/^\.It Cm labels$/d'
sees "nothing of the request 'pause'" $page5 '/^\.It Pa pause$/d'
sees "nothing of the member of record.json deferrals" $page5 \
	'/^\.It Cm deferrals$/d'
sees "nothing of the member of progress.json stage" $page5 \
	's/^\.It Cm stage , Cm/.It Cm/'
sees "nothing of the reason of a withdrawal 'unreadable'" $page5 \
	'/^\.It Cm unreadable$/d'
sees 'nothing of the member "attempts"' docs/result.schema.json \
	's/"attempts"/"tries"/'
sees 'nothing of the reason "timeout"' docs/result.schema.json \
	's/"timeout"/"slow"/'
sees "nothing of the key 'ageing'" docs/man/spoolhand.yaml.5 \
	'/^\.It Ic ageing$/d'
sees "row of 'agent/'" ARCHITECTURE.md \
	'/^\| `agent/s/base spool config/base spool/'
look

# What the sources say otherwise.
fresh
sees "nothing of the verb 'hum'" cli/verb_why.c 's/"why",$/"hum",/'
sees "nothing of the exit status '7'" cli/verb.h \
	's/EXIT_QUESTION = 6/EXIT_QUESTION = 7/'
sees "nothing of the finding 'old-work'" spool/inspect.c \
	's/"stale-work"/"old-work"/'
sees "nothing of the variable 'TASK_NEW'" agent/surroundings.c \
	's/"TASK_OUT"/"TASK_NEW"/'
sees "nothing of the end of an attempt 'slow'" agent/verdict.c \
	's/\{ "timeout"/{ "slow"/'
sees "nothing of the state or outcome 'STUCK'" spool/state.c \
	's/= "BLOCKED"/= "STUCK"/'
sees "nothing of the reason to be blocked 'asleep'" spool/state.c \
	's/= "retry"/= "asleep"/'
sees "nothing of the place 'shelf'" spool/desk.c 's/\{ "saving"/{ "shelf"/'
sees "nothing of the event 'begin'" agent/startup.c 's/"start"/"begin"/'
sees "nothing of the event 'depart'" spool/result.c \
	's/line\.ev = "end"/line.ev = "depart"/'
sees "nothing of the key of a task 'colour'" spool/task.c \
	's/"title", KEY/"colour", KEY/'
sees "nothing of the request 'rest'" spool/request.c 's/\{ "pause"/{ "rest"/'
sees "nothing of the reason of a withdrawal 'torn'" agent/attempt.c \
	's/"unreadable"/"torn"/'
sees "nothing of the key 'age'" config/schema.c 's/\{ "ageing"/{ "age"/'
sees 'names begin_save\(\)' agent/closing.c 's/^begin_save\(/start_save(/'
look

exit "$failed"
