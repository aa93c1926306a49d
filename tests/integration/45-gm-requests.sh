#!/bin/bash
# Requests to the orchestrator are files; what it cannot do comes back with a
# reason.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/fake.sh"
need spoolhand-gm

requests=$root/gm/requests
rejected=$root/gm/rejected

fake_gm
make_spool <<'END'
agents:
  planner: {shell: cat}
END
fake planner <<'END'
exec sleep 1000
END
start_gm

touch "$requests/dwon"
check 'an unknown request comes back' until_true 5 test -e "$rejected/dwon.why"
check 'itself' test -e "$rejected/dwon"
check 'with a remedy' grep -F 'down, down-now or resume.AGENT' \
	"$rejected/dwon.why"
check_not 'and is gone from where it was' test -e "$requests/dwon"
check 'it is logged once' prints 1 grep -c 'request=dwon' "$gm_log"

touch "$requests/resume.planer"
check 'an unknown agent comes back' \
	until_true 5 test -e "$rejected/resume.planer.why"
check 'with the nearest name' grep -F "did you mean 'planner'" \
	"$rejected/resume.planer.why"

mkdir "$requests/down"
check 'a folder is no request' until_true 5 test -e "$rejected/down.why"
ln -s "$SPOOLHAND_TEST/elsewhere" "$requests/down-now"
check 'nor is a link' until_true 5 test -e "$rejected/down-now.why"
touch "$requests/"$'new\nline'
check 'names are made fit to be seen' \
	until_true 5 test -e "$rejected/new-line.why"
check 'in the log, too' gm_says 'request=new\nline rejected'
touch "$requests/.down"
touch "$requests/resume.planner"
check 'who needs no resuming is left as it is' \
	until_true 5 test ! -e "$requests/resume.planner"
check 'started once' prints 1 starts planner
check 'dot names are nobody'\''s business' test -e "$requests/.down"
check 'it still runs' kill -0 "$gm_pid"

# The folder itself may be moved.
mv "$requests" "$root/gm/old"
check 'a folder that was moved away is made anew' until_true 5 test -d "$requests"
touch "$requests/down"
check 'and watched' until_true 10 ended "$gm_pid"
check 'to the end' waits 0 "$gm_pid"

# Where there are no events.
cat >"$root/spoolhand.yaml" <<'END'
watch: poll
poll: 50ms
agents:
  planner: {shell: cat}
END
start_gm
check 'it polls where it is told to' gm_says 'polling every 50 ms'
touch "$requests/down"
check 'and is heard' until_true 10 ended "$gm_pid"
check 'as ever' waits 0 "$gm_pid"

done_testing
