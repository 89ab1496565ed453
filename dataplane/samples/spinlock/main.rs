// SPDX-License-Identifier: GPL-2.0-only
//! Moves money between accounts, each behind a lock of its own, two of which are held at a time.
//! eBPF programs can hold one.
#![no_std]

use rex::prelude::*;

const ACCOUNTS: usize = 8;
const START: u64 = 1000;

#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Account {
    balance: u64,
    transfers: u64,
}

static BANK: [SpinLock<Account>; ACCOUNTS] =
    [const { SpinLock::new(Account { balance: START, transfers: 0 }) }; ACCOUNTS];

/// The sum of all balances, seen under all locks at once, and the number of transfers.
#[rex_map]
static AUDIT: RexArray<[u64; 2]> = RexArray::new(1, 0);

/// Locks are taken in the order of their index: no two CPUs can wait for each other.
fn transfer(from: usize, to: usize, amount: u64) {
    if from == to {
        return;
    }
    let mut low = BANK[from.min(to)].lock();
    let mut high = BANK[from.max(to)].lock();
    let (source, target) =
        if from < to { (&mut *low, &mut *high) } else { (&mut *high, &mut *low) };
    let amount = amount.min(source.balance);
    source.balance -= amount;
    target.balance += amount;
    source.transfers += 1;
}

/// At each packet: one transfer between accounts chosen at random.
#[rex_xdp]
pub fn pay(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    let dice = rex::cpu::random() as usize;
    transfer(dice % ACCOUNTS, dice / ACCOUNTS % ACCOUNTS, 100);
    XdpVerdict::Pass
}

/// At each packet: looks at all accounts at once.
#[rex_xdp]
pub fn audit(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    let locked = BANK.each_ref().map(SpinLock::lock);
    let sum = locked.iter().map(|account| account.balance).sum();
    let transfers = locked.iter().map(|account| account.transfers).sum();
    AUDIT.set(0, [sum, transfers]);
    XdpVerdict::Pass
}
