//! Forests beside the real Annoy: the same files, the same answers, to the last bit. What Annoy's
//! compiler makes of its sums is known for x86-64 (`docs/notes/0008-annoy.md`).
#![cfg(target_arch = "x86_64")]

use anear_index::Keep;
use anear_index::forest::{Arithmetic, Ask, Forest, Growth, Hit, Scratch};
use anear_testkit::peers;
use anear_types::Metric;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Cases in a run; `ANEAR_ANNOY_CASES` is for longer ones.
const CASES: usize = 2000;

#[test]
fn files_and_answers_are_those_of_annoy() {
    let made = peers::environment("annoy", "crates/index/tests/peers/requirements.txt", "annoy");
    let python = std::env::var_os("ANEAR_ANNOY_PYTHON").map_or(made, |python| Ok(python.into()));
    let Some(python) = peers::found_or_skipped(python, "annoy") else { return };
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let cases = number("ANEAR_ANNOY_CASES").unwrap_or(CASES);
    let first = number("ANEAR_ANNOY_FIRST").unwrap_or(0);
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/annoy_cases.py");
    let arguments = [cases.to_string(), first.to_string()];
    peers::must_succeed(Command::new(python).arg(script).arg(folder.path()).args(arguments));
    let text = std::fs::read_to_string(folder.path().join("cases.jsonl")).unwrap();
    let mut differences = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let case: Value = serde_json::from_str(line).unwrap();
        if let Err(difference) = check(&case, folder.path()) {
            let (metric, dim) = (&case["metric"], &case["dim"]);
            let (items, trees) = (&case["items"], &case["trees"]);
            let case = first + at;
            differences.push(format!(
                "case {case}: {metric}, {dim} components, {items} items, {trees} trees: {difference}"
            ));
        }
    }
    let shown: Vec<&String> = differences.iter().take(20).collect();
    assert!(differences.is_empty(), "{} of {cases} differ: {shown:#?}", differences.len());
    assert_eq!(text.lines().count(), cases);
}

fn check(case: &Value, folder: &Path) -> Result<(), String> {
    let metric = match case["metric"].as_str().unwrap() {
        "dot" => Metric::InnerProduct,
        name => Metric::from_name(name).unwrap(),
    };
    let dim = case["dim"].as_u64().unwrap() as usize;
    let mut forest = fresh(case, metric, dim);
    add_items(&mut forest, case, dim);
    let trees = case["trees"].as_i64().unwrap() as i32;
    let jobs = number(&case["jobs"]);
    forest.build(&Growth::trees(trees).on_threads(jobs as i32), None).unwrap();
    same("trees", &forest.trees(), &number(&case["built_trees"]))?;
    let path = folder.join("ours.ann");
    let theirs = std::fs::read(folder.join(case["file"].as_str().unwrap())).unwrap();
    if jobs > 1 {
        // Annoy's threads number their nodes as they come, so only the shape is the same.
        forest.save(&path, false).unwrap();
        let ours = std::fs::read(&path).unwrap();
        same("bytes", &ours.len(), &theirs.len())?;
        forest.load_into(&folder.join(case["file"].as_str().unwrap()), true).unwrap();
    } else {
        let built = check_answers(&forest, &case["built"]);
        forest.save(&path, false).unwrap();
        let ours = std::fs::read(&path).unwrap();
        same_nodes(metric, dim, forest.len(), &ours, &theirs)?;
        built?;
    }
    for (name, trees) in [("on_disk", trees), ("bare", 0)] {
        let Some(file) = case[name].as_str() else { continue };
        let path = folder.join("disk.ann"); // the other is mapped
        let mut forest = fresh(case, metric, dim);
        forest.on_disk_build(&path).unwrap();
        add_items(&mut forest, case, dim);
        forest.build(&Growth::trees(trees), None).unwrap();
        let ours = std::fs::read(&path).unwrap();
        let theirs = std::fs::read(folder.join(file)).unwrap();
        let same = same_nodes(metric, dim, forest.len(), &ours, &theirs);
        same.map_err(|difference| format!("{name}: {difference}"))?;
        let loaded = Forest::load(&folder.join(file), metric, dim, false).unwrap();
        // Items that are zeros throughout look like trees over one of them.
        let is_clear = (0..forest.len() as u32)
            .any(|item| forest.item_vector(item).unwrap().iter().any(|value| *value != 0.0));
        if trees != 0 || is_clear {
            same_items(name, &loaded, &forest)?;
        }
    }
    same("items", &forest.len(), &number(&case["items"]))?;
    same("trees in the file", &forest.trees(), &number(&case["trees_in_file"]))?;
    check_answers(&forest, &case["loaded"])?;
    for told in case["distances"].as_array().unwrap() {
        let (x, y) = (told[0].as_u64().unwrap() as u32, told[1].as_u64().unwrap() as u32);
        let distance = told[2].as_f64().unwrap() as f32;
        same("distance", &forest.distance(x, y).unwrap().to_bits(), &distance.to_bits())?;
    }
    for told in case["vectors"].as_array().unwrap() {
        let item = told[0].as_u64().unwrap() as u32;
        same("vector", &forest.item_vector(item).unwrap(), &floats(&told[1]))?;
    }
    Ok(())
}

/// A forest with the seed of a case.
fn fresh(case: &Value, metric: Metric, dim: usize) -> Forest {
    let mut forest = Forest::new(metric, dim).unwrap();
    let arithmetic = std::env::var("ANEAR_ANNOY_ARITHMETIC").ok();
    let arithmetic = arithmetic.map(|name| Arithmetic::named(&name).expect("a known name"));
    forest.set_arithmetic(arithmetic.unwrap_or(Arithmetic::native()));
    if let Some(seed) = case["seed"].as_i64() {
        forest.set_seed(seed as u64);
    }
    forest
}

fn add_items(forest: &mut Forest, case: &Value, dim: usize) {
    let rows = floats(&case["rows"]);
    for (number, row) in case["numbers"].as_array().unwrap().iter().zip(rows.chunks(dim)) {
        forest.add_item(number.as_u64().unwrap() as u32, row).unwrap();
    }
}

/// Compares the items of forests.
fn same_items(what: &str, ours: &Forest, theirs: &Forest) -> Result<(), String> {
    same(what, &ours.len(), &theirs.len())?;
    for item in 0..ours.len() as u32 {
        same(what, &ours.has_item(item), &theirs.has_item(item))?;
        same(what, &ours.item_vector(item).unwrap(), &theirs.item_vector(item).unwrap())?;
    }
    Ok(())
}

fn check_answers(forest: &Forest, answers: &Value) -> Result<(), String> {
    let mut scratch = Scratch::default();
    for answer in answers.as_array().unwrap() {
        let ask = Ask {
            count: answer["count"].as_u64().unwrap() as usize,
            search_k: answer["search_k"].as_i64().unwrap() as i32,
            fill: false,
            keep: Keep::All,
        };
        let found = match answer["item"].as_u64() {
            Some(item) => forest.nearest_to_item(item as u32, &ask, &mut scratch),
            None => {
                let query = floats(&answer["vector"]);
                let each = forest.nearest_each(&query.repeat(3), &ask, 1, None).unwrap();
                let found = forest.nearest(&query, &ask, &mut scratch);
                same("batch", &each[2], found.as_ref().unwrap())?;
                found
            }
        };
        let items = answer["items"].as_array().unwrap().iter();
        let items = items.map(|item| item.as_u64().unwrap() as u32);
        let distances = floats(&answer["distances"]);
        let expected: Vec<Hit> =
            items.zip(distances).map(|(item, distance)| Hit { item, distance }).collect();
        same(&format!("answer to {ask:?}"), &found.unwrap(), &expected)?;
    }
    Ok(())
}

/// Compares files; where Annoy writes whatever was in memory, in splits of bits, anything goes.
fn same_nodes(
    metric: Metric,
    dim: usize,
    items: usize,
    ours: &[u8],
    theirs: &[u8],
) -> Result<(), String> {
    same("bytes", &ours.len(), &theirs.len())?;
    let node_bytes = match metric {
        Metric::Angular => 12 + 4 * dim,
        Metric::Hamming => 16 + 8 * dim.div_ceil(64),
        _ => 16 + 4 * dim,
    };
    let nodes = ours.chunks(node_bytes).zip(theirs.chunks(node_bytes)).enumerate();
    for (node, (ours, theirs)) in nodes {
        let below = u32::from_le_bytes(ours[..4].try_into().unwrap()) as usize;
        let is_split = node >= items && below > (node_bytes - 4) / 4;
        let told = |node: &[u8]| match metric {
            Metric::Hamming if is_split => [&node[..12], &node[16..24]].concat(),
            _ => node.to_vec(),
        };
        same(&format!("node {node} of {items} items"), &told(ours), &told(theirs))?;
    }
    Ok(())
}

fn number(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

fn floats(values: &Value) -> Vec<f32> {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs {
        return Ok(());
    }
    let (mut ours, mut theirs) = (format!("{ours:?}"), format!("{theirs:?}"));
    ours.truncate(400);
    theirs.truncate(400);
    Err(format!("{what}: ours {ours}, Annoy's {theirs}"))
}
