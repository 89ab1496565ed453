// SPDX-License-Identifier: GPL-2.0-only
use crate::ffi;
use core::fmt;

/// A kernel error number, positive as in errno(3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Errno(i32);

/// What a tracing program returns: either number is its verdict. Helpers name their types, as in
/// `Result<(), Errno>`.
pub type Result<T = i32, E = i32> = core::result::Result<T, E>;

macro_rules! errnos {
    ($($name:ident)*) => {
        impl Errno {
            $(#[doc = concat!("`", stringify!($name), "`")]
            pub const $name: Errno = Errno(ffi::$name as i32);)*

            fn name(self) -> Option<&'static str> {
                match self {
                    $(Errno::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

errnos!(EPERM ENOENT E2BIG EAGAIN ENOMEM EFAULT EBUSY EEXIST EINVAL ENOSPC ERANGE EDEADLK EOPNOTSUPP);

impl Errno {
    /// The number, positive.
    #[inline(always)]
    pub const fn get(self) -> i32 {
        self.0
    }

    /// Turns a return value of rex.ko (0 or more, or a negative errno) into a result.
    #[inline(always)]
    pub(crate) fn check(value: core::ffi::c_long) -> Result<(), Errno> {
        if value < 0 { Err(Errno(-(value as i32))) } else { Ok(()) }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno {}", self.0),
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
