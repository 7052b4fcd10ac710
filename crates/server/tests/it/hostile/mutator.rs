//! Makes damaged files out of sound ones: the same ones each time.

/// What parsers look for, and numbers at the edges.
const WORDS: [&[u8]; 32] = [
    b"\n",
    b"\r\n",
    b",",
    b"\"",
    b"\"\"",
    b"=",
    b"'",
    b";",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b" ",
    b"-1",
    b"0",
    b"4294967296",
    b"9223372036854775807",
    b"18446744073709551616",
    b"1e999",
    b"-1e308",
    b"nan",
    b"inf",
    b"NM",
    b"Tree=1\n",
    b"end of trees\n",
    b"<row r=\"2\">",
    b"</c>",
    b"&#x0;",
    b"<![CDATA[",
    b"PK\x01\x02",
    b"null",
    b"[[[[",
    "\u{202e}é".as_bytes(),
];

/// No longer than this: what a parser does with long files is tried beside it.
const LONGEST: usize = 64 << 10;

pub(super) struct Mutator {
    corpus: Vec<Vec<u8>>,
    state: u64,
}

impl Mutator {
    pub(super) fn new(corpus: Vec<Vec<u8>>) -> Self {
        Self { corpus, state: 0x00ac_c0de }
    }

    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.random() % bound.max(1) as u64) as usize
    }

    fn any(&mut self) -> Vec<u8> {
        let index = self.below(self.corpus.len());
        self.corpus[index].clone()
    }

    /// A piece, mostly a short one.
    fn piece(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = if self.below(4) == 0 { length } else { 24 };
        let end = (start + self.below(most + 1)).min(length);
        start..end
    }

    /// The next file: one of the corpus after one to six changes.
    pub(super) fn next(&mut self) -> Vec<u8> {
        let mut bytes = self.any();
        for _ in 0..=self.below(6) {
            self.change(&mut bytes);
            bytes.truncate(LONGEST);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let piece = self.piece(bytes.len());
        match self.below(8) {
            0 if !bytes.is_empty() => {
                let (at, bit) = (self.below(bytes.len()), self.below(8));
                bytes[at] ^= 1 << bit;
            }
            1 if !bytes.is_empty() => {
                let (at, byte) = (self.below(bytes.len()), self.below(256));
                bytes[at] = byte as u8;
            }
            2 => drop(bytes.drain(piece)),
            3 => {
                let copy = bytes[piece].to_vec();
                let at = self.below(bytes.len() + 1);
                drop(bytes.splice(at..at, copy));
            }
            4 => {
                let other = self.any();
                let taken = self.piece(other.len());
                drop(bytes.splice(piece, other[taken].to_vec()));
            }
            5 => self.number(bytes),
            6 => bytes.truncate(piece.start),
            _ => {
                let word = WORDS[self.below(WORDS.len())];
                let at = piece.start;
                drop(bytes.splice(if self.below(2) == 0 { at..at } else { piece }, word.iter().copied()));
            }
        }
    }

    /// Puts another word in the place of a number.
    fn number(&mut self, bytes: &mut Vec<u8>) {
        let from = self.below(bytes.len());
        let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit).map(|at| from + at) else {
            return;
        };
        let end = bytes[start..]
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .map_or(bytes.len(), |at| start + at);
        let word = WORDS[12 + self.below(10)];
        drop(bytes.splice(start..end, word.iter().copied()));
    }
}
