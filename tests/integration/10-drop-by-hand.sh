#!/bin/bash
# Whatever way a person or a program brings a file into an inbox, it is one
# task with all of its content.
# shellcheck source-path=SCRIPTDIR
. "$SPOOLHAND_SRC/tests/integration/lib.sh"
. "$SPOOLHAND_SRC/tests/integration/desk.sh"

need spoolhand-agent
command -v python3 >/dev/null || skip_all 'python3 is not installed'

# Is it told here whether a file is open for writing?  Then no quiet time is
# needed, however slowly it is written.
leases_work() {
	: >"$scratch/lease" && python3 - "$scratch/lease" <<-'END'
		import fcntl, os, sys
		fd = os.open(sys.argv[1], os.O_RDONLY)
		fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
	END
}

settle=2s
leases_work 2>/dev/null && settle=400ms

# What it is given and what lies in in/: the result says it all.
make_spool <<END
settle: $settle
agents:
  pm:
    shell: cat && cd "\$TASK_IN" && find . -type f -exec cat {} +
END
inbox=$root/agents/pm/inbox
start_agent pm

# brings ID FILE WHAT... - after these words, task ID is done with this content.
brings() {
	local id=$1 want=$2
	shift 2

	"$@" || { echo "'$*' failed"; return 1; }
	comes pm "$id" COMPLETED &&
		cmp "$want" "$root/agents/pm/outbox/$id/stdout"
}

text() {
	printf '# %s\n\nbody of %s\n' "$1" "$1" >"$1"
}

n=0
way() {
	n=$((n + 1))
	check "$1" brings "${@:2}"
}

text moved.md && cp moved.md want
way mv moved want mv moved.md "$inbox/"

text linked.md
way ln linked linked.md ln linked.md "$inbox/"

text copied.md
way cp copied copied.md cp copied.md "$inbox/"

cp copied.md reflinked.md
way 'cp -l, in another name' reflinked reflinked.md \
	cp -l reflinked.md "$inbox/reflinked.md"

redirect() {
	cat copied.md >"$inbox/redirected.md"
}
way '>' redirected copied.md redirect

nameless() {
	python3 - "$inbox" <<-'END'
		import os, sys
		inbox = os.open(sys.argv[1], os.O_DIRECTORY)
		fd = os.open(sys.argv[1], os.O_TMPFILE | os.O_WRONLY, 0o644)
		os.write(fd, open("copied.md", "rb").read())
		os.link("/proc/self/fd/%d" % fd, "nameless.md",
		        src_dir_fd=inbox, dst_dir_fd=inbox)
	END
}
way 'O_TMPFILE and linkat' nameless copied.md nameless

# The pauses are the writer's, which is slow; nobody waits for them.  One is
# longer than the quiet time.
slowly() {
	local at

	for ((at = 0; at < 10; at++)); do
		dd if=big.bin bs=1M skip="$at" count=1 status=none
		[ "$at" -eq 5 ] && sleep 0.9
		sleep 0.02
	done
}
slow_redirect() {
	slowly >"$inbox/slow.bin"
}
head -c 10M /dev/urandom >big.bin
way '10 MB written slowly' slow big.bin slow_redirect

slow_hidden() {
	slowly >"$inbox/.synced.bin.Xa81kd" &&
		mv "$inbox/.synced.bin.Xa81kd" "$inbox/synced.bin"
}
way '10 MB under a hidden name, then renamed, as rsync does' \
	synced big.bin slow_hidden

half_names() {
	local end

	for end in '~' .tmp .part .swp .crdownload; do
		echo half >"$inbox/half.md$end" || return
	done
	mv "$inbox/half.md.part" "$inbox/whole.md"
}
echo half >want
way 'a download that is renamed when it is whole' whole want half_names
check 'names of unfinished files are left alone' \
	test "$(ls -A "$inbox")" = "$(printf 'half.md%s\n' .crdownload .swp .tmp '~')"
rm "$inbox"/half*

if command -v rsync >/dev/null; then
	way rsync rsynced copied.md rsync copied.md "$inbox/rsynced.md"
else
	echo '# rsync is not installed'
fi

if command -v vim >/dev/null; then
	by_vim() {
		vim -N -u NONE -i NONE -es -c 'normal iby vim' \
			-c "write $inbox/vimmed.md" -c 'quit!' </dev/null
	}
	echo 'by vim' >want
	way 'a new file written by vim' vimmed want by_vim
else
	echo '# vim is not installed'
fi

# An editor sees first whether it can write there, with a file 4913; then it
# renames the old file, writes the new one, and removes the old.  The agent is
# held meanwhile, or there would be nothing left to edit.
edited() {
	kill -STOP "$agent_pid"
	echo 'first thoughts' >"$inbox/edited.md"
	: >"$inbox/4913" && rm "$inbox/4913"
	mv "$inbox/edited.md" "$inbox/edited.md~"
	cp copied.md "$inbox/edited.md"
	rm "$inbox/edited.md~"
	kill -CONT "$agent_pid"
}
way 'saved again by an editor' edited copied.md edited

# The probe of an editor while the agent looks.
probed() {
	: >"$inbox/4914" && rm "$inbox/4914"
	cp copied.md "$inbox/probed.md"
}
way 'a probe of an editor is no task' probed copied.md probed

mkdir moved-dir copied-dir
printf 'the task\n' | tee moved-dir/task.md >copied-dir/task.md
printf 'one attachment\n' | tee moved-dir/more.txt >copied-dir/more.txt
cat moved-dir/task.md moved-dir/more.txt >want
way 'a directory with an attachment, by mv' moved-dir want \
	mv moved-dir "$inbox/"
head -c 3M /dev/urandom >copied-dir/more.txt
cat copied-dir/task.md copied-dir/more.txt >want
way 'a directory with an attachment, by cp -r' copied-dir want \
	cp -r copied-dir "$inbox/"

cat >any.task.json <<'END'
{"id": "json", "title": "by a program", "body": "the body\n"}
END
echo 'the body' >want
way 'a .task.json' json want mv any.task.json "$inbox/"

printf -- '---\nthis: is no header\n---\nbut text\n' >rule.txt
way "a file that begins with '---' and is no Markdown" rule rule.txt \
	cp rule.txt "$inbox/"

printf -- '---\nid: named\npriority: high\n---\nwith a header\n' >header.md
echo 'with a header' >want
way 'Markdown with a header' named want mv header.md "$inbox/"

echo 'any text' >'minutes of the meeting'
cp minutes* want
way 'a name with blanks' minutes-of-the-meeting want \
	mv 'minutes of the meeting' "$inbox/"

echo one >same.md
way 'a name for the first time' same same.md cp same.md "$inbox/"
echo two >same.md
way 'the same name for the second time' same-2 same.md cp same.md "$inbox/"

# The first one was not lost by it, and nothing came twice.
check 'the first one is as it was' \
	prints one cat "$root/agents/pm/outbox/same/stdout"
check 'the agent is at rest' until_true "$soon" at_rest pm
check "all $n are done, no other came" has pm outbox "$n"
check 'each was admitted once' prints "$n" \
	grep -c '"ev":"admit"' "$root/agents/pm/journal.jsonl"
check 'each ran once' prints "$n" \
	grep -c '"to":"RUNNING","why"' "$root/agents/pm/journal.jsonl"
check 'nothing was rejected' has pm rejected 0
check 'nothing failed' has pm failed 0
done_testing
