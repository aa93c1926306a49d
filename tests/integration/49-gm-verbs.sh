#!/bin/bash
# up, down and resume of the command line, and the orchestrator: one protocol.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/fake.sh"
need spoolhand spoolhand-gm spoolhand-agent

up() {
	start spoolhand up
	up_pid=$start_pid
	until_true 10 gm_holder >/dev/null
}

make_spool <<'END'
agents:
  pm: {shell: cat}
END
check 'up' up
check 'is the orchestrator' prints "$up_pid" gm_holder
check 'and starts the agents' until_true 10 desk_held pm
check 'run' prints hello spoolhand -q run pm --body hello
check 'down waits for the end' spoolhand down --timeout 20s
check_not 'of all agents' desk_held pm
check 'and of up, with status 0' waits 0 "$up_pid"
check 'a second down finds nobody' exits 69 spoolhand down

# Asked while it has just begun: the request is not taken for an old one.
for i in 1 2 3 4 5; do
	up
	check "down at the first moment, $i" spoolhand down --timeout 20s
	check 'is honoured' waits 0 "$up_pid"
done
check_not 'and nothing is left of it' test -e "$root/gm/requests/down"

up
check 'down --now' spoolhand down --now --timeout 20s
check 'ends it as well' waits 0 "$up_pid"

fake_gm
cat >"$root/spoolhand.yaml" <<'END'
restart_backoff: 10ms
quarantine_after: 1
agents:
  pm: {shell: cat}
END
fake pm <<'END'
exit 1
END
start_gm
check 'an agent that dies is quarantined' \
	until_true 10 test -e "$root/gm/quarantine/pm"
check 'status says so' sh -c 'spoolhand status | grep -i quarantine'
fake pm <<'END'
exec sleep 1000
END
check 'resume' spoolhand resume pm
check 'starts it again' until_true 10 prints 2 starts pm
check_not 'and the quarantine is over' test -e "$root/gm/quarantine/pm"

done_testing
