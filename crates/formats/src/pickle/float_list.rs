//! The fast path for a pickled list or tuple of Python floats.
//!
//! Such a pickle is a list opcode, then `G` and eight bytes for each number, in batches of a
//! thousand. It is recognised and copied in one pass; whatever does not look exactly like that is
//! left to the machine.

use super::opcode as op;

/// Appends the numbers, in the byte order of this machine, and says whether the pickle was
/// understood. If not, `out` is to be ignored.
pub(super) fn scan(blob: &[u8], out: &mut Vec<u8>) -> bool {
    let mut scan = Scan { rest: blob };
    scan.run(out).is_some()
}

/// `G` and a number.
const CHUNK: usize = 1 + size_of::<f64>();

struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    fn run(&mut self, out: &mut Vec<u8>) -> Option<()> {
        self.expect(op::PROTO)?;
        self.skip(1)?;
        self.frame()?;
        if self.accept(op::EMPTY_LIST) {
            self.memoize()?;
            while self.peek() != Some(op::STOP) {
                self.batch(out)?;
            }
        } else {
            self.expect(op::MARK)?;
            self.floats(out)?;
            self.expect(op::TUPLE)?;
            self.memoize()?;
        }
        self.expect(op::STOP)
    }

    /// Numbers and the opcode that adds them to the list.
    fn batch(&mut self, out: &mut Vec<u8>) -> Option<()> {
        self.frame()?;
        if self.accept(op::MARK) {
            self.floats(out)?;
            self.expect(op::APPENDS)?;
        } else {
            let before = out.len();
            self.floats(out)?;
            self.expect(op::APPEND)?;
            (out.len() == before + size_of::<f64>()).then_some(())?;
        }
        self.frame()
    }

    fn floats(&mut self, out: &mut Vec<u8>) -> Option<()> {
        loop {
            let chunks = self.rest.as_chunks::<CHUNK>().0;
            let count = chunks.iter().take_while(|chunk| chunk[0] == op::BINFLOAT).count();
            let start = out.len();
            out.resize(start + count * size_of::<f64>(), 0);
            let targets = out[start..].as_chunks_mut().0;
            for (target, [_, number @ ..]) in targets.iter_mut().zip(chunks) {
                *target = f64::from_be_bytes(*number).to_ne_bytes();
            }
            self.rest = &self.rest[count * CHUNK..];
            if self.peek() != Some(op::FRAME) {
                return Some(());
            }
            self.frame()?;
        }
    }

    fn frame(&mut self) -> Option<()> {
        while self.accept(op::FRAME) {
            let length = u64::from_le_bytes(self.skip(8)?.try_into().ok()?);
            (length <= self.rest.len() as u64).then_some(())?;
        }
        Some(())
    }

    fn memoize(&mut self) -> Option<()> {
        if self.accept(op::BINPUT) {
            self.skip(1)?;
        } else if self.accept(op::LONG_BINPUT) {
            self.skip(4)?;
        } else {
            self.accept(op::MEMOIZE);
        }
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn accept(&mut self, opcode: u8) -> bool {
        let found = self.peek() == Some(opcode);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn expect(&mut self, opcode: u8) -> Option<()> {
        self.accept(opcode).then_some(())
    }

    fn skip(&mut self, count: usize) -> Option<&'a [u8]> {
        let (skipped, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_lists_are_taken() {
        let one = [&[op::BINFLOAT][..], &1.5f64.to_be_bytes()].concat();
        let two = [&one[..], &one].concat();
        let numbers = |parts: &[&[u8]]| {
            let mut out = Vec::new();
            scan(&parts.concat(), &mut out).then_some(out.len() / 8)
        };
        assert_eq!(numbers(&[b"\x80\x04]\x94(", &two, b"e."]), Some(2));
        assert_eq!(numbers(&[b"\x80\x02]q\0(", &two, b"e(", &two, b"e", &one, b"a."]), Some(5));
        assert_eq!(numbers(&[b"\x80\x04(", &two, b"t\x94."]), Some(2));
        assert_eq!(numbers(&[b"\x80\x04]\x94."]), Some(0));
        assert_eq!(numbers(&[b"\x80\x04]\x94(", &two, b"e"]), None);
        assert_eq!(numbers(&[b"\x80\x04]\x94", &two, b"a."]), None);
        assert_eq!(numbers(&[b"\x80\x04]\x94(K\x01", &two, b"e."]), None);
        assert_eq!(numbers(&[b""]), None);
    }
}
