// SPDX-License-Identifier: GPL-2.0-only
use super::{
    ANY, Found, Lookup, MapDef, MapType, NOEXIST, Update, read, sealed::Sealed, value_size,
};
use crate::pod::{AnyBits, AtomicPod, Pod, SharedPod};
use crate::{Errno, Scope, ffi};
use core::marker::PhantomData;
use core::mem::{align_of, size_of};
use core::ptr::NonNull;

/// What the keys of a [`RexLpmTrie`] are prefixes of: bytes, the most significant first.
pub trait Address: Pod + Sealed {}

impl<const N: usize> Sealed for [u8; N] {}
impl<const N: usize> Address for [u8; N] {}

/// LPM_DATA_SIZE_MAX.
const ADDRESS_MAX: usize = 256;

/// The first `len` bits of `address`: a network, or with all bits a host.
///
/// ```
/// use rex::map::Prefix;
///
/// let network = Prefix::new([10, 77, 0, 0], 16);
/// assert_eq!((network.len(), network.address()), (16, [10, 77, 0, 0]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed)]
pub struct Prefix<A: Address> {
    len: u32,
    address: A,
}

// SAFETY: packed: no padding; an integer and an AnyBits.
unsafe impl<A: Address> AnyBits for Prefix<A> {}
// SAFETY: as above.
unsafe impl<A: Address> Pod for Prefix<A> {}

impl<A: Address> Prefix<A> {
    /// The first `len` bits of `address`, of which the others do not matter.
    #[inline(always)]
    pub const fn new(address: A, len: u32) -> Self {
        Self { len, address }
    }

    /// All bits of `address`.
    #[inline(always)]
    pub const fn host(address: A) -> Self {
        const { assert!(size_of::<A>() <= ADDRESS_MAX, "an address has 1 to 256 bytes") };
        Self::new(address, size_of::<A>() as u32 * 8)
    }

    /// How many bits.
    #[inline(always)]
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// The address.
    #[inline(always)]
    pub const fn address(&self) -> A {
        self.address
    }
}

/// A table of prefixes (BPF_MAP_TYPE_LPM_TRIE): finds the longest one that an address begins with.
/// `A` is an array of bytes: `[u8; 4]` for IPv4, `[u8; 16]` for IPv6.
///
/// EBUSY: an update or removal in NMI, or while it interrupts another one on this CPU.
///
/// The kernel puts a value right behind the address. What is borrowed or changed in place must be
/// aligned there: with addresses of 4 bytes, values of `u32` are, those of `u64` can only be copied
/// ([`get`](Self::get) and [`set`](Self::set)).
///
/// ```
/// use rex::map::{Prefix, RexLpmTrie};
/// use rex::prelude::*;
/// # let _session = rex::mock::Session::new();
///
/// #[rex_map]
/// static ROUTES: RexLpmTrie<[u8; 4], u32> = RexLpmTrie::new(16, 0);
///
/// assert_eq!(ROUTES.set(&Prefix::new([10, 0, 0, 0], 8), 1), Ok(()));
/// assert_eq!(ROUTES.set(&Prefix::new([10, 77, 0, 0], 16), 2), Ok(()));
/// assert_eq!(ROUTES.get([10, 77, 3, 4]), Some(2));
/// assert_eq!(ROUTES.get([10, 1, 3, 4]), Some(1));
/// assert_eq!(ROUTES.get([11, 1, 3, 4]), None);
/// ```
#[repr(transparent)]
pub struct RexLpmTrie<A, V>(MapDef, PhantomData<fn(A) -> V>);

impl<A, V> Sealed for RexLpmTrie<A, V> {}
// SAFETY: transparent over MapDef.
unsafe impl<A: Address, V: AnyBits> MapType for RexLpmTrie<A, V> {}

impl<A: Address, V: AnyBits> RexLpmTrie<A, V> {
    /// At most `max_entries` prefixes; `flags`: BPF_F_* of map creation (BPF_F_NO_PREALLOC, which
    /// the kernel wants here, is added).
    pub const fn new(max_entries: u32, flags: u32) -> Self {
        const {
            assert!(
                size_of::<A>() > 0 && size_of::<A>() <= ADDRESS_MAX,
                "an address has 1 to 256 bytes"
            );
        }
        Self(
            MapDef::sized(
                ffi::bpf_map_type_BPF_MAP_TYPE_LPM_TRIE,
                size_of::<Prefix<A>>(),
                value_size::<V>(),
                max_entries,
                flags | ffi::BPF_F_NO_PREALLOC,
            ),
            PhantomData,
        )
    }

    /// The place of a value, which need not be aligned.
    #[inline(always)]
    fn at(&self, key: &Prefix<A>) -> Option<NonNull<V>> {
        self.0.lookup(key).map(NonNull::cast)
    }

    /// Removes exactly this prefix; ENOENT when it is not there.
    #[inline(always)]
    pub fn remove(&self, prefix: &Prefix<A>) -> Result<(), Errno> {
        self.0.delete(prefix)
    }
}

impl<A: Address, V: Pod> RexLpmTrie<A, V> {
    /// Copies the value of the longest prefix of `address` out.
    #[inline(always)]
    pub fn get(&self, address: A) -> Option<V> {
        // SAFETY: a value of a live map, allocated until the end of the invocation.
        self.at(&Prefix::host(address)).map(|at| unsafe { read(at.as_ptr().cast()) })
    }

    /// Sets the value of exactly this prefix, adding it when it is new; ENOSPC when the map is
    /// full, EINVAL when the prefix is longer than an address.
    #[inline(always)]
    pub fn set(&self, prefix: &Prefix<A>, value: V) -> Result<(), Errno> {
        self.0.update(prefix, &value, ANY)
    }

    /// Adds a new prefix; EEXIST when it is there already.
    #[inline(always)]
    pub fn insert_new(&self, prefix: &Prefix<A>, value: V) -> Result<(), Errno> {
        self.0.update(prefix, &value, NOEXIST)
    }
}

impl<A: Address, V: AtomicPod> RexLpmTrie<A, V> {
    /// Borrows the value of the longest prefix of `address` as an atomic integer.
    #[inline(always)]
    pub fn atomic<'a>(&self, scope: Scope<'a>, address: A) -> Option<&'a V::Atomic> {
        self.find(scope, &Prefix::host(address)).atomic()
    }
}

impl<A: Address, V: SharedPod> RexLpmTrie<A, V> {
    /// Borrows the value of the longest prefix of `address` for the rest of the invocation.
    #[inline(always)]
    pub fn get_ref<'a>(&self, scope: Scope<'a>, address: A) -> Option<&'a V> {
        self.find(scope, &Prefix::host(address)).as_shared()
    }

    /// Sets the value of exactly this prefix from a copy of `value`.
    #[inline(always)]
    pub fn set_from(&self, prefix: &Prefix<A>, value: &V) -> Result<(), Errno> {
        self.0.update(prefix, value, ANY)
    }
}

impl<A: Address, V: AnyBits> Lookup for RexLpmTrie<A, V> {
    type Key = Prefix<A>;
    type Value = V;

    #[inline(always)]
    fn find<'a>(&self, _scope: Scope<'a>, key: &Prefix<A>) -> Found<'a, V> {
        const {
            assert!(
                size_of::<A>() % align_of::<V>() == 0,
                "values behind addresses of this size are not aligned: copy them (get, set), or \
                 use smaller integers, such as [u32; 2]"
            );
        }
        // SAFETY: a value of a live map, allocated until the end of the invocation, which 'a does
        // not outlive.
        unsafe { Found::new(self.at(key)) }
    }
}

impl<A: Address, V: AnyBits> Update for RexLpmTrie<A, V> {
    #[inline(always)]
    fn update(&self, key: &Prefix<A>, value: &V, flags: u64) -> Result<(), Errno> {
        self.0.update(key, value, flags)
    }

    #[inline(always)]
    fn delete(&self, key: &Prefix<A>) -> Result<(), Errno> {
        self.0.delete(key)
    }
}
