//! A hostile index without rows, over rows that are sound. The first byte says what the others are:
//! such a file, or damage to a sound one. Checksums are made right.
#![no_main]

use anear_fuzz::choices::Choices;
use anear_fuzz::segment::repaired;
use anear_index::flat::{Goal, NonFinite};
use anear_index::{Index, Keep, Plan, Rows, Spec, kind_named, load_learned, save_learned};
use anear_io::{Input, Output};
use anear_types::{Block, Element, MatrixRef, Metric, Result};
use std::sync::OnceLock;

/// A file that is mostly the input's own is not a large one.
const MOST_DAMAGES: usize = 20;
const NEAREST: usize = 3;

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    anear_fuzz::run(|| {
        let mut choices = Choices(bytes);
        let sets = sets();
        let (of_file, over) = (&sets[choices.below(sets.len())], &sets[choices.below(sets.len())]);
        let file = match choices.byte() {
            0 => choices.0.to_vec(),
            _ => damaged(of_file.file.clone(), choices),
        };
        let _ = use_index(repaired(&file), over.rows.clone());
    });
});

fn damaged(mut file: Vec<u8>, mut choices: Choices<'_>) -> Vec<u8> {
    for _ in 0..MOST_DAMAGES {
        if !choices.is_empty() {
            choices.damage(&mut file);
        }
    }
    file
}

/// Searches with what was learned, learns the rest, and keeps it.
fn use_index(file: Vec<u8>, rows: Rows) -> Result<()> {
    let mut index = load_learned(Input::from_bytes("index-000001.anx", file), rows)?;
    let count = index.rows().len();
    search(&*index)?;
    index.remove(0);
    let row = index.rows().row(count - 1).bytes().to_vec();
    index.add(MatrixRef::new(&row, index.rows().element(), 1, index.rows().dim()));
    search(&*index)?;
    index.catch_up(1, None)?;
    assert!(index.lacking().is_empty(), "all is known now");
    search(&*index)?;
    let folder = tempfile::tempdir_in(anear_fuzz::scratch()).expect("a folder");
    save_learned(&*index, Output::create(folder.path().join("again.anx"), false)?)?;
    Ok(())
}

/// Searches in two ways; each finds rows that there are.
fn search(index: &dyn Index) -> Result<()> {
    let (count, removed) = (index.rows().len(), index.removed().count());
    let query = index.rows().row(count / 2).bytes().to_vec();
    let query = MatrixRef::new(&query, index.rows().element(), 1, index.rows().dim());
    for goal in [Goal::Nearest { k: NEAREST }, Goal::Within { radius: 1.0 }] {
        let plan = Plan {
            goal,
            keep: Keep::All,
            nonfinite: NonFinite::Refuse,
            threads: 1,
            interrupt: None,
            exact: false,
        };
        let found = index.search(query, &plan)?.swap_remove(0);
        assert!(found.iter().all(|hit| hit.row < count && !index.removed().contains(hit.row)));
        assert!(found.len() as u64 <= count - removed);
    }
    Ok(())
}

/// Rows, and a sound file about them.
struct Set {
    rows: Rows,
    file: Vec<u8>,
}

/// Of several shapes. Where all rows are the same, a file that is about fewer of them has the
/// checksum of all.
fn sets() -> &'static [Set] {
    static SETS: OnceLock<Vec<Set>> = OnceLock::new();
    SETS.get_or_init(|| {
        [
            (Metric::L2, Element::F32, 40, 4, false),
            (Metric::Cosine, Element::F32, 40, 4, true),
            (Metric::InnerProduct, Element::F32, 9, 20, true),
            (Metric::Cosine, Element::I8, 70, 9, true),
            (Metric::Manhattan, Element::F32, 5, 3, true),
            (Metric::Hamming, Element::U8, 70, 2, true),
        ]
        .map(|(metric, element, count, dim, same)| set(metric, element, count, dim, same))
        .into()
    })
}

fn set(metric: Metric, element: Element, count: usize, dim: usize, same: bool) -> Set {
    let row_bytes = dim * element.bytes();
    let mut rows = Block::new(element, dim, count);
    for row in 0..count {
        let seed = if same { 7 } else { row + 1 };
        let number = |at: usize| ((seed * 31 + at * 17) % 100) as u8 + 1;
        let bytes: Vec<u8> = match element {
            Element::F32 => (0..dim).flat_map(|at| f32::from(number(at)).to_ne_bytes()).collect(),
            _ => (0..row_bytes).map(number).collect(),
        };
        rows.push_row(&bytes);
    }
    let rows = Rows::from(rows);
    let file = || -> Result<Vec<u8>> {
        let spec = Spec { metric, prefilter: true };
        let mut index = kind_named("auto")?.build(rows.clone(), &spec)?;
        index.catch_up(1, None)?;
        let folder = tempfile::tempdir_in(anear_fuzz::scratch()).expect("a folder");
        let path = folder.path().join("index.anx");
        save_learned(&*index, Output::create(&path, false)?)?;
        Ok(std::fs::read(path).expect("it was just written"))
    };
    let file = file().expect("a sound index");
    Set { rows, file }
}
