#!/bin/bash
# A place that is moved away, replaced or removed while the agent runs is
# noticed at once, told of, and the new one is used.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

# A rescan would find it, too, but not within this test.
make_spool <<'END'
rescan: 1h
agents:
  w: {shell: cat}
END
desk=$root/agents/w
log=$scratch/agent-w.log
start_agent w

said_times=0
# noticed PLACE - it says once more that this was replaced.
noticed() {
	said_times=$((said_times + 1))
	until_true "$soon" enough_said "$1"
}
enough_said() {
	[ "$(grep -cE "(inbox|requests)/ was moved or replaced" "$log")" \
		-ge "$said_times" ] &&
		grep -F "$1/ was moved or replaced" "$log"
}

drops() {
	echo "the $1" >"$1.md" && mv "$1.md" "$desk/inbox/" &&
		comes w "$1" COMPLETED
}

# Whether it is ours or the agent has made it again already is all the same.
new_one() {
	mkdir -p "$desk/$1"
}

there_again() {
	until_true "$soon" test -d "$desk/$1"
}

check 'a drop before' drops before

# --- inbox/ ------------------------------------------------------------------

echo 'half of it' >"$desk/inbox/.unfinished"
mv "$desk/inbox" "$scratch/away" && new_one inbox
check 'moved away and replaced: that is noticed' noticed inbox
check 'the new one works' drops replaced

echo 'not for the agent' >"$scratch/away/stray.md"
mv "$scratch/away/.unfinished" "$scratch/away/finished.md"
echo 'in the new one' >"$desk/inbox/finished.md"
check 'a drop of a name that is in the old one, too' \
	comes w finished COMPLETED
check 'is that of the new one' \
	prints 'in the new one' spoolhand result w/finished
check 'what lies in the old one is not touched' prints 'finished.md stray.md' \
	sh -c "cd '$scratch/away' && echo *"
check_not 'nor ever run' spoolhand why w/stray

mv "$desk/inbox" "$scratch/away-2"
check 'moved away and not replaced: that is noticed' noticed inbox
check 'there is one again' there_again inbox
check 'it works' drops moved

rmdir "$desk/inbox"
check 'removed and not replaced: that is noticed' noticed inbox
check 'there is one again' there_again inbox
check 'it works' drops removed

rmdir "$desk/inbox" && new_one inbox
check 'removed and replaced: that is noticed' noticed inbox
check 'the new one works' drops removed-too

# By a rename over it, there is no moment without one.
mkdir "$desk/.new" && echo 'was there before' >"$desk/.new/inside.md"
mv -T "$desk/.new" "$desk/inbox"
check 'replaced by another folder: that is noticed' noticed inbox
check 'what lay in it is done' comes w inside COMPLETED
check 'it works' drops renamed

# The first one comes back, with what has been in it all along.
mv "$desk/inbox" "$scratch/away-3"
there_again inbox
rmdir "$desk/inbox"
mv -T "$scratch/away" "$desk/inbox"
said_times=$((said_times + 1))
check 'the old one comes back: that is noticed' noticed inbox
check 'now it is done' comes w stray COMPLETED
check 'it works' drops returned

# --- requests/ ---------------------------------------------------------------

asks() {
	touch "$desk/requests/pause" && paused w &&
		touch "$desk/requests/resume" && unpaused w
}
mv "$desk/requests" "$scratch/asked" && new_one requests
check 'requests/ moved away and replaced: that is noticed' noticed requests
check 'the new one works' asks
touch "$scratch/asked/pause"
rmdir "$desk/requests"
check 'removed and not replaced: that is noticed' noticed requests
check 'there is one again' there_again requests
check 'it works' asks
check 'what lies in the old one is not touched' test -e "$scratch/asked/pause"
check 'nor honoured' drops unpaused

# What it is asked for is not forgotten with the folder it was asked in.
pause w && check 'it pauses' paused w
mv "$desk/requests" "$scratch/asked-2" && new_one requests
check 'moved away while paused: that is noticed' noticed requests
check 'the new one has no pause, and it goes on' drops free

# --- the agent is none the worse ---------------------------------------------

check 'the agent is the one that it was' \
	prints "$agent_pid" desk_pid w
check 'nothing was rejected' has w rejected 0
check 'fsck finds nothing' spoolhand fsck w
kill "$agent_pid"
check 'it ends' until_true "$soon" ended "$agent_pid"
check 'well' waits 0 "$agent_pid"
done_testing
