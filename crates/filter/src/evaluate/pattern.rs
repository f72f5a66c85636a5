//! Patterns of LIKE and GLOB.
//!
//! A pattern is cut at its `%` into pieces that are matched one after the other, each at the
//! first place where it fits. That is enough: a piece always takes the same number of
//! characters, so an earlier place leaves more for the pieces that follow. The first piece has to
//! be at the start and the last one at the end.

use crate::condition::PatternKind;

/// No longer pattern is read; SQLite's limit is set to 1,000 bytes.
const MAX_BYTES: usize = 500;

/// A pattern that texts are matched with.
#[derive(Debug)]
pub(super) struct Pattern {
    /// What lies between the `%`, so one more than there are of these.
    pieces: Vec<Vec<Step>>,
    ignores_case: bool,
}

/// What is to come next in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// This byte; a lower-case letter may stand for both cases.
    Byte(u8),
    /// Any character.
    Character,
}

impl Pattern {
    /// Reads a pattern. `None` if it is long, or has something in it whose meaning is left to
    /// SQLite: sets of characters, a zero byte, and those characters that SQLite may read for
    /// each other because they stand for text that is damaged.
    pub(super) fn new(pattern: &str, kind: PatternKind) -> Option<Pattern> {
        let (many, one, ignores_case) = match kind {
            PatternKind::Like => (b'%', b'_', true),
            PatternKind::Glob => (b'*', b'?', false),
        };
        let is_open = |c: char| {
            matches!(c, '\0' | '\u{fffd}'..='\u{ffff}') || (kind == PatternKind::Glob && c == '[')
        };
        if pattern.len() > MAX_BYTES || pattern.contains(is_open) {
            return None;
        }
        let step = |byte: u8| match byte {
            byte if byte == one => Step::Character,
            byte if ignores_case => Step::Byte(byte.to_ascii_lowercase()),
            byte => Step::Byte(byte),
        };
        let pieces = pattern.as_bytes().split(|byte| *byte == many);
        let pieces = pieces.map(|piece| piece.iter().map(|byte| step(*byte)).collect()).collect();
        Some(Pattern { pieces, ignores_case })
    }

    /// Whether letters match in both cases.
    pub(super) fn ignores_case(&self) -> bool {
        self.ignores_case
    }

    /// The longest run of bytes that every text has in it that matches; lower case if case does
    /// not matter. `None` if there is none.
    pub(super) fn longest_run(&self) -> Option<Vec<u8>> {
        let runs = self.pieces.iter().flat_map(|piece| piece.split(|s| *s == Step::Character));
        let longest = runs.max_by_key(|run| run.len()).filter(|run| !run.is_empty())?;
        let bytes = longest.iter().filter_map(|step| match step {
            Step::Byte(byte) => Some(*byte),
            Step::Character => None,
        });
        Some(bytes.collect())
    }

    /// Whether a text, which is valid UTF-8, matches. It is taken to end at a zero byte.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        let text = text.split(|byte| *byte == 0).next().unwrap_or(text);
        let (first, others) = self.pieces.split_first().expect("a piece at least");
        let Some(mut at) = self.fits(first, text, 0) else {
            return false;
        };
        let Some((last, middle)) = others.split_last() else {
            return at == text.len();
        };
        for piece in middle {
            match self.find(piece, text, at) {
                Some(end) => at = end,
                None => return false,
            }
        }
        let start =
            start_of_last(text, last.iter().filter(|step| begins_character(**step)).count());
        start.is_some_and(|start| start >= at && self.fits(last, text, start) == Some(text.len()))
    }

    /// Where a piece ends that begins at `at`, if it fits there.
    #[inline]
    fn fits(&self, piece: &[Step], text: &[u8], mut at: usize) -> Option<usize> {
        for step in piece {
            let byte = *text.get(at)?;
            at += 1;
            match step {
                Step::Byte(wanted) if self.is(*wanted, byte) => {}
                Step::Byte(_) => return None,
                Step::Character => {
                    while text.get(at).is_some_and(|byte| is_continuation(*byte)) {
                        at += 1;
                    }
                }
            }
        }
        Some(at)
    }

    /// Where a piece ends that begins at `at` or behind, at the first place where it fits.
    fn find(&self, piece: &[Step], text: &[u8], at: usize) -> Option<usize> {
        let starts = at..=text.len();
        match piece.first() {
            None => Some(at),
            Some(Step::Byte(wanted)) => {
                let mut starts = starts.take_while(|start| *start < text.len());
                starts.find_map(|start| {
                    self.is(*wanted, text[start]).then(|| self.fits(piece, text, start)).flatten()
                })
            }
            Some(Step::Character) => {
                let is_character =
                    |start: &usize| !text.get(*start).is_some_and(|b| is_continuation(*b));
                let mut starts = starts.filter(is_character);
                starts.find_map(|start| self.fits(piece, text, start))
            }
        }
    }

    #[inline]
    fn is(&self, wanted: u8, byte: u8) -> bool {
        byte == wanted || (self.ignores_case && byte.to_ascii_lowercase() == wanted)
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

fn begins_character(step: Step) -> bool {
    !matches!(step, Step::Byte(byte) if is_continuation(byte))
}

/// Where the last `characters` characters of a text begin, if it has so many.
fn start_of_last(text: &[u8], characters: usize) -> Option<usize> {
    let mut left = characters;
    let mut at = text.len();
    while left > 0 {
        at = at.checked_sub(1)?;
        left -= usize::from(!is_continuation(text[at]));
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern, PatternKind::Like).unwrap().matches(text.as_bytes())
    }

    /// The definition, by trying everything.
    fn plainly(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|skipped| plainly(rest, &text[skipped..])),
            Some((wanted, rest)) => text.split_first().is_some_and(|(first, others)| {
                (*wanted == '_' || wanted.eq_ignore_ascii_case(first)) && plainly(rest, others)
            }),
        }
    }

    /// All texts of up to `length` of these characters.
    fn all(characters: &[char], length: usize) -> Vec<Vec<char>> {
        let mut all = vec![Vec::new()];
        let mut start = 0;
        for _ in 0..length {
            let end = all.len();
            for position in start..end {
                for character in characters {
                    let mut longer = all[position].clone();
                    longer.push(*character);
                    all.push(longer);
                }
            }
            start = end;
        }
        all
    }

    #[test]
    fn every_short_pattern_means_what_the_definition_says() {
        let texts = all(&['a', 'B', 'é'], 5);
        for pattern in all(&['%', '_', 'A', 'b', 'é'], 5) {
            let written: String = pattern.iter().collect();
            let compiled = Pattern::new(&written, PatternKind::Like).unwrap();
            for text in texts.iter().step_by(if pattern.len() == 5 { 7 } else { 1 }) {
                let string: String = text.iter().collect();
                let found = compiled.matches(string.as_bytes());
                assert_eq!(found, plainly(&pattern, text), "{string:?} LIKE {written:?}");
            }
        }
    }

    #[test]
    fn only_ascii_letters_match_in_both_cases() {
        assert!(like("%.PDF", "report.pdf") && like("a_c", "A\u{1f600}C"));
        assert!(!like("É", "é") && !like("@", "`") && !like("[", "{"));
        let glob = |pattern: &str, text: &str| {
            Pattern::new(pattern, PatternKind::Glob).unwrap().matches(text.as_bytes())
        };
        assert!(glob("a*?.txt", "ab.txt") && glob("*%_*", "1%_2"));
        assert!(!glob("A*", "abc") && !glob("?", "") && !glob("a?", "a"));
    }

    #[test]
    fn what_sqlite_reads_its_own_way_is_refused() {
        for pattern in ["a\0", "\u{fffd}", "%\u{fffe}", &"x".repeat(MAX_BYTES + 1)] {
            assert!(Pattern::new(pattern, PatternKind::Like).is_none(), "{pattern:?}");
        }
        assert!(Pattern::new("[ab]*", PatternKind::Glob).is_none());
        assert!(Pattern::new("[ab]%", PatternKind::Like).is_some());
    }
}
