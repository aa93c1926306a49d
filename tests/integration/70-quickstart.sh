#!/bin/bash
# scripts/quickstart shows a report, leaves nothing running, and what it tells
# its reader to type works.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"

need spoolhand spoolhand-agent spoolhand-gm

# Where a spool is, is told by quickstart alone.
unset SPOOLHAND_ROOT
export TEAM_PACE=0 TMPDIR=$scratch

quickstart() {
	timeout 120 "$SPOOLHAND_SRC/scripts/quickstart" "$@" \
		>"$scratch/out" 2>"$scratch/err" </dev/null
}

shows() {
	cat "$scratch/out" "$scratch/err"
	grep -qF -e "$1" "$scratch/out"
}

complains() {
	cat "$scratch/err"
	grep -qF -e "$1" "$scratch/err"
}

nothing_runs() {
	local pid

	for pid in $(tree_pids); do
		tr '\0' ' ' <"/proc/$pid/cmdline"
		echo
		[ "$pid" = "$BASHPID" ] && continue
		grep -qz spoolhand "/proc/$pid/cmdline" && return 1
	done
	return 0
}

# --- the example --------------------------------------------------------------

check 'it ends well' quickstart --dir "$scratch/first"
check 'it says where the spool is' shows "A spool: $scratch/first"
check 'all six tasks are seen to end' \
	prints 6 grep -c '^[a-z]*/document COMPLETED$' "$scratch/out"
check 'the report is shown' shows '# Report on '
check 'nothing is left running' until_true 5 nothing_runs
check 'the spool is kept' \
	test -f "$scratch/first/agents/editor/outbox/document/out/report.md"
holds_report() {
	[[ $(<"$scratch/out") == *"$(<"$1")"* ]]
}
check 'and the whole report is shown, as it was published' holds_report \
	"$scratch/first/agents/editor/outbox/document/out/report.md"
check 'no scratch file is left' prints '' \
	find "$scratch" -maxdepth 1 -name 'spoolhand-refs*'

# --- what it tells to type ----------------------------------------------------

# The lines below "Now by hand", as somebody would paste them.
sed -n '/Now by hand/,$p' "$scratch/out" |
	sed -n 's/^   \(cd \|cp \|.*spoolhand up\|.*spoolhand wait\)/\1/p' \
		>"$scratch/typed"

by_hand() {
	prints 4 grep -c . "$scratch/typed" &&
		timeout 60 bash -e "$scratch/typed" >"$scratch/plan" &&
		prints 'pm/mine COMPLETED' head -n 1 "$scratch/plan" &&
		tail -n +2 "$scratch/plan" | cmp - \
			"$scratch/first/agents/pm/outbox/mine/out/plan.md" &&
		test -s "$scratch/first/agents/pm/outbox/mine/out/plan.md"
}

check 'the lines to type drop a task and show its result' by_hand
check 'and the line that ends it all does' \
	timeout 60 spoolhand --root "$scratch/first" down
check 'nothing is left running then' until_true 5 nothing_runs

# --- a file of one's own ------------------------------------------------------

mkdir "$scratch/elsewhere"
printf '# My own words\n\nThis is a page of mine. It is not long.\n' \
	>"$scratch/elsewhere/my page's.md"
cd "$scratch/elsewhere" || exit 1
check 'files can be named, from where one is' \
	quickstart --dir "$scratch/it's second" "my page's.md" "../first/README.md"
cd "$scratch" || exit 1
check 'there is a report on each' shows 'Report on “My own words”'
check 'of both' shows 'Report on “A team that reads for you”'

sed -n '/Now by hand/,$p' "$scratch/out" | sed -n 's/^   cd //p' \
	>"$scratch/typed"
check 'a folder with an odd name is quoted' prints "$scratch/it's second" \
	bash -c "cd $(cat "$scratch/typed") && pwd"

# --- on a terminal ------------------------------------------------------------

on_terminal() {
	TERM=xterm timeout 120 script -qec \
		"'$SPOOLHAND_SRC/scripts/quickstart' --dir '$scratch/seen'" \
		"$scratch/typescript" </dev/null >/dev/null
}
if command -v script >/dev/null; then
	check 'on a terminal it ends well, too' on_terminal
	check 'the agents are seen at work' \
		grep -q 'NAME.*PROGRESS' "$scratch/typescript"
	check 'and the report is shown' \
		grep -q '^# Report on ' "$scratch/typescript"
	check 'nothing is left running after it' until_true 5 nothing_runs
fi

# --- what goes wrong ----------------------------------------------------------

check 'a file that is not there is refused' \
	exits 66 quickstart --dir "$scratch/third" nothing.md
check 'by name' complains 'nothing.md'
check 'before anything is made' test ! -e "$scratch/third"
check 'so is an unknown option' exits 64 quickstart --now

printf '\n \n' >blank.md
check 'a document that fails makes it fail' \
	exits 1 quickstart --dir "$scratch/fourth" blank.md
check 'and it says why' shows 'pm/blank is FAILED (permanent)'
check 'nothing is left running after that' until_true 5 nothing_runs

# Interrupted half way, as by Ctrl-C: all of its processes hear of it.
export TEAM_PACE=20
setsid "$SPOOLHAND_SRC/scripts/quickstart" --dir "$scratch/fifth" \
	>"$scratch/out" 2>"$scratch/err" </dev/null &
pid=$!
pm_runs() {
	compgen -G "$scratch/fifth/agents/pm/running/5.*"
}
check 'it is at work' until_true 60 pm_runs
kill -TERM -- "-$pid"
check 'it can be interrupted' waits 143 "$pid"
check 'and ends what it started' until_true 15 nothing_runs

done_testing
