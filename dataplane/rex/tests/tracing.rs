// SPDX-License-Identifier: GPL-2.0-only
//! Programs of the tracing hooks against the mock.

use rex::mock::{Fault, Packet, Regs, Sample, Session};
use rex::perf_event::PerfValue;
use rex::prelude::*;
use rex::tracepoint::{Record, SchedProcessExit, SchedSwitch, SchedWakeup};
use rex::{Scope, TracingContext};
use std::mem::{offset_of, size_of};

#[rex_kprobe]
pub fn overrides(obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result {
    obj.override_return(ctx, 5).map(|()| 1).map_err(|errno| -errno.get())
}

#[test]
fn only_a_system_call_is_overridden() {
    let session = Session::new();
    let mut regs = Regs::new();
    assert_eq!(session.run_kprobe(overrides, &mut regs), Ok(1));
    assert_eq!(regs.overridden(), Some(5));
    for mut regs in [Regs::new().of_user(), Regs::new().not_at_syscall()] {
        assert_eq!(session.run_kprobe(overrides, &mut regs), Ok(-Errno::EINVAL.get()));
        assert_eq!(regs.overridden(), None);
    }
}

#[test]
fn registers_have_their_names() {
    let session = Session::new();
    let mut regs = (0..6).fold(Regs::new(), |regs, n| regs.with_arg(n, 10 + n as u64));
    regs = regs.with_ip(7).with_return_value(8);
    let seen = session.run_kprobe(
        |_, ctx| {
            let saved = ctx.save();
            assert_eq!((0..7).map(|n| ctx.arg(n)).collect::<Vec<_>>(), {
                let mut all: Vec<_> = (10..16).map(Some).collect();
                all.push(None);
                all
            });
            assert_eq!(
                [ctx.di(), ctx.si(), ctx.dx(), ctx.cx(), ctx.r8(), ctx.r9()],
                [10, 11, 12, 13, 14, 15]
            );
            assert_eq!((ctx.ip(), ctx.ax(), ctx.return_value(), ctx.is_user()), (7, 8, 8, false));
            // The fourth argument of a system call is elsewhere.
            assert_eq!((saved.syscall_arg(2), saved.syscall_arg(3)), (Some(12), Some(0)));
            Err(-1)
        },
        &mut regs,
    );
    assert_eq!(seen, Ok(-1), "an error is a verdict, too");
}

#[test]
fn a_panic_is_a_fault() {
    let session = Session::new();
    fn fault<T>(text: &str) -> Result<T, Fault> {
        Err(Fault(text.into()))
    }
    assert_eq!(session.run_kprobe(|_, _| panic!("k"), &mut Regs::new()), fault("k"));
    assert_eq!(session.run_perf_event(|_| panic!("p"), &Sample::default()), fault("p"));
    assert_eq!(session.run_fentry(|_| panic!("f"), &[]), fault("f"));
    assert_eq!(session.run_cgroup_skb(|_| panic!("c"), &mut Packet::new(&[])), fault("c"));
}

#[test]
fn records_are_as_long_as_their_last_field() {
    assert_eq!(SyscallEnter::SIZE, 12);
    assert_eq!(size_of::<SyscallEnter>(), 64);
    assert_eq!((offset_of!(SyscallExit, ret), SyscallExit::SIZE), (16, 24));
    assert_eq!((offset_of!(SchedSwitch, next_prio), SchedSwitch::SIZE), (60, 64));
    assert_eq!((offset_of!(SchedWakeup, target_cpu), SchedWakeup::SIZE), (32, 36));
    assert_eq!((offset_of!(SchedProcessExit, prio), SchedProcessExit::SIZE), (28, 32));
}

#[test]
fn a_system_call_has_six_arguments_at_most() {
    let session = Session::new();
    let record = SyscallEnter::new(32, [1, 2, 3, 4, 5, 6]);
    let sum = |_: &Tracepoint<'_>, ctx: &SyscallEnter| {
        assert_eq!(ctx.arg(6), None);
        Ok(ctx.nr() + (0..6).map(|n| ctx.arg(n).unwrap() as i32).sum::<i32>())
    };
    assert_eq!(session.run_tracepoint(sum, &record), Ok(32 + 21));
}

#[test]
fn samples_tell_what_was_counted() {
    let session = Session::new();
    let value = PerfValue { counter: 1, enabled_ns: 2, running_ns: 3 };
    let mut sample =
        Sample { period: 4, addr: 5, value: Some(value), regs: Regs::new().with_ip(6) };
    let look = |ctx: &mut PerfEvent<'_>| {
        assert_eq!((ctx.sample_period(), ctx.addr(), ctx.regs().ip()), (4, 5, 6));
        ctx.read_value().map(|v| v.counter as i32).map_err(|errno| errno.get())
    };
    assert_eq!(session.run_perf_event(look, &sample), Ok(1));
    sample.value = None;
    assert_eq!(session.run_perf_event(look, &sample), Ok(Errno::EINVAL.get()));
}

#[test]
fn arguments_are_as_many_as_there_are() {
    let session = Session::new();
    let all: Vec<u64> = (1..=12).collect();
    for n in 0..=12 {
        let look = |args: &[u64], arg: Option<u64>| {
            assert_eq!(args, &all[..n]);
            assert_eq!(arg, None);
            Ok(args.len() as i32)
        };
        let values = &all[..n];
        assert_eq!(session.run_fentry(|c| look(c.args(), c.arg(n)), values), Ok(n as i32));
        assert_eq!(session.run_raw_tracepoint(|c| look(c.args(), c.arg(n)), values), Ok(n as i32));
        assert_eq!(
            session.run_fexit(|c| Ok(c.ret() as i32 + c.args().len() as i32), values, 100),
            Ok(100 + n as i32)
        );
    }
}

/// Whatever a tracing program is, helpers that take its context can be called.
#[allow(dead_code)]
fn every_tracing_hook_has_a_context(
    k: &Kprobe,
    t: &Tracepoint,
    p: &PerfEvent,
    e: &Fentry,
    x: &Fexit,
    r: &RawTracepoint,
) {
    fn is<'a>(_: &impl TracingContext, _: Scope<'a>) {}
    is(k, k.scope());
    is(t, t.scope());
    is(p, p.scope());
    is(e, e.scope());
    is(x, x.scope());
    is(r, r.scope());
}
