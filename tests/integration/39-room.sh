#!/bin/bash
# A full desk: what max_pending keeps out stays in inbox/, untouched, and comes
# in when there is room, however that came about.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"

need spoolhand spoolhand-agent

# No rescan helps out: an event has to do it.
make_spool <<'END'
rescan: 1h
agents:
  w: {shell: "cat >/dev/null", max_pending: 2}
END
desk=$root/agents/w

count_is() {
	[ "$(find "$desk/$1" -mindepth 1 -maxdepth 1 ! -name '.*' | wc -l)" -eq "$2" ]
}

drop() {
	echo "$1" >"$scratch/$1.md" && mv "$scratch/$1.md" "$desk/inbox/"
}

refuses() {
	exits 75 spoolhand submit w --body x
}

start_agent w
spoolhand -q pause w
check 'paused' until_true 5 grep -q '"reason":"pause"' "$desk/journal.jsonl"
for i in a b c d; do drop "$i"; done
check 'two are admitted' until_true 5 count_is ready 2
check 'two stay where they were dropped' count_is inbox 2
check 'submit is refused with 75' refuses
check 'and leaves nothing' count_is inbox 2

spoolhand -q cancel w/a
check 'a cancelled one makes room for the next' until_true 5 test -e "$desk/failed/a"
check 'which comes in' until_true 5 count_is inbox 1
check 'never more than two wait' count_is ready 2
spoolhand -q resume w
check 'when tasks run, all come in and end' until_true 10 count_is outbox 3
check 'nothing is left in the inbox' count_is inbox 0
done_testing
