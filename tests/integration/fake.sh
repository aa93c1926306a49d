# shellcheck shell=bash
# fake.sh - an agent program that does what a test wants (after lib.sh).
#
# The orchestrator takes the agent program from beside its own; fake_gm puts a
# copy of it beside a script, and start_gm starts that.  The script writes its
# pid to $scratch/starts-NAME, and then does what stands in $scratch/do-NAME,
# a piece of bash.
#
# fake_gm              from now on start_gm starts the copy
# fake NAME <<'END'    what agent NAME does when it is started
# starts NAME          prints how often it was started
# last_start NAME      prints the pid of its last start
# gm_says TEXT         true if the GM's log has a line with this fixed text

# shellcheck disable=SC2154 # scratch and gm_log are lib.sh's

fake_gm() {
	mkdir "$scratch/bin" &&
		cp "$SPOOLHAND_BIN/spoolhand-gm" "$scratch/bin/" &&
		cat >"$scratch/bin/spoolhand-agent" <<-'END' &&
			#!/bin/bash
			# spoolhand-agent --root DIR NAME
			echo "$$" >>"$SPOOLHAND_TEST/starts-$3"
			. "$SPOOLHAND_TEST/do-$3"
		END
		chmod +x "$scratch/bin/spoolhand-agent"
	# shellcheck disable=SC2034 # start_gm reads it
	GM=$scratch/bin/spoolhand-gm
}

fake() {
	cat >"$scratch/do-$1.new" && mv "$scratch/do-$1.new" "$scratch/do-$1"
}

starts() {
	if [ -e "$scratch/starts-$1" ]; then
		grep -c . "$scratch/starts-$1"
	else
		echo 0
	fi
}

last_start() {
	tail -n 1 "$scratch/starts-$1" 2>/dev/null
}

gm_says() {
	grep -qF -- "$1" "$gm_log"
}
