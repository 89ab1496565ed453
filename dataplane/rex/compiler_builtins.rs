// SPDX-License-Identifier: GPL-2.0-only
//! Empty on purpose: see the Makefile.
#![no_std]
#![feature(compiler_builtins)]
#![compiler_builtins]
#![allow(internal_features)]
