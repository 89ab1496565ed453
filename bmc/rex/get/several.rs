// SPDX-License-Identifier: GPL-2.0-only
//! Answers to GETs of several keys, and to those in other spellings. The request is
//! answered only if all values are cached.

use super::{Question, put, send};
use crate::packet::Place;
use crate::proto::{self, MAX_KEYS};
use crate::room::Room;
use crate::stats::{Stat, add};
use crate::store::{END, Found, MAX_TEXT, VALUE};
use crate::sum::{self, Sum};
use rex::prelude::*;

/// The text of a request: the reply overwrites it before it is sure that there is one.
#[rex_map]
static BMC_REQUEST: RexPerCpuArray<SharedBytes<1472>> = RexPerCpuArray::new(1, 0);

type Values = [Option<Found>; MAX_KEYS];

/// As [`get::answer`](super::answer), of a text that is no GET of one key in the usual spelling.
#[inline(never)]
pub fn answer(ctx: &mut Xdp<'_>, place: Place) -> Result<(), Stat> {
    let text = ctx.data().get(place.text()..place.end).ok_or(Stat::PassForm)?;
    let keys = proto::get_several(text).ok_or(Stat::PassForm)?;
    let question = Question::new()?;
    // By itself: as a part of a tuple it would be copied.
    let mut values: Values = [const { None }; MAX_KEYS];
    let (mut n, mut len) = (0, 0);
    for key in keys {
        let found = question.find(key)?;
        len += VALUE.len() + found.len();
        *values.get_mut(n).ok_or(Stat::PassForm)? = Some(found);
        n += 1;
        if len + END.len() > MAX_TEXT {
            return Err(Stat::PassRoom);
        }
    }
    let saved = BMC_REQUEST.get_ref(0).filter(|saved| saved.copy_from(0, text));
    let saved = saved.ok_or(Stat::PassForm)?;
    let headers = question.check(ctx, place, len + END.len())?;
    let room = Room::up_to(ctx, place.text() + len + END.len())?;
    match ctx.data_mut().get_mut(place.text()..).and_then(|text| write(text, &values)) {
        Some(sum) => {
            send(ctx, headers, len + END.len(), sum);
            add(Stat::HitKeys, n as u64);
            Ok(())
        }
        None => {
            if let Some(text) = ctx.data_mut().get_mut(place.text()..place.end) {
                let _ = saved.copy_to(0, text);
            }
            room.give_back(ctx, place.end);
            Err(Stat::PassBusy)
        }
    }
}

/// Writes the reply: the sum of its text. `None` when a value is no longer there.
fn write(text: &mut [u8], values: &Values) -> Option<Sum> {
    let (mut at, mut sum) = (0, 0);
    for found in values.iter().map_while(Option::as_ref) {
        let start = at + VALUE.len();
        let end = start + found.len();
        if !found.copy_to(0, text.get_mut(start..end)?) {
            return None;
        }
        put(text, at, VALUE);
        // Without its END, of which there is one only.
        sum += sum::at(found.sum(), at) + (0xffff - sum::of_end(end));
        at = end;
    }
    put(text, at, END);
    Some(sum + sum::of_end(at))
}
