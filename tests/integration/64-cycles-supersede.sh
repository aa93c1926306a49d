#!/bin/bash
# Tasks that wait for each other in a circle are told of; a newer task takes
# the place of an older one; what is waited for may come in any order.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

make_spool <<'END'
durability: process
agents:
  a: {shell: '. "$SPOOLHAND_TEST/role"'}
  b: {shell: '. "$SPOOLHAND_TEST/role"'}
  c: {shell: '. "$SPOOLHAND_TEST/role"'}
END
cat >role <<'END'
echo "$TASK_ID" >>"$SPOOLHAND_TEST/ran-$TASK_AGENT"
case $TASK_ID in
held*)
	echo here >"$SPOOLHAND_TEST/held"
	cat "$SPOOLHAND_TEST/gate"
	;;
# The child waits for the one that waits for it.
calls*)
	printf -- '---\nafter: [%s]\n---\n' "$TASK_REF" >child.md
	spoolhand call b child.md || exit
	;;
esac
echo x >"$TASK_OUT/x"
echo y >"$TASK_OUT/y"
END
mkfifo gate
for agent in a b c; do
	start_agent "$agent"
done
task() {
	printf -- '---\nid: %s\n%b\n---\n' "$2" "$3" | put "$1" "$2.md"
}
pending() {
	until_true "$soon" holds "$1" pending "${@:2}"
}
moves_of() {
	sed -nE 's/.*"ev":"(move|end)","id":"'"$2"'".*"to":"([A-Z]*)".*/\2/p' \
		"$root/agents/$1/journal.jsonl" | paste -sd' '
}

# --- inputs in every order -------------------------------------------------------

# when AGENT ID WORD - the time of the line that says so in the journal.
when() {
	sed -nE 's/^\{"n":[0-9]+,"t":([0-9]+),.*"id":"'"$2"'".*"to":"'"$3"'".*/\1/p' \
		"$root/agents/$1/journal.jsonl"
}
not_before_all() {
	local ready agent end
	ready=$(when a "all$1" READY) || return

	for agent in a b c; do
		end=$(when "$agent" "in$1" COMPLETED)
		[ "$ready" -ge "$end" ] || return
	done
}

# All six orders of three; the task is there first.
n=0
for order in 'a b c' 'a c b' 'b a c' 'b c a' 'c a b' 'c b a'; do
	n=$((n + 1))
	task a "all$n" "inputs: [a/in$n/x, b/in$n/y]\nafter: [c/in$n]"
	check "$order: it waits" pending a "all$n"
	for agent in $order; do
		task "$agent" "in$n" ''
		ends "$agent" "in$n" >/dev/null
	done
	check "$order: it runs" comes a "all$n" COMPLETED
	check "$order: it was READY once" \
		prints 'READY RUNNING COMPLETED' moves_of a "all$n"
	check "$order: not before the last" not_before_all "$n"
done

# --- circles ---------------------------------------------------------------------

check 'one waits' spoolhand -q submit a --id x --body x --after b/y
check 'for one that waits' spoolhand -q submit b --id y --body x --after c/z
check 'a desk later' pending b y
check '65: a third would close a circle' exits 65 \
	spoolhand submit c --id z --body x --input a/x/file
check 'the way is told' said 'c/z -> a/x -> b/y -> c/z'
check 'and what to do' said 'leave one of the refs out'
check 'nothing was dropped' has c inbox 0
check '65: in a file' sh -c '
	printf -- "---\nid: z\nafter: [a/x]\n---\n" >z.md
	spoolhand submit c z.md
	[ $? -eq 65 ]'
check 'which is named' said 'z.md: these tasks would wait for each other'
check 'what closes none is taken' spoolhand -q submit c --id other --body x --after a/x
check 'another id closes none either' spoolhand -q submit c --body x --after a/x
check 'by hand nobody asks' task c z 'after: [a/x]'
cycles() {
	grep -c '"ev":"cycle","id":"z"' "$root/agents/c/journal.jsonl"
}
check 'its agent notices' until_true "$soon" prints 1 cycles
check 'and tells the way' journaled c \
	'"ev":"cycle","id":"z","why":"c/z -> a/x -> b/y -> c/z"'
check 'in its log as well' grep -F \
	'waits in a circle: c/z -> a/x -> b/y -> c/z; break it with: spoolhand cancel c/z' \
	agent-c.log
check 'why' spoolhand why b/y
check 'tells it of each of them' said 'b/y -> c/z -> a/x -> b/y'
check 'and how it is broken' said 'break it with: spoolhand cancel b/y'
check 'why' spoolhand why c/other
check_not 'what waits for the circle is not in it' said 'in a circle'
check 'one is cancelled' spoolhand -q cancel c/z
check 'then it is none' comes a x WITHDRAWN dependency_failed
check 'all of them have ended' until_true "$soon" at_rest c
check 'it was told once' prints 1 cycles
task a self 'after: [a/self]'
check 'a circle of one is refused' until_true "$soon" test -e \
	"$root/agents/a/rejected/self.md.why"

task a calls ''
blocked_in_circle() {
	journaled a '"ev":"cycle","id":"calls","why":"a/calls -> b/[^ ]* -> a/calls"'
}
check 'a child that waits for its parent: it is noticed' \
	until_true "$soon" blocked_in_circle
check 'why, of the parent' spoolhand why a/calls
check 'tells the way' said -E 'it waits in a circle.*: a/calls -> b/[^ ]* -> a/calls; break it with: spoolhand cancel a/calls'
check 'it is broken' spoolhand -q cancel a/calls
check 'the parent is gone' comes a calls WITHDRAWN cancelled
check 'and the child' until_true "$soon" at_rest b

# --- a newer one takes the place of an older ---------------------------------------

task a held1 ''
check 'the agent is busy' until_true "$soon" test -e held
check 'v1 is READY' spoolhand -q submit a --id v1 --body one
check 'so it is' until_true "$soon" holds a ready v1
check 'v2 takes its place' spoolhand -q submit a --id v2 --body two --supersedes v1
check 'v1 is withdrawn' comes a v1 WITHDRAWN superseded
v1_says() {
	fact a v1 message | grep -Fx 'a/v2 took its place'
}
check 'and names v2' v1_says
check 'v2 is READY' until_true "$soon" holds a ready v2
check 'one that runs' spoolhand -q submit a --id next --body x \
	--supersedes held1 --supersedes nobody --supersedes v1
check 'is left alone' until_true "$soon" holds a ready v2 next
check 'what is PENDING' spoolhand -q submit a --id p1 --body x --after a/never
check 'waits' pending a p1
task a p2 'supersedes: [p1]\nafter: [a/never]'
check 'and gives way, too' comes a p1 WITHDRAWN superseded
check 'to one that is PENDING itself' pending a p2
echo go >gate
check 'the first ends' comes a held1 COMPLETED
check 'the next runs' comes a next COMPLETED
check 'of v1 and v2 only the second ran' prints v2 grep '^v[12]$' ran-a
spoolhand -q cancel a/p2
check 'retry of the older' spoolhand -q retry a/v1
check 'brings it back: it is the newest now' comes a v1 COMPLETED

# --- and a crash in between ----------------------------------------------------------

rm held
task a held2 ''
check 'the agent is busy' until_true "$soon" test -e held
spoolhand -q submit a --id old --body x >/dev/null
spoolhand -q submit a --id oldp --body x --after a/never --priority low \
	>/dev/null
check 'two wait' until_true "$soon" holds a pending oldp
pid=$(desk_pid a)
kill -9 "$pid"
wait "$pid" 2>/dev/null
# As a kill between the admission and the withdrawal would leave it.
printf -- '---\nid: new\npriority: high\nsupersedes: [old, oldp]\n---\n' \
	>"$root/agents/a/pending/1.000000009000.0.new"
rm held
start_agent a
check 'the next start finishes it' comes a old WITHDRAWN superseded
check 'for both' comes a oldp WITHDRAWN superseded
check 'the killed one runs again' until_true "$soon" test -e held
echo go >gate
check 'and ends' comes a held2 COMPLETED
check 'the newer one runs' comes a new COMPLETED
done_testing
