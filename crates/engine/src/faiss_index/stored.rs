//! The codes of rows that lists hold.

use super::{Index, Path};
use anear_index::making::list_bytes;
use anear_types::parts::{List, Structure};
use anear_types::{Error, Result};
use std::collections::{HashMap, HashSet};

/// What stands for a code of no row.
const NONE: u8 = 0xff;

impl Index {
    /// The codes of the rows with these ids, one behind another: of lists, `numbered` if those of their lists'
    /// numbers come first, as [`decode`](Index::decode) takes them. Bytes of 255 stand for the code of -1.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the index has no lists, or none of them holds one of the ids.
    pub fn stored_codes(&self, path: &Path, ids: &[i64], numbered: bool) -> Result<Vec<u8>> {
        let parts = self.parts(path)?;
        let Structure::Inverted(inverted) = &parts.structure else {
            return Err(Error::usage("an index without lists does not tell codes"));
        };
        if inverted.blocks.is_some() {
            let plain = self.part(path)?.in_a_row()?;
            return plain.stored_codes(&Path::default(), ids, numbered);
        }
        let places = places(inverted.lists.as_deref().unwrap_or_default(), ids);
        let head = if numbered { list_bytes(inverted) } else { 0 };
        let rest = inverted.codec.code_bytes(parts.dim);
        let mut codes = vec![NONE; ids.len() * (head + rest)];
        for (id, code) in ids.iter().zip(codes.chunks_exact_mut(head + rest)) {
            match places.get(id) {
                Some((list, at)) => {
                    code[..head].copy_from_slice(&list.number.to_le_bytes()[..head]);
                    code[head..].copy_from_slice(&list.codes[at * rest..][..rest]);
                }
                None if *id < 0 => {}
                None => return Err(Error::usage(format!("no list holds a row of id {id}"))),
            }
        }
        Ok(codes)
    }
}

/// In which list the rows with these ids are, and where in it.
fn places<'a>(lists: &'a [List], ids: &[i64]) -> HashMap<i64, (&'a List, usize)> {
    let wanted: HashSet<i64> = ids.iter().copied().collect();
    let mut places = HashMap::new();
    for list in lists {
        for (at, id) in list.ids.iter().enumerate() {
            if wanted.contains(&id) {
                places.insert(id, (list, at));
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faiss_index::{Field, Rows, Training, Work};
    use anear_types::Measure;

    fn filled(description: &str, rows: &[f32]) -> Index {
        let (top, work) = (Path::default(), Work::default());
        let mut index = Index::described(description, 2, Measure::L2, 0.0).unwrap();
        index.train(&top, Rows::Floats(rows), &Training::default(), &work).unwrap();
        index.add(&top, Rows::Floats(rows), None, &work).unwrap();
        index
    }

    #[test]
    fn codes_are_told_as_they_are_made() {
        let rows: Vec<f32> = (0..80).map(|number| (number * 37 % 11) as f32).collect();
        let top = Path::default();
        for description in ["IVF3,SQ8", "IVF3,PQ2x4fsr"] {
            let index = filled(description, &rows);
            let made = index.encode(&top, &rows, &Work::default()).unwrap();
            let one = index.code_bytes(&top).unwrap();
            let found = index.stored_codes(&top, &[7, -1, 0], true).unwrap();
            assert_eq!(found[..one], made[7 * one..8 * one], "{description}");
            assert_eq!(found[one..2 * one], vec![255; one], "{description}");
            assert_eq!(found[2 * one..], made[..one], "{description}");
            let plain = index.stored_codes(&top, &[7], false).unwrap();
            assert_eq!(plain, made[7 * one + 1..8 * one], "{description}");
            index.stored_codes(&top, &[40], false).unwrap_err();
        }
        filled("Flat", &rows).stored_codes(&top, &[0], false).unwrap_err();
    }

    #[test]
    fn what_is_said_to_be_trained_must_have_learned() {
        let mut index = Index::described("SQ8", 2, Measure::L2, 0.0).unwrap();
        let (top, work) = (Path::default(), Work::default());
        index.set_field(&top, "is_trained", 1.0).unwrap();
        index.add(&top, Rows::Floats(&[1.0, 2.0]), None, &work).unwrap_err();
        index.set_array(&top, "sq.trained", &[0.0, 0.0, 1.0, 1.0]).unwrap();
        index.add(&top, Rows::Floats(&[1.0, 0.5]), None, &work).unwrap();
        assert!(index.fields(&top).unwrap().contains(&("ntotal", Field::Integer(1))));
    }

    #[test]
    fn codes_of_two_levels_are_over_the_rows_of_an_index() {
        let rows = [0.0, 0.0, 9.0, 9.0];
        let coarse = Index::flat(&rows, 2, Measure::L2, 0.0);
        let mut index = coarse.first_level(2, 4).unwrap();
        let many: Vec<f32> = (0..64).map(|number| (number % 16) as f32).collect();
        let (top, work) = (Path::default(), Work::default());
        index.train(&top, Rows::Floats(&many), &Training::default(), &work).unwrap();
        index.add(&top, Rows::Floats(&rows), None, &work).unwrap();
        assert_eq!(index.code_bytes(&top).unwrap(), 2);
        let codes = index.encode(&top, &rows, &work).unwrap();
        assert_eq!((codes[0], codes[2]), (0, 1));
        index.add_codes(&top, &codes, None).unwrap();
        index.add_codes(&top, &[2, 0], None).unwrap_err(); // of a third centroid
        assert!(index.fields(&top).unwrap().contains(&("ntotal", Field::Integer(4))));
        Index::flat(&rows, 2, Measure::L2, 0.0).first_level(3, 4).unwrap_err();
    }
}
