#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: --nic 4 --rss --smp 4 --device vmxnet3 --device e1000e
# rexctl nic and check: netdevsim, veth, a virtio-net card with four queue pairs and RSS, and two drivers of
# hardware that QEMU emulates: vmxnet3 (rings, channels, RSS) and e1000e (rings, coalescing).
. "$(dirname "$0")/../lib/tap.sh"

OTHER=$BUILD/tests/pass.bpf.o

# Debian's own kernels have no netdevsim; others may.
need_netdevsim() {
	modprobe netdevsim 2>/dev/null || skip "this kernel has no netdevsim (CONFIG_NETDEVSIM)"
	echo "1 1 4" >/sys/bus/netdevsim/new_device
	wait_for 5 test -n "$(ls /sys/bus/netdevsim/devices/netdevsim1/net)"
	SIM=$(ls /sys/bus/netdevsim/devices/netdevsim1/net)
}

teardown() {
	[ ! -e /sys/bus/netdevsim/devices/netdevsim1 ] || echo 1 >/sys/bus/netdevsim/del_device
	! grep -q ^netdevsim /proc/modules || rmmod netdevsim
	[ ! -e /sys/class/net/rv0 ] || ip link del rv0
	[ ! -e /run/netns/rexnic ] || ip netns del rexnic
	rm -rf /var/lib/rex/nic
}

# card DRIVER: the name of its interface
card() {
	local dev
	for dev in /sys/class/net/*/device/driver; do
		[ -e "$dev" ] || continue
		case $(readlink "$dev") in */"$1") basename "$(dirname "$(dirname "$dev")")"; return ;; esac
	done
}

test_show_netdevsim() {
	local out
	need_netdevsim
	out=$(rexctl nic show "$SIM")
	contains "$out" "$SIM: down"
	contains "$out" "netdevsim1"
	contains "$out" "of at most 4"
	contains "$(rexctl nic show "$SIM" --json)" '"max":4'
	rexctl nic show "$SIM" --json | perl -MJSON::PP -ne 'decode_json($_)'
}

test_set_channels_of_netdevsim() {
	need_netdevsim
	rexctl nic set "$SIM" channels 2
	contains "$(rexctl nic show "$SIM")" "2 of at most 4"
	contains "$(ethtool -l "$SIM" | tail -4)" "2"
	rexctl nic set "$SIM" channels 4
	contains "$(rexctl nic show "$SIM")" "4 of at most 4"
}

test_wrong_numbers_of_channels_are_refused() {
	ip link add rv0 numrxqueues 4 numtxqueues 4 type veth peer name rv1 numrxqueues 4 numtxqueues 4
	rexctl nic set rv0 channels 2
	refuses rexctl nic set rv0 channels 5
	contains "$REFUSAL" '"rv0" has at most 4 channels; 5 are not possible'
	refuses rexctl nic set rv0 channels 0
	refuses rexctl nic set rv0 channels many
	contains "$REFUSAL" '"many"'
	refuses rexctl nic set rv0 rings 5
	contains "$REFUSAL" '"rings"'
	contains "$(rexctl nic show rv0)" "rx channels        2 of at most 4"
}

test_an_interface_without_channels() {
	contains "$(rexctl nic show lo)" "fixed by the driver"
	refuses rexctl nic set lo channels 1
	contains "$REFUSAL" "fixed number of channels"
	refuses rexctl nic show nosuchif
	contains "$REFUSAL" '"nosuchif"'
}

test_rx_and_tx_channels_of_veth() {
	ip link add rv0 numrxqueues 4 numtxqueues 4 type veth peer name rv1 numrxqueues 4 numtxqueues 4
	contains "$(rexctl nic show rv0)" "rx channels"
	contains "$(rexctl nic show rv0)" "driver             veth"
	rexctl nic set rv0 channels 3
	contains "$(rexctl nic show rv0)" "rx channels        3 of at most 4"
	contains "$(rexctl nic show rv0)" "tx channels        3 of at most 4"
	refuses rexctl nic set rv0 channels 5
	contains "$REFUSAL" "at most 4"
	ip link del rv0
}

test_virtio_with_four_queue_pairs() {
	local nic
	modprobe virtio_net
	wait_for 5 compgen -G '/sys/class/net/*/device/driver'
	nic=$(card virtio_net)
	[ -n "$nic" ] || fail "no virtio-net card in this VM"
	contains "$(rexctl nic show "$nic")" "combined channels"
	contains "$(rexctl nic show "$nic")" "driver             virtio_net"
	contains "$(rexctl nic show "$nic")" "of at most 4"
	rexctl nic set "$nic" channels 2
	contains "$(rexctl nic show "$nic")" "2 of at most 4"
	contains "$(ethtool -l "$nic" | sed -n '/Current/,$p')" "Combined:	2"
	refuses rexctl nic set "$nic" channels 9
	contains "$REFUSAL" "at most 4"
}

# ---- every setting, changed and put back

# need_card DRIVER: in $NIC, up.
need_card() {
	modprobe "$1"
	wait_for 5 eval "[ -n \"\$(card $1)\" ]"
	NIC=$(card "$1")
	ip link set "$NIC" up
}

veth_of_four() {
	ip link add rv0 numrxqueues 4 numtxqueues 4 type veth peer name rv1 numrxqueues 4 numtxqueues 4
}

# What other tools see of interface $1. ethtool fails for what a driver lacks.
seen() {
	local option irq dir=/sys/class/net/$1
	local files=("$dir"/queues/*/[xr]ps_cpus "$dir"/{threaded,gro_flush_timeout,napi_defer_hard_irqs})
	for option in -l -g -c -k -x; do ethtool $option "$1" 2>&1; done || :
	for option in udp4 udp6; do ethtool -n "$1" rx-flow-hash $option 2>&1; done || :
	for irq in "$dir"/device/msi_irqs/* "$dir"/device/../msi_irqs/*; do
		[ ! -e "/proc/irq/${irq##*/}" ] || files+=("/proc/irq/${irq##*/}/smp_affinity_list")
	done
	grep -H . "${files[@]}" 2>/dev/null || :
}

# put_back IF SETTING...: each setting is seen to change something; all of them are put back.
put_back() {
	local nic=$1 before after
	shift
	before=$(seen "$nic")
	[ ! -e "/var/lib/rex/nic/$nic" ] || fail "there is a state already"
	for words; do
		# shellcheck disable=SC2086	# words
		rexctl nic set "$nic" $words
		after=$(seen "$nic")
		[ "$after" != "$before" ] || fail "\"$words\" changed nothing"
	done
	contains "$(cat "/var/lib/rex/nic/$nic")" "name $nic"
	contains "$(rexctl nic restore "$nic")" "put back"
	eq "$(seen "$nic")" "$before"
	[ ! -e "/var/lib/rex/nic/$nic" ] || fail "the state is still there"
	refuses rexctl nic restore "$nic"
	contains "$REFUSAL" '"rexctl nic set" and "rexctl nic save" write it'
}

test_settings_of_vmxnet3_are_put_back() {
	need_card vmxnet3
	contains "$(rexctl nic show "$NIC")" "rss table          of 128 places, queue 0: 32, queue 1: 32"
	contains "$(rexctl nic show "$NIC")" "interrupts         $NIC-rxtx-0 0-3, $NIC-rxtx-1"
	put_back "$NIC" "rings rx=512,tx=256" "rss table=equal:2" "irq-affinity spread=1-2" "offload rxvlan=off,lro=off" \
		"xps spread=0-1 rps all=1-2" "napi-threaded on" "busy-poll gro-flush-timeout=20000,defer-hard-irqs=2"
	rexctl nic set "$NIC" rss table=equal:2 irq-affinity "$NIC-rxtx-1=3"
	contains "$(ethtool -x "$NIC")" "    8:      0     1     0     1"
	contains "$(rexctl nic show "$NIC" --json)" "\"$NIC-rxtx-1\":\"3\""
	contains "$(rexctl nic show "$NIC")" "queue 0: 64, queue 1: 64"
	contains "$(rexctl nic set "$NIC" rings rx=600)" "rings rx: the driver made 6"
	refuses rexctl nic set "$NIC" rings rx=5000
	contains "$REFUSAL" "at most 4096 rx rings; 5000 are not possible"
	refuses rexctl nic set "$NIC" rss table=0,1
	contains "$REFUSAL" "128 numbers of queues"
	rexctl nic restore "$NIC"
}

test_settings_of_e1000e_are_put_back() {
	need_card e1000e
	contains "$(rexctl nic show "$NIC")" "rss hash fields    tcp4 sdfn"
	contains "$(rexctl nic show "$NIC")" "has no native XDP"
	put_back "$NIC" "rings rx=512" "coalesce rx-usecs=30" "irq-affinity all=2" "offload rx-vlan-hw-parse=off"
}

test_settings_of_virtio_are_put_back() {
	need_card virtio_net
	rexctl nic set "$NIC" channels 4
	rm "/var/lib/rex/nic/$NIC"
	contains "$(rexctl nic show "$NIC")" "xps                tx-0 0, tx-1 1"
	put_back "$NIC" "rings rx=128" "channels 2 xps spread=3 offload gro-hw=off" "irq-affinity all=1"
}

test_settings_of_veth_are_put_back() {
	local end
	veth_of_four
	for end in rv0 rv1; do	# with nothing to send: it would come from queues that are gone
		sysctl -qw net.ipv6.conf.$end.disable_ipv6=1
		ip link set $end up
	done
	put_back rv0 "channels rx=3,tx=2" "channels 1 offload gro=on" "rps spread=0-3 napi-threaded on"
}

test_all_settings_or_none() {
	local before
	veth_of_four
	before=$(seen rv0)
	refuses rexctl nic set rv0 channels 2 offload gro=on rps rx-0=1 busy-poll defer-hard-irqs=many
	contains "$REFUSAL" '"many" is not a number; nothing was changed'
	refuses rexctl nic set rv0 channels 2 rps rx-3=1
	contains "$REFUSAL" '"rv0" has no queue rx-3'
	eq "$(seen rv0)" "$before"
	[ ! -e /var/lib/rex/nic/rv0 ] || fail "a state was left"
	for words in 'rings rx=5' 'rss table=equal:2' 'rss-hash udp4=sdfn' 'rss-hash udp4=xyz' 'offload nosuch=on' \
		'offload gro=maybe' 'xps tx-9=0' 'xps tx-0=3-1' 'xps tx-0=99999' 'irq-affinity 5=0' 'coalesce speed=3' 'rings 5'; do
		# shellcheck disable=SC2086	# words
		refuses rexctl nic set rv0 $words
	done
	eq "$(seen rv0)" "$before"
}

# Killed at any system call: what is there then can be put back, or nothing was changed.
test_a_killed_set_can_be_put_back() {
	local before calls at restored=0 set=(rexctl nic set rv0 channels 2 offload gro=on rps all=1)
	veth_of_four
	before=$(seen rv0)
	calls=$("$BUILD/tests/drivers/kill_at" 0 "${set[@]}")
	rexctl nic restore rv0
	for ((at = calls; at > 0; at -= (calls + 5) / 6)); do
		refuses_or_dies "$BUILD/tests/drivers/kill_at" $at "${set[@]}"
		if [ -e /var/lib/rex/nic/rv0 ]; then
			rexctl nic restore rv0
			restored=$((restored + 1))
		fi
		eq "$(seen rv0)" "$before"
	done
	[ $restored -ge 2 ] || fail "killed behind the first change only $restored times"
}
refuses_or_dies() { ! "$@" 2>/dev/null; }

test_a_state_of_another_interface_or_damaged_is_refused() {
	veth_of_four
	rexctl nic save rv0 "$TMP/state"
	refuses rexctl nic restore lo "$TMP/state"
	contains "$REFUSAL" 'is of another interface: "rv0" with driver "veth"'
	rexctl nic set rv0 channels 2
	contains "$(rexctl nic restore rv0 "$TMP/state")" "put back "
	for damage in 's/^set rps.*/set rps/' 1d 's/^driver .*/set a b c/' '$s/$/\x00x/'; do
		sed "$damage" "$TMP/state" >"$TMP/bad"
		refuses rexctl nic restore rv0 "$TMP/bad"
		contains "$REFUSAL" "is not what \"rexctl nic save\" writes"
	done
}

# /sys shows the interfaces of the namespace in which it was mounted.
test_settings_in_another_network_namespace() {
	veth_of_four
	ip netns add rexnic
	ip -n rexnic link add rv0 numrxqueues 2 numtxqueues 2 type veth peer name rv1
	rexctl --netns rexnic nic set rv0 rps rx-1=2 busy-poll defer-hard-irqs=2
	contains "$(rexctl --netns rexnic nic show rv0)" "rps                rx-1 2"
	lacks "$(rexctl nic show rv0)" "rps "
	eq "$(cat /sys/class/net/rv0/napi_defer_hard_irqs)" 0
	refuses rexctl nic restore rv0
	contains "$(rexctl --netns rexnic nic restore rv0)" "put back 2 settings"
}

# ---- nic plan

# plan_and_back IF WORDS...: the plan changes nothing, --apply makes it so that nothing is left to change
# and prints into $PLAN, and restore puts all of it back.
plan_and_back() {
	local nic=$1 before
	shift
	before=$(seen "$nic")
	contains "$(rexctl nic plan "$@" "$nic")" "apply with --apply, or: rexctl nic set $nic "
	eq "$(seen "$nic")" "$before"
	[ ! -e "/var/lib/rex/nic/$nic" ] || fail "a plan alone wrote a state"
	PLAN=$(rexctl nic plan --apply "$@" "$nic")
	contains "$PLAN" "undo with: rexctl nic restore $nic"
	[ "$(seen "$nic")" != "$before" ] || fail "--apply changed nothing"
	applied "$@" "$nic"
	contains "$(rexctl nic restore "$nic")" "put back"
	eq "$(seen "$nic")" "$before"
}
applied() { :; }	# what is looked at while it is so

test_plan_of_virtio() {
	need_card virtio_net
	rexctl nic set "$NIC" channels 1 rss-hash udp4=sd
	rm "/var/lib/rex/nic/$NIC"
	contains "$(rexctl nic plan "$NIC")" "$NIC: 4 queues for CPUs 0-3"
	contains "$(rexctl nic plan "$NIC")" "combined: 1, should be 4"
	applied() {
		contains "$PLAN" "combined: 1, now 4"
		eq "$(cpus_of_queues "$NIC")" "0 0 1 1 2 2 3 3"
		contains "$(ethtool -l "$NIC" | sed -n '/Current/,$p')" "Combined:	4"
		eq "$(cat /sys/class/net/"$NIC"/queues/tx-*/xps_cpus)" $'1\n2\n4\n8'
		lacks "$(rexctl nic plan "$NIC")" "  change "
		lacks "$(rexctl nic plan "$NIC")" "--apply"
		contains "$(rexctl nic plan --for bmc "$NIC")" "udp4: sd, should be sdfn"
		contains "$(rexctl nic show "$NIC")" "queue 0: 32, queue 1: 32, queue 2: 32, queue 3: 32"
	}
	plan_and_back "$NIC"
	applied() {
		eq "$(cpus_of_queues "$NIC")" "1 1 3 3 1 1 3 3"
		contains "$(ethtool -n "$NIC" rx-flow-hash udp4)" "L4 bytes 2 & 3"
		contains "$(ethtool -l "$NIC" | sed -n '/Current/,$p')" "Combined:	2"
		eq "$(cat /sys/class/net/"$NIC"/queues/tx-*/xps_cpus)" $'2\n8'
	}
	plan_and_back "$NIC" --cores 3,1 --for bmc
	contains "$PLAN" "udp4: sd, now sdfn"
	contains "$PLAN" "memcached: taskset -c 1,3 memcached -u memcache -t 2 -U 11211"
}

# The CPU of each virtio interrupt of a queue.
cpus_of_queues() {
	local irq dir=/sys/class/net/$1/device/..
	for irq in "$dir"/msi_irqs/*; do
		! grep -q "^ *${irq##*/}:.*put\.[0-9]" /proc/interrupts || cat "/proc/irq/${irq##*/}/smp_affinity_list"
	done | paste -sd' '
}

test_plan_of_vmxnet3() {
	need_card vmxnet3
	applied() {
		contains "$(rexctl nic show "$NIC")" "rss table          of 128 places, queue 0: 64, queue 1: 64"
		contains "$(rexctl nic show "$NIC" --json)" "\"$NIC-rxtx-3\":\"2\""
		lacks "$(rexctl nic plan --cores 1-2 "$NIC")" "  change "
	}
	plan_and_back "$NIC" --cores 1-2
	contains "$PLAN" "lacks    channels: the driver has a fixed number of queues: 4, for 2 CPUs"
	contains "$PLAN" "table: 64 of 128 places elsewhere, now even over 2"
	contains "$(rexctl nic plan --for bmc "$NIC")" "lacks    rss-hash: the driver does not say"
}

test_plan_of_e1000e() {
	need_card e1000e
	applied() { lacks "$(rexctl nic plan --cores 2 "$NIC")" "  change "; }
	plan_and_back "$NIC" --cores 2 --for bmc
	contains "$PLAN" "fixed number of queues"
	contains "$PLAN" "$NIC-rx-0: 0-3, now 2"
}

test_plan_of_what_cannot_be_set() {
	local before out
	ip link add rv0 numrxqueues 1 numtxqueues 1 type veth peer name rv1
	before=$(seen rv0)
	out=$(rexctl nic plan --apply --for bmc rv0)
	contains "$out" "rv0: 1 queue for CPUs 0-3"
	contains "$out" "lacks    irq-affinity: it has no interrupts of its own"
	lacks "$out" "undo"
	eq "$(seen rv0)" "$before"
	[ ! -e /var/lib/rex/nic/rv0 ] || fail "a state was written for nothing"
	refuses rexctl nic plan --cores 0,9 --apply rv0
	contains "$REFUSAL" 'CPU 9 of "0,9" is not online; CPUs 0-3 are'
	refuses rexctl nic plan nosuchif
	rexctl nic plan --json rv0 | perl -MJSON::PP -ne 'my $p = decode_json($_);
		die unless !defined $p->{command} && grep { $_->{group} eq "irq-affinity" && $_->{state} eq "lacks" } @{$p->{steps}}'
}

# A refusal of the number of queues undoes the rest, for that is made for so many.
test_a_plan_that_is_refused_changes_nothing() {
	local before
	veth_of_four
	rexctl nic set rv0 channels 1
	rexctl nic set rv1 channels 1
	rm /var/lib/rex/nic/rv[01]
	ip link set rv0 up
	ip link set rv0 xdp obj "$OTHER" sec xdp.frags
	before=$(seen rv1)
	refuses rexctl nic plan --apply rv1
	contains "$REFUSAL" 'its peer "rv0" has an XDP program'
	contains "$REFUSAL" "nothing was changed"
	eq "$(seen rv1)" "$before"
	[ ! -e /var/lib/rex/nic/rv1 ] || fail "a state was left"
}

test_check_names_what_is_in_the_way() {
	local fix
	need_card vmxnet3
	refuses rexctl check dev "$NIC"
	contains "$REFUSAL" "bad      rx-lro: "
	fix=$(sed -n 's/^ *\(rexctl nic set .* rx-lro=off\)$/\1/p' <<<"$REFUSAL")
	$fix
	contains "$(rexctl check dev "$NIC")" 'driver: "vmxnet3" has native XDP'
	rexctl check dev "$NIC" --json | perl -MJSON::PP -ne 'my $c = decode_json($_);
		die unless (grep { $_->{name} eq "kernel" && $_->{grade} eq "ok" } @{$c->{machine}}) && $c->{interface}{checks}'
	rexctl nic restore "$NIC"
	veth_of_four
	rexctl nic set rv0 channels 2
	refuses rexctl check dev rv0
	contains "$REFUSAL" 'its peer "rv1" has 4 transmit queues, and only 2 receive queues are here'
	contains "$REFUSAL" "rexctl nic set rv0 channels 4"
	umount /sys/fs/bpf
	refuses rexctl check
	contains "$REFUSAL" "mount -t bpf -o mode=700 bpf /sys/fs/bpf"
	mount -t bpf -o mode=700 bpf /sys/fs/bpf
	refuses rexctl check dev nosuchif
}

# finds TEXT WORDS...: "rexctl check" with these words has something bad, and TEXT is about it.
finds() {
	local text=$1
	shift
	refuses rexctl check "$@"
	contains "$REFUSAL" "$text"
}

test_check_of_a_program_names_what_does_not_fit() {
	local hello=$BUILD/programs/hello.ko out
	out=$(rexctl check --program "$hello")
	contains "$out" "$hello:"
	contains "$out" "ok       kernel: it was built for this kernel"
	contains "$out" "ok       runtime: rex.ko has all "
	contains "$out" "ok       signature: it is not signed, and nothing here asks for that"
	contains "$out" "ok       hook: the kernel has all that its hooks require"
	contains "$out" "ok       helpers: the kernel has all helpers that Rex calls at its hooks"
	[ ! -d /sys/module/rex ] || fail "check loaded rex.ko"
	LC_ALL=C sed "s/vermagic=$(uname -r | cut -c-3)/vermagic=5.4/" "$hello" >"$TMP/old.ko"
	finds "bad      kernel: it was built for kernel \"5.4" --program "$TMP/old.ko"
	contains "$REFUSAL" "rexc --kdir /lib/modules/$(uname -r)/build SOURCE"
	REX_KO=$BUILD/programs/xdp_count.ko finds "bad      runtime: rex.ko has no rex_" --program "$hello"
	REX_KO=$TMP/old.ko finds "was built for kernel \"5.4" --program "$hello"
	REX_KO=/nonexistent finds '"/nonexistent"' --program "$hello"
	finds "not an ELF file" --program /etc/passwd
	finds '"/nonexistent.ko"' --program /nonexistent.ko
}

test_check_of_a_program_against_the_loaded_runtime() {
	insmod "$BUILD/kmod/rex.ko" require_signed=1
	finds "bad      signature: rex.ko (require_signed=1) accepts signed programs only" --program "$BUILD/programs/hello.ko"
	contains "$REFUSAL" "rexc --sign KEY:CERT"
	contains "$REFUSAL" "ok       runtime: the loaded rex.ko has all "
	rmmod rex
	rexctl load "$BUILD/programs/hello.ko"
	contains "$(rexctl check --program "$BUILD/programs/hello.ko")" 'note     loaded: a program of that name is loaded'
	rexctl unload hello
	rmmod rex
}

test_check_of_a_program_at_an_interface() {
	local fix
	veth_of_four
	ip link set rv0 mtu 9000 up
	finds 'bad      frags: entry "count' dev rv0 --program "$BUILD/programs/xdp_count.ko"
	contains "$REFUSAL" "ip link set rv0 mtu 1500"
	lacks "$(rexctl check dev rv0 --program "$BUILD/programs/rex_bmc.ko")" "bad "
	contains "$(rexctl check dev rv0 --program "$BUILD/programs/syscall_tp.ko")" "no entry for hook xdp or tc"
	ip link set rv0 mtu 1500
	rexctl check dev rv0 --program "$BUILD/programs/xdp_count.ko" --json | perl -MJSON::PP -ne 'my $c = decode_json($_);
		die unless $c->{machine} && $c->{interface}{name} eq "rv0" && grep { $_->{name} eq "kernel" &&
			$_->{grade} eq "ok" } @{$c->{program}{checks}}'
	umount /sys/kernel/tracing
	finds "hook tracepoint requires tracefs" --program "$BUILD/programs/syscall_tp.ko"
	fix=$(sed -n 's/^ *\(mount -t tracefs .*\)$/\1/p' <<<"$REFUSAL")
	$fix
	rexctl check --program "$BUILD/programs/syscall_tp.ko"
}

# With an XDP program, veth needs a receive queue for each transmit queue of its peer.
test_a_refusal_of_the_driver_changes_nothing() {
	ip link add rv0 numrxqueues 4 numtxqueues 4 type veth peer name rv1 numrxqueues 4 numtxqueues 4
	rexctl nic set rv0 channels 4
	rexctl nic set rv1 channels 4
	ip link set rv0 up
	ip link set rv0 xdp obj "$OTHER" sec xdp.frags
	refuses rexctl nic set rv0 channels 2
	contains "$REFUSAL" '"rv0" rejected 2 channels'
	contains "$REFUSAL" "it has an XDP program"
	contains "$REFUSAL" 'its peer "rv1": reduce those first ("rexctl nic set rv1 channels 2")'
	rexctl nic set rv1 channels 2
	rexctl nic set rv0 channels 2
	refuses rexctl nic set rv1 channels 4
	contains "$REFUSAL" 'its peer "rv0" has an XDP program'
	contains "$REFUSAL" '"rexctl nic set rv0 channels 4" there first'
	rexctl nic set rv0 channels 4
	rexctl nic set rv1 channels 4
	contains "$(rexctl nic show rv0)" "rx channels        4 of at most 4"
	ip link del rv0
}

tap_run
