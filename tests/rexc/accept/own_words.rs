// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

// Words that rexc cares for, as names of the program's own.
#[rex_map]
static FLOWS: RexHashMap<u32, u32> = RexHashMap::new(8, 0);

#[derive(Clone, Copy)]
enum Rule {
    Include,
    Exclude,
}

mod flows {
    pub fn forget(key: u32) {
        let _ = super::FLOWS.remove(&key);
    }

    pub fn include(path: u32) -> u32 {
        path
    }

    pub fn naked(asm: u32) -> u32 {
        asm
    }

    pub struct ManuallyDrop {
        pub path: u32,
        pub feature: u32,
        pub link_section: u32,
        pub no_mangle: u32,
    }

    impl ManuallyDrop {
        pub fn forget(self) -> u32 {
            self.path + self.feature + self.link_section + self.no_mangle
        }
    }
}

macro_rules! asm {
    ($e:expr) => {
        $e
    };
}

use flows::forget as free;

fn matches(include: bool, rule: Rule) -> bool {
    matches!((include, rule), (true, Rule::Include) | (false, Rule::Exclude))
}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let path = ctx.len();
    flows::forget(path);
    free(flows::include(path));
    let own =
        flows::ManuallyDrop { path, feature: path, link_section: path, no_mangle: path }.forget();
    let rule = if asm!(own) > 5 { Rule::Include } else { Rule::Exclude };
    if matches(flows::naked(path) > 3, rule) { XdpVerdict::Drop } else { XdpVerdict::Pass }
}
