//! Index files: what is saved is found again, and whatever stands in a file behind right
//! checksums, opening and searching it ends in answers or an error.

use crate::common::{Data, Random};
use crate::files::{save, write};
use anear_index::flat::{Goal, NonFinite};
use anear_index::{Index, Keep, Plan, Rows, Spec, kind_named, kind_of, load_learned, save_learned};
use anear_io::{About, Input, Output, Segment};
use anear_quant::sq::space_of;
use anear_types::{Element, ErrorKind, MatrixRef, Metric, Neighbor, Result};
use std::sync::Arc;

const DIM: usize = 12;

fn build(random: &mut Random, element: Element, metric: Metric) -> Box<dyn Index> {
    let rows = Data::random(random, element, 150, DIM, metric);
    let spec = Spec { metric, prefilter: true };
    let matrix = rows.matrix();
    let mut index =
        kind_named("flat").unwrap().build(Rows::from(matrix.range(0, 100)), &spec).unwrap();
    index.catch_up(1, None).unwrap();
    index.add(matrix.range(100, 150));
    index
}

fn load(file: Vec<u8>) -> Result<Box<dyn Index>> {
    let segment = Segment::open(Input::from_bytes("x.anx", file))?;
    segment.verify()?;
    let about = About::read(&segment)?;
    kind_of(&about)?.load(&segment, &about, Rows::in_file(&segment, &about)?)
}

fn search(index: &dyn Index, queries: &Data) -> Result<Vec<Vec<Neighbor>>> {
    let plan = Plan {
        goal: Goal::Nearest { k: 5 },
        keep: Keep::All,
        nonfinite: NonFinite::Refuse,
        exact: false,
        threads: 1,
        interrupt: None,
    };
    index.search(queries.matrix(), &plan)
}

#[test]
fn rows_that_stay_are_found_after_loading() {
    let mut random = Random(31);
    for metric in Metric::ALL {
        for element in [Element::F32, Element::U8, Element::F16, Element::I64] {
            let mut index = build(&mut random, element, metric);
            for row in [0, 7, 8, 99, 100, 149] {
                assert!(index.remove(row));
            }
            let queries = Data::random(&mut random, element, 4, DIM, metric);
            let mut expected = search(&*index, &queries).unwrap();
            for hit in expected.iter_mut().flatten() {
                hit.row -= index.removed().members(0..hit.row).count() as u64;
            }
            let mut loaded = load(save(&*index)).unwrap();
            let about = format!("{metric} {element}");
            assert_eq!((loaded.rows().len(), loaded.removed().count()), (144, 0), "{about}");
            assert_eq!(search(&*loaded, &queries).unwrap(), expected, "{about}");
            // And again with rows added to those in the file.
            loaded.add(queries.matrix());
            let again = load(save(&*loaded)).unwrap();
            let found = search(&*again, &queries).unwrap();
            assert_eq!(found, search(&*loaded, &queries).unwrap(), "{about}");
        }
    }
}

#[test]
fn a_file_does_not_depend_on_where_rows_lay() {
    let data = Data::random(&mut Random(33), Element::F32, 150, DIM, Metric::Cosine);
    let matrix = data.matrix();
    let mut files = [&[][..], &[1], &[40, 90]].map(|starts| {
        let mut rows = Rows::none(Element::F32, DIM);
        let ends = starts.iter().copied().chain([150]);
        for (start, end) in [0].into_iter().chain(starts.iter().copied()).zip(ends) {
            let bytes = matrix.range(start, end).bytes().to_vec();
            let length = bytes.len();
            rows.extend_shared(Arc::new(bytes), 0..length, end - start);
        }
        let spec = Spec { metric: Metric::Cosine, prefilter: true };
        let mut index = kind_named("flat").unwrap().build(rows, &spec).unwrap();
        index.catch_up(1 + starts.len(), None).unwrap();
        for row in [0, 39, 40, 100, 149] {
            assert!(index.remove(row));
        }
        save(&*index)
    });
    let first = std::mem::take(&mut files[0]);
    assert!(files[1..].iter().all(|file| *file == first));
}

fn learned_file(index: &dyn Index) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anx");
    let length = save_learned(index, Output::create(&path, false).unwrap()).unwrap();
    let file = std::fs::read(path).unwrap();
    assert_eq!(file.len() as u64, length);
    file
}

fn load_over(file: Vec<u8>, rows: Rows) -> Result<Box<dyn Index>> {
    load_learned(Input::from_bytes("x.anx", file), rows)
}

#[test]
fn what_was_learned_can_be_kept_without_the_rows() {
    let mut random = Random(34);
    for metric in Metric::ALL {
        for (element, prefilter) in
            [(Element::F32, true), (Element::U8, true), (Element::F16, false)]
        {
            let about = format!("{metric} {element} {prefilter}");
            let data = Data::random(&mut random, element, 500, DIM, metric);
            let queries = Data::random(&mut random, element, 4, DIM, metric);
            let rows = |count| Rows::from(data.matrix().range(0, count));
            let spec = Spec { metric, prefilter };
            let mut index = kind_named("flat").unwrap().build(rows(200), &spec).unwrap();
            index.catch_up(2, None).unwrap();
            let nothing_to_learn = index.lacking().is_empty() && index.lesson().is_none();
            assert!(nothing_to_learn && index.remove(7), "{about}");
            let file = learned_file(&*index);
            let learned = Segment::open(Input::from_bytes("x.anx", file.clone())).unwrap();
            learned.verify().unwrap();
            // The rows are those there were, and some more.
            for count in [200, 201, 500] {
                let mut loaded = load_over(file.clone(), rows(count)).unwrap();
                assert_eq!((loaded.rows().len(), loaded.removed().count()), (count as u64, 0));
                assert_eq!(loaded.params(), index.params(), "{about}");
                let learns = space_of(metric).is_some();
                let first = if learns { 200 } else { count as u64 };
                assert_eq!(loaded.lacking(), first..count as u64, "{about}");
                assert!(loaded.remove(7));
                let mut expected = kind_named("flat").unwrap().build(rows(count), &spec).unwrap();
                assert!(expected.remove(7));
                for _ in 0..2 {
                    let found = search(&*loaded, &queries).unwrap();
                    assert_eq!(found, search(&*expected, &queries).unwrap(), "{about}");
                    loaded.catch_up(2, None).unwrap();
                }
                // A second time, now about all rows.
                let again = load_over(learned_file(&*loaded), rows(count)).unwrap();
                assert!(again.lacking().is_empty() || !learns, "{about}");
            }
        }
    }
}

#[test]
fn what_was_learned_is_not_taken_for_other_rows() {
    let mut random = Random(35);
    let [data, other] =
        [0, 1].map(|_| Data::random(&mut random, Element::F32, 200, DIM, Metric::L2));
    let spec = Spec { metric: Metric::L2, prefilter: true };
    let rows = |data: &Data| Rows::from(data.matrix());
    let mut index = kind_named("flat").unwrap().build(rows(&data), &spec).unwrap();
    index.catch_up(1, None).unwrap();
    let file = learned_file(&*index);
    // One of the rows that the checksum is taken of is another.
    let mut changed = data.matrix().bytes().to_vec();
    changed[199 * 4 * DIM..].rotate_left(4);
    let changed = MatrixRef::new(&changed, Element::F32, 200, DIM);
    let wide = MatrixRef::new(data.matrix().bytes(), Element::F32, 400, DIM / 2);
    let narrow = MatrixRef::new(data.matrix().bytes(), Element::U32, 200, DIM);
    for rows in [
        rows(&other),
        Rows::from(changed),
        Rows::from(wide),
        Rows::from(narrow),
        Rows::from(data.matrix().range(0, 199)),
        Rows::none(Element::F32, DIM),
    ] {
        let about = format!("{rows:?}");
        let error = load_over(file.clone(), rows).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{about}: {error}");
    }
    let error = load_over(save(&*index), rows(&data)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "with rows inside: {error}");
    let error = load(file.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage, "without rows: {error}");
    load_over(file, rows(&data)).unwrap();
}

/// Some bytes of a section changed, in a way of 18.
fn spoiled(original: &[u8], round: usize, random: &mut Random) -> Vec<u8> {
    let mut content = original.to_vec();
    match round {
        0 => content.clear(),
        1 => content.push(0),
        2 => content.truncate(content.len() / 2),
        3 => content.fill(0),
        4 => content.fill(0xff),
        _ => {
            for _ in 0..1 + random.word() % 4 {
                let place = (random.word() % content.len() as u64) as usize;
                content[place] = [0xff, 0x7f, random.word() as u8][round % 3];
            }
        }
    }
    content
}

/// The sections of a file, one of them changed.
fn rewritten(segment: &Segment, name: &str, content: &[u8]) -> Vec<u8> {
    write(|writer| {
        segment.sections().iter().try_for_each(|section| {
            writer.begin(&section.name)?;
            writer.write(if section.name == name {
                content
            } else {
                segment.require(&section.name)?
            })
        })
    })
}

#[test]
fn whatever_a_file_says_is_no_reason_to_panic() {
    let mut random = Random(32);
    for (metric, element) in [
        (Metric::L2, Element::F32),
        (Metric::Cosine, Element::F16),
        (Metric::InnerProduct, Element::I8),
        (Metric::Euclidean, Element::U8),
        (Metric::Hamming, Element::U8),
        (Metric::JensenShannon, Element::F64),
    ] {
        let index = build(&mut random, element, metric);
        let queries = Data::random(&mut random, element, 4, DIM, metric);
        let segment = Segment::open(Input::from_bytes("x.anx", save(&*index))).unwrap();
        for section in segment.sections() {
            let original = segment.require(&section.name).unwrap();
            for round in 0..18 {
                let content = spoiled(original, round, &mut random);
                let file = rewritten(&segment, &section.name, &content);
                if let Ok(mut loaded) = load(file)
                    && loaded.rows().dim() == DIM
                {
                    let _ = search(&*loaded, &queries);
                    if loaded.rows().element() == element {
                        loaded.add(queries.matrix());
                        let _ = search(&*loaded, &queries);
                    }
                }
            }
        }
    }
}

#[test]
fn whatever_a_file_without_rows_says_is_no_reason_to_panic() {
    let mut random = Random(36);
    let index = build(&mut random, Element::F32, Metric::Cosine);
    let queries = Data::random(&mut random, Element::F32, 4, DIM, Metric::Cosine);
    let segment = Segment::open(Input::from_bytes("x.anx", learned_file(&*index))).unwrap();
    for section in segment.sections() {
        let original = segment.require(&section.name).unwrap();
        for round in 0..18 {
            let content = spoiled(original, round, &mut random);
            let file = rewritten(&segment, &section.name, &content);
            if let Ok(mut loaded) = load_over(file, index.rows().clone()) {
                let _ = search(&*loaded, &queries);
                loaded.catch_up(1, None).unwrap();
                let _ = search(&*loaded, &queries);
            }
        }
    }
}
