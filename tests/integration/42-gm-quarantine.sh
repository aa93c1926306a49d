#!/bin/bash
# An agent that keeps dying is left down, with a reason and a remedy, until it
# is resumed; the others are not disturbed.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/fake.sh"
need spoolhand-gm

file=$root/gm/quarantine/pm

ends_gm() {
	kill "$gm_pid"
	until_true 10 ended "$gm_pid"
}

fake_gm
make_spool <<'END'
restart_backoff: 10ms
restart_backoff_max: 20ms
quarantine_after: 4
quarantine_window: 1m
agents:
  pm: {shell: cat}
  good: {shell: cat}
END
fake good <<'END'
exec sleep 1000
END
fake pm <<'END'
exit 7
END
start_gm
check 'it is quarantined' until_true 10 test -e "$file"
check 'after as many deaths as configured' prints 4 starts pm
check 'the file says how often' \
	grep -F 'ended 4 times within 1m00s' "$file"
check 'and how it ended' grep -F 'exit status 7' "$file"
check 'and the remedy' grep -F 'spoolhand resume pm' "$file"
check 'in one line' prints 1 grep -c . "$file"
check 'it is logged once' prints 1 grep -c 'agent=pm quarantined' "$gm_log"
check 'the other agent runs' kill -0 "$(last_start good)"
check 'and was started once' prints 1 starts good

start_gm_again() {
	ends_gm && start_gm
}
check 'the orchestrator is restarted' start_gm_again
check 'and knows the quarantine' gm_says 'agent=pm is in quarantine: ended 4'
check 'and does not start the agent' prints 4 starts pm

fake pm <<'END'
exec sleep 1000
END
started() { [ "$(starts "$1")" -ge "$2" ]; }
touch "$root/gm/requests/resume.pm"
check 'a request starts it again' until_true 5 started pm 5
check_not 'the quarantine is gone' test -e "$file"
check 'and so is the request' \
	until_true 5 test ! -e "$root/gm/requests/resume.pm"
check 'it runs' kill -0 "$(last_start pm)"

# The end that takes it there; nothing of the past counts any more.
fake pm <<'END'
kill -9 $$
END
kill "$(last_start pm)"
check 'a signal is named' until_true 10 grep -qs 'signal 9 (Killed)' "$file"
check 'resuming has wiped the slate' prints 8 starts pm

fake pm <<'END'
exec sleep 1000
END
ends_gm >/dev/null
touch "$root/gm/requests/resume.pm"
start_gm
check 'a request from before the start is honoured' until_true 5 started pm 9

# Ends that leave no hope.
for status in 78 127; do
	n=$(starts pm)
	printf 'exit %d\n' "$status" | fake pm
	kill "$(last_start pm)"
	check "exit status $status is given no second try" \
		until_true 5 grep -qs "exit status $status" "$file"
	check 'not one' prints $((n + 1)) starts pm
	fake pm <<-'END'
		exec sleep 1000
	END
	rm "$file"
	touch "$root/gm/requests/resume.good"
	touch "$root/gm/requests/resume.pm"
	check 'it is resumed' until_true 5 started pm $((n + 2))
done

# A program that is no program.
printf '#!/nowhere/at/all\n' >"$scratch/bin/spoolhand-agent"
kill "$(last_start pm)"
check 'a program that cannot be run is quarantined' \
	until_true 5 grep -qs "cannot run '.*spoolhand-agent'" "$file"
check 'with the remedy' grep -F 'spoolhand resume pm' "$file"

# Removed by hand, noticed at the next look.
check 'the orchestrator ends' ends_gm
cat >"$root/spoolhand.yaml" <<'END'
rescan: 1s
agents:
  pm: {shell: cat}
END
printf '#!/bin/bash\necho $$ >>"%s"\nexec sleep 1000\n' \
	"$scratch/starts-pm" >"$scratch/bin/spoolhand-agent"
start_gm
n=$(starts pm)
rm "$file"
check 'removing the file lifts the quarantine' \
	until_true 5 started pm $((n + 1))

done_testing
