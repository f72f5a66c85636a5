//! A hostile folder as a collection: a sound one, damaged as the input says, is opened, read, and
//! written to. Nothing outside of it may change.
#![no_main]

use anear::{
    Access, Collection, CollectionSearch, Condition, Existing, ExportRequest, Ids, Location,
    MatrixRef, OpenOptions, Result, SaveRequest, Silent, Sought, Value,
};
use anear_fuzz::choices::Choices;
use anear_fuzz::hostile::{BAIT, damage};
use anear_fuzz::sound::{add, folders, ids, vectors};
use std::path::Path;

/// So many changes at most are made.
const MOST_CHANGES: usize = 4;
/// A vector of more bytes is not made.
const MOST_BYTES: usize = 1 << 20;
const CONDITIONS: &[&str] = &[
    "page > 2",
    "name LIKE '%.pdf' AND id IS NOT NULL",
    "json_contains(about, 'new')",
    "about ->> '$.tags[0]' < ?",
];

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    anear_fuzz::run(|| {
        let mut choices = Choices(bytes);
        let parent = tempfile::tempdir_in(anear_fuzz::scratch()).expect("a folder");
        let (path, bait) = (parent.path().join("docs.anear"), parent.path().join(BAIT));
        let files = &folders()[choices.below(folders().len())];
        std::fs::create_dir(&path).expect("a folder");
        for (name, bytes) in files {
            std::fs::write(path.join(name), bytes).expect("a file");
        }
        let (_, vectors) = files.iter().find(|(name, _)| name.starts_with("vectors")).expect("one");
        std::fs::write(&bait, vectors).expect("a file");
        damage(&path, files, &mut choices);
        let _ = use_it(&path, &mut choices);
        assert!(std::fs::read(&bait).is_ok_and(|bytes| bytes == *vectors), "it was written to");
        let beside = std::fs::read_dir(parent.path()).expect("a folder").count();
        assert_eq!(beside, 2, "something was made beside the folder");
    });
    anear_fuzz::assert_no_panic_beside();
});

fn use_it(path: &Path, choices: &mut Choices<'_>) -> Result<()> {
    let access = choices.one_of(&[Access::Write, Access::Read]);
    let collection = Collection::open(path, access)?;
    read(&collection, choices);
    for _ in 0..choices.below(MOST_CHANGES + 1) {
        let _ = change(&collection, choices);
    }
    let _ = collection.close();
    read(&collection, choices);
    Ok(())
}

fn read(collection: &Collection, choices: &mut Choices<'_>) {
    let _ = collection.info();
    let _ = collection.columns();
    for texts in [false, true] {
        let ids = ids(0..30, texts);
        let _ = collection.get(&ids, None);
        let _ = search(collection, &Sought::Ids(&ids), None);
    }
    let sql = choices.one_of(CONDITIONS);
    let params = [Value::Int(choices.number())];
    let condition = Condition { sql, params: &params[..sql.matches('?').count()] };
    if collection.dim() * collection.element().bytes() <= MOST_BYTES {
        let query = vectors(collection.element(), collection.dim(), 1);
        let query = MatrixRef::new(&query, collection.element(), 1, collection.dim());
        let _ = search(collection, &Sought::Vectors(query), None);
        for _ in 0..2 {
            let _ = search(collection, &Sought::Vectors(query), Some(condition));
        }
        let _ = search(collection, &Sought::Hybrid { vector: query, text: "part new" }, None);
    }
    let _ = search(collection, &Sought::Text("part"), Some(condition));
    let _ = collection.count(Some(&condition));
    let _ = export(collection, choices.one_of(&[None, Some(condition)]));
    let _ = collection.verify(false, &mut Silent);
}

fn search(
    collection: &Collection,
    sought: &Sought<'_>,
    condition: Option<Condition<'_>>,
) -> Result<()> {
    let search = CollectionSearch { condition, ..CollectionSearch::nearest(3) };
    let reply = collection.search(sought, &search)?;
    assert!(reply.results.iter().all(|hits| hits.len() <= 3));
    Ok(())
}

fn export(collection: &Collection, condition: Option<Condition<'_>>) -> Result<()> {
    let folder = tempfile::tempdir_in(anear_fuzz::scratch()).expect("a folder");
    let output = Location { path: folder.path().join("out.jsonl"), entry: None };
    let output = SaveRequest::new(output);
    let request = ExportRequest { output: &output, condition, kind: None, keep_metadata: true };
    collection.export(&request, &OpenOptions::default(), &mut Silent).map(drop)
}

fn change(collection: &Collection, choices: &mut Choices<'_>) -> Result<()> {
    let texts = choices.byte().is_multiple_of(2);
    let first = choices.number() % 100;
    let small = collection.dim() * collection.element().bytes() <= MOST_BYTES;
    match choices.byte() % 9 {
        0 if small => add(collection, first..first + 3, texts, Existing::Refuse),
        1 if small => add(collection, first..first + 3, texts, Existing::Replace),
        2 if small => add(collection, first..first + 5000, texts, Existing::Replace),
        3 => collection.delete(&ids(first..first + 3, texts)).map(drop),
        4 => {
            let condition = Condition { sql: choices.one_of(&CONDITIONS[..3]), params: &[] };
            collection.delete_where(&condition).map(drop)
        }
        5 => collection.compact(&mut Silent).map(drop),
        6 => collection.verify(true, &mut Silent).map(drop),
        7 => collection.index(None, 1, &mut Silent),
        8 => collection.index_text(&["name".to_owned(), "about".to_owned()]),
        _ => collection.delete(&Ids::Ints(vec![first])).map(drop),
    }
}
