#!/bin/bash
# An agent's state is derived: what `status` shows is what the journal says,
# at every step of a life with all of them.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"

need spoolhand spoolhand-agent
command -v python3 >/dev/null || skip_all 'python3 is not installed'

make_spool <<'END'
agents:
  w:
    shell: test "$TASK_ID" != held || test -e "$GO" || exit 75; echo ok >&2; read -r line <"$FIFO"; echo "$line"
    retry: {base: 1h, cap: 1h}
END
export GO=$scratch/go FIFO=$scratch/fifo
mkfifo "$FIFO"

# BUSY if something is RUNNING, else BLOCKED if something is, else IDLE.
by_journal() {
	python3 - "$root/agents/w/journal.jsonl" <<'END'
import json, sys
last = {}
for line in open(sys.argv[1]):
    row = json.loads(line)
    if "id" in row and "to" in row:
        last[row["id"]] = row["to"]
states = set(last.values())
print("BUSY" if "RUNNING" in states else
      "BLOCKED" if "BLOCKED" in states else "IDLE")
END
}

by_status() {
	spoolhand status w --json | sed 's/.*"agent":"w","state":"\([A-Z]*\)".*/\1/'
}

agree() {
	[ "$(by_status)" = "$1" ] && [ "$(by_journal)" = "$1" ]
}

start_agent w
check 'nothing to do: IDLE' until_true 5 agree IDLE
spoolhand -q submit w --id first --body x >/dev/null
check 'one runs: BUSY' until_true 5 agree BUSY
echo go >"$FIFO"
check 'it ended: IDLE' until_true 5 agree IDLE
spoolhand -q submit w --id held --body x >/dev/null
check 'one waits to be tried again: BLOCKED' until_true 5 agree BLOCKED
spoolhand -q submit w --id second --body x >/dev/null
check 'another runs meanwhile: BUSY' until_true 5 agree BUSY
echo go >"$FIFO"
check 'and when it ended: BLOCKED' until_true 5 agree BLOCKED
touch "$GO"
spoolhand -q retry w/held
check 'asked for again it runs: BUSY' until_true 5 agree BUSY
echo go >"$FIFO"
check 'all ended: IDLE' until_true 5 agree IDLE
done_testing
