#!/bin/bash
# A task that waits for another, or sleeps, goes on when it should: also when the
# other one is rejected or removed, over a restart, and without events.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

# The body of a task of pm is its script.
configure() {
	cat >"$root/spoolhand.yaml" <<-END
		watch: $1
		rescan: 1s
		poll: 50ms
		agents:
		  pm: {command: [sh, -s]}
		  kid: {shell: cat}
	END
}
make_spool </dev/null
configure auto
desk=$root/agents/pm
calls='echo hello | spoolhand call kid; echo "status $?"'

submit() {
	spoolhand -q submit pm --id "$1" --body "$2" >/dev/null
}

blocked_on() {
	until_true "$soon" grep -qs "\"reason\":.*\"$2\"" \
		"$desk/work/$1/record.json" &&
		until_true "$soon" grep -q . <(ids pm blocked | grep -w -- "$1")
}

child_of() {
	local path

	for path in "$root"/agents/kid/inbox/*."$1"-c*; do
		[ -e "$path" ] && echo "$path" && return
	done
	return 1
}

told() {
	ends pm "$1" && prints "$2" spoolhand result "pm/$1"
}

stops() {
	kill "$1" && until_true "$soon" ended "$1" && waits 0 "$1"
}

# --- children ---------------------------------------------------------------------

start_agent pm
pm=$agent_pid
submit plain "$calls"
check 'a task that calls waits' blocked_on plain child
check 'its child lies there' until_true "$soon" child_of plain
check 'why tells for what' spoolhand why pm/plain
check 'by name and state' said -E \
	'pm/plain is BLOCKED \(child\): it waits for kid/plain-c1-[0-9a-f]+, which is DROPPED'
check 'and where to go on' said -E \
	'see what that waits for with: spoolhand why kid/plain-c1-[0-9a-f]+'
check 'the agent dies' kill -KILL "$pm"
until_true "$soon" ended "$pm" >/dev/null
start_agent pm
pm=$agent_pid
start_agent kid
kid=$agent_pid
check 'a new one goes on when the child has ended' told plain $'hello\nstatus 0'

check 'the other agent stops' stops "$kid"
submit over "$calls"
check 'another waits' blocked_on over child
check 'its agent stops, too' stops "$pm"
start_agent kid
kid=$agent_pid
check 'the child ends meanwhile' until_true "$soon" has kid outbox 2
start_agent pm
pm=$agent_pid
check 'which is seen at the start' told over $'hello\nstatus 0'

check 'the other agent stops once more' stops "$kid"
submit orphan "$calls"
check 'a third waits' blocked_on orphan child
rm "$(child_of orphan)"
check 'a child that somebody removes' until_true "$soon" \
	ends pm orphan
check 'is told' spoolhand result --stderr pm/orphan
check 'as what it is' said 'is neither at work nor has it a result'

submit refused "$calls"
check 'a fourth waits' blocked_on refused child
child=$(child_of refused)
printf -- '---\nid: x\nnonsense: 1\n---\n' >"$child"
start_agent kid
kid=$agent_pid
check 'a child that is rejected' ends pm refused
check 'is told, too' grep -r 'refused-c1' "$desk/outbox/refused/stderr"

# --- sleep ------------------------------------------------------------------------

submit nap 'spoolhand sleep 300ms; echo awake'
check 'one that sleeps goes on' told nap awake
check 'in a second attempt' prints 2 fact pm nap attempts
submit long 'spoolhand sleep 3h || exit; echo awake'
check 'one that sleeps long' blocked_on long sleep
check 'is explained' spoolhand why pm/long
check 'with the time' said -E \
	'is BLOCKED \(sleep\): it sleeps until [-0-9T:.]+[+-][0-9:]+, for another (2h59m|3h00m)'
check 'and what can be done' said 'give it up with: spoolhand cancel pm/long'
spoolhand -q retry pm/long
check 'woken too early it sleeps on' until_true "$soon" \
	journaled pm '"id":"long".*"attempt":2.*"to":"BLOCKED","reason":"sleep"'
check 'the agent stops' stops "$pm"
start_agent pm
pm=$agent_pid
check 'and sleeps on after that' has pm blocked 1
# More than any pause of a retry: that limit is not one of sleep.
in_three_hours() {
	local until

	until=$(sed -nE 's/^\t\t"until":\t([0-9]+),$/\1/p' \
		"$desk/work/long/record.json")
	[ $((until / 1000 - $(date +%s))) -gt 10000 ]
}
check 'for as long as it wanted' in_three_hours
spoolhand -q cancel pm/long
check 'until it is cancelled' comes pm long WITHDRAWN cancelled

# --- without events -----------------------------------------------------------------

check 'both agents' stops "$pm"
check 'stop' stops "$kid"
configure poll
start_agent pm
start_agent kid
submit polled "$calls"
check 'an end is seen by looking, too' told polled $'hello\nstatus 0'
submit asks 'spoolhand ask "Go?"'
check 'so is an answer' until_true "$soon" test -e "$desk/questions/asks"
echo yes >"$desk/answers/asks"
check 'in the end' told asks yes
done_testing
