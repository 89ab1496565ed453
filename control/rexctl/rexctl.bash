# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion for bash: source it, or install it as bash-completion/completions/rexctl.
_rexctl() {
	local words='' cur=${COMP_WORDS[COMP_CWORD]} first=1
	# Behind the global option, words count from the command on.
	[ "${COMP_WORDS[1]}" != --netns ] || first=3
	local at=$((COMP_CWORD - first)) command=${COMP_WORDS[first]:-} hook=${COMP_WORDS[first + 2]:-}
	COMPREPLY=()
	programs() { rexctl status --json 2>/dev/null | grep -o '"name":"[^"]*","id"' | cut -d'"' -f4; }
	interfaces() { command ls /sys/class/net; }
	# As many as there are, so only those that begin with what is typed.
	functions() { [ "${#cur}" -lt 4 ] || grep "^$cur" /sys/kernel/tracing/available_filter_functions 2>/dev/null | cut -d' ' -f1; }
	case $command:$at in
	*:0) words="--netns help load replace unload attach detach status events run monitor enable disable set inspect bmc nic" ;;
	load:1 | replace:1 | inspect:1) mapfile -t COMPREPLY < <(compgen -f -X '!*.ko' -- "$cur"); compopt -o filenames 2>/dev/null; return ;;
	unload:1 | attach:1 | detach:1 | run:1 | enable:1 | disable:1 | set:1) words=$(programs) ;;
	attach:2 | detach:2) words="xdp tc tcx kprobe kretprobe uprobe uretprobe tracepoint raw_tracepoint fentry fexit perf_event cgroup_skb" ;;
	nic:2) words=$(interfaces) ;;
	attach:3 | detach:3) case $hook in
		xdp | tc | tcx) words=$(interfaces) ;;
		kprobe | kretprobe | fentry | fexit) words=$(functions) ;;
		perf_event) words="cpu-clock task-clock cycles instructions cache-misses branch-misses page-faults context-switches cpu-migrations" ;;
		uprobe | uretprobe) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
		cgroup_skb) mapfile -t COMPREPLY < <(compgen -d -- "${cur:-/sys/fs/cgroup/}"); return ;;
		esac ;;
	attach:4 | detach:4) case $hook in
		xdp) words="native generic" ;;
		tc | tcx | cgroup_skb) words="ingress egress" ;;
		perf_event) words="freq= period= cpu= pid=" ;;
		esac ;;
	attach:5 | detach:5) [ "$hook" != perf_event ] || words="cpu= pid=" ;;
	events:1) words=$(programs) ;;
	events:*) words="--count --timeout --json --raw" ;;
	unload:*) words=--force ;;
	replace:2) words=--fallback ;;
	replace:3) mapfile -t COMPREPLY < <(compgen -f -X '!*.ko' -- "$cur"); compopt -o filenames 2>/dev/null; return ;;
	set:2 | set:4) words="budget timing" ;;
	set:3) [ "$hook" != timing ] || words="on off" ;;
	bmc:1) words="start stop status stats flush" ;;
	bmc:*) case ${COMP_WORDS[first + 1]} in
		start) case ${COMP_WORDS[COMP_CWORD - 1]} in
			--dev) words=$(interfaces) ;;
			--port) words=11211 ;;
			--memory) words="64M 512M 1G" ;;
			--max-age) words="0 1s" ;;
			--mode) words="native generic" ;;
			*) words="--port --dev --memory --max-age --mode --foreground" ;;
			esac ;;
		status) words=--json ;;
		stats) words="--json --prometheus" ;;
		esac ;;
	nic:1) words="show set" ;;
	nic:3) [ "${COMP_WORDS[first + 1]}" = set ] && words=channels || words=--json ;;
	status:*) words=--json ;;
	monitor:*) words="--json --count --timeout" ;;
	run:*) case ${COMP_WORDS[COMP_CWORD - 1]} in
		--data-in | --data-out) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
		*) words="--data-in --data-out --repeat --json" ;;
		esac ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	unset -f programs interfaces functions
}
complete -F _rexctl rexctl
