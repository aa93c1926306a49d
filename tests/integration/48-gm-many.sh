#!/bin/bash
# More agents than the orchestrator was given descriptors: it takes more, but
# hands no more on.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/fake.sh"
need spoolhand-gm

agents=120

fake_gm
{
	echo 'agents:'
	for ((i = 1; i <= agents; i++)); do
		echo "  a$i: {shell: cat}"
	done
} | make_spool

# Each says what limit it has once the orchestrator had time to set it.
cat >"$scratch/do-all" <<'END'
trap 'ulimit -Sn >>"$SPOOLHAND_TEST/limits"; exit 0' TERM
echo "$$" >>"$SPOOLHAND_TEST/running"
while :; do sleep 1000 & wait; done
END
for ((i = 1; i <= agents; i++)); do
	ln -s do-all "$scratch/do-a$i"
done

lines() {
	wc -l <"$scratch/$1"
}

ulimit -Sn 100
start_gm
check 'every agent is started' \
	prints "$agents" grep -c 'started pid=' "$gm_log"
check 'and runs' until_true 20 prints "$agents" lines running
kill "$gm_pid"
check 'all end when told' until_true 20 ended "$gm_pid"
check 'well' waits 0 "$gm_pid"
check 'each had the limit of before' prints "$agents" \
	grep -cx 100 "$scratch/limits"

done_testing
