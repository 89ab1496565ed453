#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: --append ipv6.disable=1
#
# Who may do what, and what the kernel itself would refuse: features that are switched off, memory
# that is another's, rights of containers, lockdown (last: there is no way back).
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/programs/cprog/cprog.sh"

GUARDS=$BUILD/tests/guards.ko
DRIVERS=$BUILD/tests/drivers
# The numbers in the program's maps.
declare -A INDEX
while IFS=' :=;' read -r word name _ number _; do
	[ "$word" != const ] || INDEX[$name]=$number
done <tests/programs/guards.rs

seen() {
	local value
	value=$(bpftool -j map lookup name SEEN key "${INDEX[$1]}" 0 0 0)
	[[ $value =~ \"formatted\":.*\"value\":\"?([0-9]+) ]] || [[ $value =~ \"value\":\[\"0x(..)\" ]]
	echo $((16#${BASH_REMATCH[1]}))
}
param() {
	local i bytes=
	for ((i = 0; i < 8; i++)); do bytes+=" $(($2 >> 8 * i & 255))"; done
	# shellcheck disable=SC2086
	bpftool map update name PARAM key "${INDEX[$1]}" 0 0 0 value $bytes
}

# A process with these capabilities only, in a network namespace of its own, as in a container.
container() { unshare --net setpriv --bounding-set="-all$1" --inh-caps=-all "${@:2}"; }
# The user nobody, as root of namespaces of its own.
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups unshare --user --map-root-user --net "$@"; }

setup() { [ ! -e "$GUARDS" ] || rexctl load "$GUARDS"; }
teardown() {
	local file
	rm -f /run/modprobe.d/rex.conf
	umount /proc/cmdline 2>/dev/null || :
	for file in "$TMP"/*.pid; do [ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null || :; done
	[ ! -d /sys/module/guards ] || rexctl unload guards --force
	[ ! -d /sys/module/trace_helpers ] || rexctl unload trace_helpers --force
	[ ! -d /sys/module/rex ] || rmmod rex
}

test_no_address_is_local_when_ipv6_is_switched_off() {
	[ ! -e /proc/net/if_inet6 ] || fail "this kernel was not booted with ipv6.disable=1"
	head -c 64 /dev/zero >"$TMP/packet"
	contains "$(rexctl run guards:local --data-in "$TMP/packet")" XDP_PASS
	eq "$(seen LOCAL_V4) $(seen LOCAL_V6)" "1 0"
}

test_an_exiting_task_reads_no_memory_of_others() {
	param SECRET $((0x10000000))
	rexctl attach guards:leave kprobe cgroup_exit
	"$DRIVERS/leaver" 0x10000000 20
	eq "$(seen LEFT) $(seen LEAKED)" "20 0"
}

# It is smaller: what would be its position is a neighbour's, and another one for each.
test_a_raw_socket_of_protocol_tcp_has_no_position() {
	rexctl attach guards:raw fentry raw_sendmsg
	perl -MSocket -e 'for (1..100) {
		socket($s[$_], PF_INET, SOCK_RAW, 6) && send($s[$_], "x" x 20, 0, sockaddr_in(0, INADDR_LOOPBACK)) or die $! }'
	eq "$(seen RAW_SENT) $(seen RAW_POSITIONS)" "100 0"
}

# ---- rights -----------------------------------------------------------------------------------

may_nothing() {
	local command
	for command in info list 'show guards' 'fault guards' 'set guards enabled 0' 'set guards timing 1' \
		'set guards budget 9000000' 'bind-one guards 0 2 4 8 2 0' helpers; do
		# shellcheck disable=SC2086
		refuses "$@" "$CPROG/drive" $command
		case $command in
		# these make a BPF map or program before they ask
		bind-one* | helpers) ;;
		*) contains "$REFUSAL" "CAP_SYS_ADMIN in the initial user namespace" ;;
		esac
	done
	refuses "$@" rexctl status
	refuses "$@" rexctl monitor --timeout 1
	eq "$(drive show guards | head -n 1)" "$SHOWN"
}

test_net_admin_of_a_container_may_nothing() {
	SHOWN=$(drive show guards | head -n 1)
	may_nothing container ,+net_admin
	may_nothing container ,+net_admin,+net_raw,+bpf,+perfmon,+sys_module
}

test_root_of_a_user_namespace_may_nothing() {
	SHOWN=$(drive show guards | head -n 1)
	may_nothing nobody
}

test_root_of_another_network_namespace_may_all() {
	eq "$(unshare --net "$CPROG/drive" show guards)" "$(drive show guards)"
	unshare --net "$CPROG/drive" set guards enabled 0
	contains "$(rexctl status)" disabled
}

# listens NAME COMMAND...: in the background, as COMMAND says.
listens() {
	"${@:2}" "$DRIVERS/listener" guards >"$TMP/$1" &
	echo $! >"$TMP/$1.pid"
	wait_for 20 grep -q ready "$TMP/$1"
}

# Some join before the group is there, when nobody asks them for rights.
test_only_root_hears_events() {
	rexctl unload guards; rmmod rex
	listens early_nobody nobody
	listens early_container container ,+net_admin
	rexctl load "$GUARDS"
	listens nobody nobody
	listens container container ,+net_admin
	listens root
	listens root_elsewhere unshare --net
	rexctl disable guards
	rexctl enable guards
	wait_for 20 grep -q heard "$TMP/root"
	wait_for 20 grep -q heard "$TMP/root_elsewhere"
	# what is sent is there at once for all
	lacks "$(cat "$TMP"/early_nobody "$TMP"/early_container "$TMP"/nobody "$TMP"/container)" heard
}

# ---- what rex.ko keeps others from ------------------------------------------------------------

test_perf_event_max_stack_can_be_set_unless_a_program_reads_chains() {
	local max=/proc/sys/kernel/perf_event_max_stack
	echo 126 >$max
	rexctl load "$BUILD/tests/trace_helpers.ko"
	refuses sh -c "echo 127 >$max"
	rexctl unload trace_helpers
	echo 127 >$max
	eq "$(cat $max)" 127
}

# ---- signatures -----------------------------------------------------------------------------------

loads_signed_only() {
	refuses rexctl load "$1"
	[ ! -d /sys/module/guards ]
}

test_require_signed_of_modprobe_d_holds_for_a_build_tree() {
	rexctl unload guards; rmmod rex
	mkdir -p /run/modprobe.d
	echo "options rex require_signed=1" >/run/modprobe.d/rex.conf
	loads_signed_only "$GUARDS"
	contains "$REFUSAL" "it is not signed: rexc --sign"
}

# cmdline TEXT COMMAND...: with that on the kernel's command line.
cmdline() {
	echo "$(cat /proc/cmdline) $1" >"$TMP/cmdline"
	mount --bind "$TMP/cmdline" /proc/cmdline
	"${@:2}"
	umount /proc/cmdline
}
required() { cat /sys/module/rex/parameters/require_signed; }

test_require_signed_of_the_command_line_holds_for_REX_KO() {
	rexctl unload guards; rmmod rex
	export REX_KO=$BUILD/kmod/rex.ko
	cmdline rex.require_signed=1 loads_signed_only "$GUARDS"
	contains "$REFUSAL" "it is not signed: rexc --sign"
	rexctl load "$GUARDS"
}

test_require_signed_of_the_command_line_holds_for_insmod() {
	local words
	rexctl unload guards; rmmod rex
	for words in 'rex.require_signed=1' 'rex.require-signed' 'rex.require_signed=0 "rex.require_signed=on"' \
		'rex.require_signed=maybe'; do
		cmdline "$words" insmod "$BUILD/kmod/rex.ko" require_signed=0
		eq "$words $(required)" "$words Y"
		rmmod rex
	done
	for words in '' 'rex.require_signed=0' 'rex.require_signed_not=1' 'x.rex.require_signed=1' \
		'-- rex.require_signed=1'; do
		cmdline "$words" insmod "$BUILD/kmod/rex.ko"
		eq "$words $(required)" "$words N"
		rmmod rex
	done
	# nobody can tell
	cmdline "$(head -c 9000 /dev/zero | tr '\0' x)" insmod "$BUILD/kmod/rex.ko"
	eq "$(required)" Y
}

test_a_signature_of_an_unknown_key_is_no_missing_one() {
	rexctl unload guards; rmmod rex
	openssl req -new -x509 -nodes -subj /CN=nobody -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-keyout "$TMP/key.pem" -out "$TMP/cert.pem" 2>/dev/null
	"$BUILD/kernel/default/headers/scripts/sign-file" sha256 "$TMP/key.pem" "$TMP/cert.pem" \
		"$GUARDS" "$TMP/guards.ko"
	insmod "$BUILD/kmod/rex.ko" require_signed=1
	loads_signed_only "$TMP/guards.ko"
	contains "$REFUSAL" "it is signed, but not with a key that this kernel trusts"
	lacks "$REFUSAL" "is not signed"
}

# The copy that was checked, and not the file, which may be another by then.
test_the_kernel_gets_the_bytes_that_were_checked() {
	local trace=/sys/kernel/tracing events=/sys/kernel/tracing/events/syscalls/sys_enter_
	rexctl unload guards; rmmod rex
	: >$trace/trace
	tee ${events}{init,finit}_module/enable <<<1
	rexctl load "$GUARDS"
	tee ${events}{init,finit}_module/enable <<<0
	eq "$(grep -c 'sys_init_module(umod' $trace/trace)" 2
	eq "$(grep -c 'sys_finit_module(' $trace/trace)" 0
}

# ---- lockdown ------------------------------------------------------------------------------------

reads() {
	hostname rex-vm
	[ "$(seen KERNEL) $(seen KERNEL_STR) $(seen KERNEL_BYTES)" = "$1" ]
}

test_lockdown_of_confidentiality_ends_reads_of_the_kernel() {
	local lockdown=/sys/kernel/security/lockdown
	[ -e $lockdown ] || mount -t securityfs securityfs /sys/kernel/security
	contains "$(cat $lockdown)" '[none]'
	param BANNER $((0x$(awk '$3 == "linux_banner" { print $1; exit }' /proc/kallsyms)))
	rexctl attach guards:kernel kprobe __x64_sys_sethostname
	reads "0 0 16" || fail "nothing is read: $(bpftool map dump name SEEN)"
	echo confidentiality >$lockdown
	# a program that is loaded finds out within a second of reading
	wait_for 20 reads "1 1 0"
	reads "1 1 0"
	# and no unsigned module is loaded any more
	rexctl unload guards --force
	refuses rexctl load "$GUARDS"
	contains "$REFUSAL" "it is not signed: rexc --sign"
}

tap_run
