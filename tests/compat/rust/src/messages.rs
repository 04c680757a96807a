//! Messages whose bytes follow from their number, checked in order.

use rusteron_client::{
    AeronFragmentAssembler, AeronFragmentHandlerCallback, AeronHeader, AeronSubscription, Handler,
};
use std::error::Error;
use std::time::{Duration, Instant};

const MAX_LENGTH: u64 = 5000; // several fragments of an MTU of 1,408
const FRAGMENT_LIMIT: usize = 64;

/// Of 1 to MAX_LENGTH bytes: SplitMix64, seeded with the number.
pub fn content(number: u64) -> Vec<u8> {
    let mut state = number;
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let length = 1 + next() % MAX_LENGTH;
    (0..length).map(|_| next() as u8).collect()
}

/// Err if it takes longer than `timeout`, or if `holds` fails.
pub fn until(
    timeout: Duration,
    what: &str,
    mut holds: impl FnMut() -> Result<bool, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let deadline = Instant::now() + timeout;
    while !holds()? {
        if Instant::now() > deadline {
            return Err(format!("never came true: {what}").into());
        }
        std::thread::yield_now();
    }
    Ok(())
}

struct Check {
    expected: u64,
    first_difference: Option<u64>,
}

impl AeronFragmentHandlerCallback for Check {
    fn handle_aeron_fragment_handler(&mut self, message: &[u8], _header: AeronHeader) {
        if message != content(self.expected) {
            self.first_difference.get_or_insert(self.expected);
        }
        self.expected += 1;
    }
}

pub struct Taker {
    subscription: AeronSubscription,
    assembler: Handler<AeronFragmentAssembler>,
    check: Handler<Check>,
}

impl Taker {
    pub fn new(subscription: AeronSubscription) -> Result<Self, Box<dyn Error>> {
        let check = Check {
            expected: 0,
            first_difference: None,
        };
        let (assembler, check) = Handler::with_fragment_assembler(check)?;
        Ok(Self {
            subscription,
            assembler,
            check,
        })
    }

    /// All from 0 to `end`, whole and in order.
    pub fn take_all(&self, end: u64, timeout: Duration) -> Result<(), Box<dyn Error>> {
        until(timeout, &format!("{end} messages"), || {
            self.subscription
                .poll(Some(&self.assembler), FRAGMENT_LIMIT)?;
            match self.check.first_difference {
                Some(number) => Err(format!("message {number} differs").into()),
                None => Ok(self.check.expected == end),
            }
        })
    }
}
