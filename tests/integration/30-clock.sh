#!/bin/bash
# Order is by admission, never by the clock, which here jumps both ways.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"

need spoolhand spoolhand-agent
command -v faketime >/dev/null || skip_all 'faketime is not installed'
[ -z "${SPOOLHAND_SANITIZED-}" ] || skip_all 'faketime and a sanitizer'

make_spool <<'END'
agents:
  w:
    shell: echo "$TASK_ID" >>"$ORDER"
END
export ORDER=$scratch/order

# Ten tasks, each submitted by a process with a clock of its own.
submit_all() {
	local i n=0

	for i in '+0' '-2h' '+10y' '-40y' '+1d' '-1d' '+1h' '-3y' '+5y' '-1h'; do
		n=$((n + 1))
		faketime -f "$i" spoolhand -q submit w --id "t$n" --body x ||
			return 1
		[ "$1" = one ] && { spoolhand sync w || return 1; }
	done
	return 0
}

all_done() {
	[ "$(find "$root/agents/w/outbox" -mindepth 1 -maxdepth 1 | wc -l)" -eq 10 ]
}

# By the journal, which has the sequence number of each.
admission_order() {
	grep '"ev":"admit"' "$root/agents/w/journal.jsonl" |
		sed 's/.*"id":"\([^"]*\)","seq":\([0-9]*\).*/\2 \1/' |
		sort -n | cut -d' ' -f2
}

start_agent w
check 'ten clocks, one after the other: all are admitted' submit_all one
check 'all end' until_true 20 all_done
check 'the run order is the order of submission' \
	prints "$(printf 't%s\n' 1 2 3 4 5 6 7 8 9 10)" cat "$ORDER"
check 'the sequence numbers say the same' \
	prints "$(cat "$ORDER")" admission_order
kill "$agent_pid"
check 'the agent stops' waits 0 "$agent_pid"

# The agent's own clock is ten years behind in its second life.
faketime -f '-10y' spoolhand-agent --root "$root" w </dev/null \
	>>"$scratch/agent.log" 2>&1 &
check 'an agent whose clock was set back owns the desk' until_true 10 desk_held w
: >"$ORDER"
check 'more tasks run under it' spoolhand run w --id later --body x
check 'its sequence goes on' \
	prints 11 sed -n '/"ev":"admit"/s/.*"id":"later","seq":\([0-9]*\).*/\1/p' \
	"$root/agents/w/journal.jsonl"
done_testing
