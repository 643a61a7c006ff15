//! Chance that is the same on every machine: integers only, all from one seed.

/// A sequence of numbers (splitmix64).
pub struct Rng(u64);

/// The hash of some numbers; a rng for anything that has a name made of numbers.
pub fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x9e37_79b9_7f4a_7c15, |state, part| scramble(state ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93)))
}

/// The hash of a text (FNV-1a).
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

fn scramble(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    pub fn new(parts: &[u64]) -> Rng {
        Rng(mix(parts))
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(self.0)
    }

    /// One of `0..count`, all as likely.
    pub fn below(&mut self, count: u64) -> u64 {
        ((u128::from(self.roll()) * u128::from(count)) >> 64) as u64
    }

    pub fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// One of `0..count` with a long tail: the n-th about 1/n as likely as the first.
    pub fn tail(&mut self, count: u64) -> u64 {
        let octaves = u64::from(count.max(1).ilog2()) + 1;
        loop {
            let first = 1 << self.below(octaves);
            let pick = first + self.below(first) - 1;
            if pick < count {
                return pick;
            }
        }
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// Characters of an alphabet.
    pub fn letters(&mut self, count: usize, alphabet: &[u8], out: &mut String) {
        let mut bits = 0;
        for index in 0..count {
            if index % 8 == 0 {
                bits = self.roll();
            }
            out.push(char::from(alphabet[(bits as u8 as usize * alphabet.len()) >> 8]));
            bits >>= 8;
        }
    }

    pub fn hex(&mut self, count: usize, out: &mut String) {
        self.letters(count, b"0123456789abcdef", out);
    }

    pub fn uuid(&mut self, out: &mut String) {
        for (index, count) in [8, 4, 3, 3, 12].into_iter().enumerate() {
            out.push_str(["", "-", "-4", "-a", "-"][index]);
            self.hex(count, out);
        }
    }

    /// Base 32, as in access keys and principal ids.
    pub fn base32(&mut self, count: usize, out: &mut String) {
        self.letters(count, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", out);
    }

    pub fn base64(&mut self, count: usize, out: &mut String) {
        self.letters(count, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", out);
    }
}
