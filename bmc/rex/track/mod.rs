// SPDX-License-Identifier: GPL-2.0-only
//! Which keys are changing, by what memcached reads and writes. docs/bmc-protocol.md says why this is
//! enough.

pub mod end;
pub mod expiry;
pub mod pending;
pub mod quiet;
pub mod rules;
pub mod sink;
