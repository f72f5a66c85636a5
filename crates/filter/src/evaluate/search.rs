//! Which texts of a dictionary match a pattern, without looking at most of them.
//!
//! A text that matches has the longest run of letters of the pattern in it. All texts lie in one
//! piece of memory, which is searched for that run as a whole, 64 places at a time; only texts
//! where it is found are matched.

use super::pattern::Pattern;
use super::scan::flags;
use crate::columns::{Dictionary, WORD_ROWS, ones};

/// One flag for each text: whether it matches.
pub(super) fn matching(dictionary: &Dictionary, pattern: &Pattern) -> Vec<bool> {
    let Some(needle) = pattern.longest_run() else {
        return (0..dictionary.len()).map(|code| pattern.matches(dictionary.text(code))).collect();
    };
    let mut verdicts = vec![false; dictionary.len()];
    let mut code = 0;
    each_place(dictionary.all(), &needle, pattern.ignores_case(), |place| {
        while dictionary.end(code) <= place {
            code += 1;
        }
        // What begins in this text may go on in the next: the pattern knows.
        verdicts[code] = verdicts[code] || pattern.matches(dictionary.text(code));
    });
    verdicts
}

/// Calls `found` for each place of a run of bytes, ascending; letters of the run are lower case
/// if case is ignored.
fn each_place(bytes: &[u8], needle: &[u8], ignores_case: bool, mut found: impl FnMut(usize)) {
    let (first, last) = (needle[0], needle[needle.len() - 1]);
    let other_case = |byte: u8| if ignores_case { byte.to_ascii_uppercase() } else { byte };
    let (first_other, last_other) = (other_case(first), other_case(last));
    let is_there = |place: usize| {
        bytes[place..].get(..needle.len()).is_some_and(|here| match ignores_case {
            true => here.eq_ignore_ascii_case(needle),
            false => here == needle,
        })
    };
    let mut at = 0;
    let behind = needle.len() - 1;
    while let Some(firsts) = bytes[at..].first_chunk::<WORD_ROWS>()
        && let Some(lasts) = bytes[at + behind..].first_chunk::<WORD_ROWS>()
    {
        let mut word = flags(firsts, |byte| (byte == first) | (byte == first_other));
        if word != 0 {
            word &= flags(lasts, |byte| (byte == last) | (byte == last_other));
            ones(&[word]).map(|bit| at + bit).filter(|at| is_there(*at)).for_each(&mut found);
        }
        at += WORD_ROWS;
    }
    (at..bytes.len()).filter(|at| is_there(*at)).for_each(found);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::PatternKind;

    #[test]
    fn the_flags_are_those_of_each_text_alone() {
        let mut dictionary = Dictionary::default();
        for number in 0..400 {
            let fill = "xY".repeat(number % 45);
            dictionary.add(format!("{fill}{number}é{}", number * 7 % 100).as_bytes()).unwrap();
        }
        dictionary.add(b"").unwrap();
        for kind in [PatternKind::Like, PatternKind::Glob] {
            for pattern in
                ["%7é%", "%é7", "3%", "*7é*", "*é7", "%xyX1%", "*xYx*", "%xyx_", "_", "%", "", "1"]
            {
                let pattern = Pattern::new(pattern, kind).unwrap();
                let verdicts = matching(&dictionary, &pattern);
                for (code, verdict) in verdicts.iter().enumerate() {
                    let text = dictionary.text(code);
                    assert_eq!(*verdict, pattern.matches(text), "{pattern:?} {text:?}");
                }
            }
        }
    }

    #[test]
    fn places_are_found_wherever_they_are() {
        for length in [1, 2, 5, 70] {
            let needle: Vec<u8> = (0..length).map(|at| b"abcde"[at % 5]).collect();
            for place in 0..200 {
                let mut bytes = vec![b'-'; place];
                bytes.extend(needle.to_ascii_uppercase());
                bytes.extend(vec![b'-'; 200 - place]);
                let mut places = Vec::new();
                each_place(&bytes, &needle, true, |place| places.push(place));
                assert_eq!(places, [place], "{length} bytes");
                each_place(&bytes, &needle, false, |_| panic!("another case"));
            }
        }
    }
}
