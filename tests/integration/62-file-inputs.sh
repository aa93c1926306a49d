#!/bin/bash
# inputs: file:/PATH - a task waits for a file outside of the spool, in whatever
# way it comes, and finds it in in/ when it starts.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand spoolhand-agent

# A rescan would find all of this, too, but not within this test.
make_spool <<'END'
durability: process
rescan: 1h
settle: 200ms
agents:
  w: {shell: 'cd "$TASK_IN" && find . -type f | sort | xargs -r head -c 100'}
END
desk=$root/agents/w
data=$scratch/data
mkdir "$data"
start_agent w

# task ID INPUT... - one that waits for these.
task() {
	local id=$1
	shift

	{
		printf -- '---\nid: %s\ninputs:\n' "$id"
		printf "  - '%s'\n" "$@"
		echo ---
	} | put w "$id.md"
}
waits_for() {
	until_true "$soon" holds w pending "$@"
}
sees() {
	prints "$2" cat "$desk/outbox/$1/stdout"
}
moves_of() {
	sed -nE 's/.*"ev":"(move|end)","id":"'"$1"'".*"to":"([A-Z]*)".*/\2/p' \
		"$desk/journal.jsonl" | paste -sd' '
}

# --- each way of coming --------------------------------------------------------

task moved "file:$data/moved.csv"
check 'a file that is not there is waited for' waits_for moved
check 'why' spoolhand why w/moved
check 'names the file' said "file:$data/moved.csv"
check 'and what is the matter' said 'there is no such file'
echo content >"$data/.moved" && mv "$data/.moved" "$data/moved.csv"
check 'it comes by mv' comes w moved COMPLETED
check 'it is in in/' sees moved "$(head -c 100 "$data/moved.csv")"
check 'it was READY once' prints 'READY RUNNING COMPLETED' moves_of moved
check 'the file is left where it is' test -e "$data/moved.csv"

task linked "file:$data/linked.csv"
check 'another waits' waits_for linked
ln "$data/moved.csv" "$data/linked.csv"
check 'a link is a file' comes w linked COMPLETED

task there "file:$data/moved.csv"
check 'one that is there already' comes w there COMPLETED

task symbolic "file:$data/symbolic"
check 'one for a symbolic link' waits_for symbolic
ln -s moved.csv "$data/symbolic"
check 'has what it leads to' comes w symbolic COMPLETED

# Written in three pieces; in between the agent has looked at it, for another
# task that came later has run.
task slow "file:$data/slow.csv"
task beside "file:$data/beside-1" "file:$data/beside-2"
check 'two wait' waits_for slow beside
exec 9>"$data/slow.csv"
echo one >&9
echo x >"$data/beside-1"
check 'one that is written to is waited for' waits_for slow beside
check 'why' spoolhand why w/slow
check 'says so' said 'is being written to'
echo two >&9
echo x >"$data/beside-2"
check 'another of that folder runs' comes w beside COMPLETED
check 'the first waits on' waits_for slow
echo three >&9
exec 9>&-
check 'when it is closed, it runs' comes w slow COMPLETED
check 'with all of it' sees slow $'one\ntwo\nthree'

task empty "file:$data/empty"
check 'one for an empty file' waits_for empty
: >"$data/empty"
check 'which is there after a quiet time' comes w empty COMPLETED

# --- folders that come later ---------------------------------------------------

task deep "file:$data/a/b/c/deep.csv"
check 'a folder that is not there is waited for' waits_for deep
check 'why' spoolhand why w/deep
check 'says so' said "there is no folder $data/a/b/c"
mkdir "$data/a"
check 'the first comes, it waits on' waits_for deep
mkdir -p "$data/a/b/c"
echo deep >"$data/a/b/c/deep.csv"
check 'all come, and the file' comes w deep COMPLETED
task folder "file:$data/n/x"
check 'another folder' waits_for folder
mkdir "$scratch/made" && echo x >"$scratch/made/x" && mv "$scratch/made" "$data/n"
check 'comes with the file in it' comes w folder COMPLETED
task removed "file:$data/r/x"
mkdir "$data/r"
check 'one for a folder' waits_for removed
rm -r "$data/r"
check 'that is removed' waits_for removed
mkdir "$data/r" && echo x >"$data/r/x"
check 'and made again' comes w removed COMPLETED

# --- patterns ------------------------------------------------------------------

mkdir "$data/in"
touch "$data/in/other.txt" "$data/in/.hidden.csv" "$data/in/c.csv.part"
mkdir "$data/in/folder.csv"
task glob "file:$data/in/*.csv"
check 'nothing matches yet' waits_for glob
check 'why' spoolhand why w/glob
check 'says so' said 'no file matches'
check 'it is held up' pause w
check 'and knows' paused w
echo A >"$data/in/a.csv"
check 'one comes, and it is READY' until_true "$soon" holds w ready glob
echo B >"$data/in/b.csv"
unpause w
check 'it runs' comes w glob COMPLETED
check 'with all that match by then' sees glob $'==> ./a.csv <==\nA\n\n==> ./b.csv <==\nB'
task one "file:$data/in/[b-z].csv" "w/glob/none"
check 'an artifact that is missing counts as before' \
	comes w one WITHDRAWN dependency_failed

# --- what cannot be ------------------------------------------------------------

refused() {
	until_true "$soon" test -e "$desk/rejected/$1.md.why" &&
		grep -F -- "$2" "$desk/rejected/$1.md.why"
}
task relative 'file:data/x.csv'
check 'a relative path is refused' refused relative \
	"relative.md:4:5: inputs: 'file:data/x.csv' is not an absolute path"
task dirs "file:$data/*/x.csv"
check 'a pattern of folders is refused' refused dirs 'has a pattern for a folder'
task both "file:$data/in/a.csv" "file:$data/other/a.csv"
check 'two at one place are refused' refused both 'would both be at in/a.csv'
check '64: an option like that' exits 64 spoolhand submit w --body x --input file:x
check 'is told of' said -- "--input: 'file:x' is not an absolute path"
check 'two that a pattern brings to one place' spoolhand -q submit w --id clash \
	--body x --input "file:$data/in/a*" --input "file:$data/in/*.csv"
check 'fail when it starts' comes w clash FAILED inputs
clash_is_told() {
	fact w clash message | grep -F 'two inputs would be at in/a.csv'
}
check 'and say which' clash_is_told
mkfifo "$data/fifo"
task fifo "file:$data/fifo"
task isdir "file:$data/in"
check 'no file, never opened: waited for' waits_for fifo isdir
check 'given up' spoolhand -q cancel w/fifo w/isdir
check 'the first' comes w fifo WITHDRAWN cancelled
check 'the second' comes w isdir WITHDRAWN cancelled

# --- over a restart ------------------------------------------------------------

task down "file:$data/down.csv"
task up "file:$data/late/up.csv"
check 'two wait' waits_for down up
kill -9 "$agent_pid"
wait "$agent_pid" 2>/dev/null
echo x >"$data/down.csv"
start_agent w
check 'one came while the agent was down' comes w down COMPLETED
check 'the other waits on' waits_for up
mkdir "$data/late" && echo x >"$data/late/up.csv"
check 'and comes' comes w up COMPLETED
task gone "file:$data/gone.csv"
pause w
check 'it is held up' paused w
echo x >"$data/gone.csv"
check 'one is READY' until_true "$soon" holds w ready gone
rm "$data/gone.csv"
unpause w
check 'and its file is taken away' comes w gone FAILED inputs

# --- many ----------------------------------------------------------------------

drop_many() {
	local i

	mkdir "$data/many" &&
		for ((i = 0; i < 200; i++)); do
			task "n$i" "file:$data/many/$i" || return
		done
}
check '200 tasks for 200 files' drop_many
check 'wait' until_true "$soon" has w pending 200
bring_many() {
	local i

	for ((i = 199; i >= 0; i--)); do
		echo "$i" >"$data/many/$i"
	done
}
check 'which come' bring_many
all_many() {
	[ "$(find "$desk/outbox" -maxdepth 1 -name 'n[0-9]*' | wc -l)" -eq 200 ]
}
check 'and all run' until_true "$soon" all_many

# --- who may -------------------------------------------------------------------

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
if [ "$(id -u)" -eq 0 ] && as_nobody true 2>/dev/null; then
	chmod 755 "$lib_base" "$scratch"
	chmod 1777 "$desk/inbox"
	printf -- '---\ninputs: ["file:%s/moved.csv"]\n---\n' "$data" >theirs.md
	chmod 644 theirs.md
	as_nobody cp theirs.md "$desk/inbox/theirs.md"
	check 'another user may not have the agent read for him' \
		refused theirs "only its own user or root may ask for"
	mkdir folder && cp theirs.md folder/task.md
	chown -R 65534:65534 folder && mv folder "$desk/inbox/folder"
	check 'nor in a folder' until_true "$soon" test -e \
		"$desk/rejected/folder.why"
fi

# --- polling -------------------------------------------------------------------

kill "$agent_pid"
check 'the agent stops' waits 0 "$agent_pid"
sed -i '1i watch: poll\npoll: 50ms' "$root/spoolhand.yaml"
start_agent w
task polled "file:$data/p/*.csv"
check 'without events' waits_for polled
mkdir "$data/p" && echo x >"$data/p/x.csv"
check 'a file is found as well' comes w polled COMPLETED
exec 9>"$data/p/y"
echo x >&9
task written "file:$data/p/y"
task after "file:$data/p/x.csv"
check 'another is done' comes w after COMPLETED
check 'one that is written to is waited for' waits_for written
exec 9>&-
check 'till it is closed' comes w written COMPLETED
done_testing
