//! Commands on vector files.

use super::{Json, anear, example, failure, json, project, said, said_to};
use std::path::Path;
use std::process::Command;

#[test]
fn info_tells_what_is_inside() {
    let info = json(&["info", &example("glosses.parquet")]);
    assert_eq!(info["format"], "parquet");
    assert_eq!(info["index"], Json::Null);
    let entry = &info["entries"][0];
    assert_eq!((&entry["rows"], &entry["dim"]), (&Json::from(3855), &Json::from(384)));
    assert_eq!(entry["dtype"], "f16");
    assert_eq!(entry["metadata"], serde_json::json!(["id", "pos", "category", "lemmas", "gloss"]));
    let text = said(&["info", &example("papers.h5")]);
    assert!(text.contains("animals/section1/embedding"), "{text}");
    assert!(text.contains("all-MiniLM-L6-v2"), "{text}");
}

#[test]
fn head_shows_the_first_rows() {
    let head = json(&["head", &example("food.db"), "-n", "3"]);
    assert_eq!(head["rows"].as_array().unwrap().len(), 3);
    assert_eq!(head["rows"][2]["metadata"]["page_num"], 3);
    assert_eq!(head["rows"][0]["vector"].as_array().unwrap().len(), 384);
    assert!(said(&["head", &example("food.db")]).contains("food-00.pdf"));
}

#[test]
fn search_finds_by_id_row_vector_and_file() {
    let food = example("food.db");
    let by_row = json(&["search", &food, "--row", "41", "-k", "4"]);
    assert_eq!(by_row["metric"], "cosine");
    assert_eq!((&by_row["exact"], &by_row["k"]), (&Json::from(true), &Json::from(4)));
    let hits = by_row["results"][0]["hits"].as_array().unwrap();
    assert_eq!(
        (hits.len(), &hits[0]["row"], &hits[0]["id"]),
        (4, &Json::from(41), &Json::from(42))
    );
    assert!(hits[0]["distance"].as_f64().unwrap().abs() < 1e-12);
    assert_eq!(hits[0]["metadata"]["file_name"], "food-00.pdf");

    let by_id = json(&["search", &food, "--id", "42", "-k", "4"]);
    assert_eq!(by_id["results"], by_row["results"]);

    let vector = json(&["head", &food, "-n", "42"])["rows"][41]["vector"].to_string();
    let by_vector = json(&["search", &food, "--vector", &vector, "-k", "4"]);
    assert_eq!(by_vector["results"], by_row["results"]);

    let lines = format!("{vector}\n\n{vector}\n");
    let found = said_to(&lines, &["search", &food, "--query", "-", "-k", "4", "--json"]);
    let by_stdin: Json = serde_json::from_str(&found).unwrap();
    assert_eq!(by_stdin["results"][1]["hits"], by_row["results"][0]["hits"]);

    let all = json(&["search", &food, "--query", &food, "-k", "4"]);
    assert_eq!(all["results"][41]["hits"], by_row["results"][0]["hits"]);
}

#[test]
fn conditions_leave_exactly_k_hits() {
    let condition = "page_num > 10 AND file_name LIKE '%-03.pdf'";
    let reply =
        json(&["search", &example("food.db"), "--row", "7", "-k", "9", "--where", condition]);
    let hits = reply["results"][0]["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 9);
    for hit in hits {
        assert_eq!(hit["metadata"]["file_name"], "food-03.pdf");
        assert!(hit["metadata"]["page_num"].as_i64().unwrap() > 10);
    }
    let (code, error) =
        failure(&["search", &example("food.db"), "--row", "7", "--where", "chapter = 3"]);
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("page_num"), "the columns are listed: {error}");
    for hostile in ["1; DROP TABLE rows", "load_extension('x')", "1) UNION SELECT (1"] {
        let (code, error) =
            failure(&["search", &example("food.db"), "--row", "7", "--where", hostile]);
        assert_eq!(code, 2, "{hostile}: {error}");
    }
}

#[test]
fn show_chooses_columns_and_radius_chooses_rows() {
    let food = example("food.db");
    let reply = json(&["search", &food, "--row", "0", "--show", "page_num", "--radius", "0.6"]);
    let hits = reply["results"][0]["hits"].as_array().unwrap();
    assert!(hits.len() > 1 && hits.iter().all(|hit| hit["distance"].as_f64().unwrap() <= 0.6));
    assert_eq!(hits[0]["metadata"], serde_json::json!({"page_num": 1}));
    let text = said(&["search", &food, "--row", "0", "-k", "2", "--show", "gloss"]);
    assert_eq!(text.lines().count(), 3, "{text}");
}

#[test]
fn metadata_goes_into_a_sidecar_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let reply = json(&["convert", &example("food.db"), &path("food.npy")]);
    assert_eq!(reply["metadata_path"], path("food.npy.meta.jsonl"));
    let direct = json(&["search", &example("food.db"), "--row", "3", "-k", "5"]);
    let beside = json(&["search", &path("food.npy"), "--row", "3", "-k", "5"]);
    assert_eq!(direct["results"], beside["results"]);

    std::fs::rename(path("food.npy.meta.jsonl"), path("other.jsonl")).unwrap();
    let bare = json(&["search", &path("food.npy"), "--row", "3", "-k", "5"]);
    assert_eq!(bare["results"][0]["hits"][0]["metadata"], serde_json::json!({}));
    let meta =
        ["search", &path("food.npy"), "--row", "3", "-k", "5", "--meta", &path("other.jsonl")];
    assert_eq!(direct["results"], json(&meta)["results"]);
}

/// A table without vectors serves as metadata, in any format that can hold one.
#[test]
fn metadata_may_be_a_table_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    said(&["convert", &example("food.db"), &path("food.npy"), "--no-metadata"]);
    let csv: String = (0..600).map(|row| format!("{row},chapter {}\n", row % 7)).collect();
    std::fs::write(path("chapters.csv"), format!("number,chapter\n{csv}")).unwrap();
    let jsonl: String =
        (0..600).map(|row| format!("{{\"chapter\": \"chapter {}\"}}\n", row % 7)).collect();
    std::fs::write(path("chapters.jsonl"), jsonl).unwrap();
    let few: String = (0..20).map(|row| format!("{row},chapter {}\n", row % 7)).collect();
    std::fs::write(path("few.csv"), format!("number,chapter\n{few}")).unwrap();
    for meta in ["chapters.csv", "chapters.jsonl"] {
        let condition = ["--where", "chapter = 'chapter 3'", "--meta", &path(meta)];
        let food = path("food.npy");
        let reply = json(&[&["search", &food, "--row", "3", "-k", "5"][..], &condition].concat());
        let hits = reply["results"][0]["hits"].as_array().unwrap();
        assert_eq!(hits.len(), 5, "{meta}");
        assert!(hits.iter().all(|hit| hit["row"].as_u64().unwrap() % 7 == 3), "{meta}");
    }
    let (code, error) =
        failure(&["search", &path("food.npy"), "--row", "3", "--meta", &path("few.csv")]);
    assert_eq!(code, 3);
    assert!(error.contains("20 rows of metadata for 600 vectors"), "{error}");
}

#[test]
fn conversions_filter_rows_and_replace_only_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let condition = "category = 'noun.food' AND gloss LIKE '%cheese%'";
    let arguments = ["convert", &example("glosses.parquet"), &path("x.npz"), "--where", condition];
    let rows = json(&arguments)["rows"].as_u64().unwrap();
    assert!((10..100).contains(&rows), "{rows}");
    let (code, error) = failure(&arguments);
    assert_eq!(code, 2);
    assert!(error.starts_with("error: ") && error.contains("help: --force"), "{error}");
    assert_eq!(json(&[&arguments[..], &["--force"]].concat())["rows"], rows);
    let leftovers: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(leftovers.len(), 1, "{leftovers:?}");
}

#[test]
fn entries_are_named_when_there_are_several() {
    let (code, error) = failure(&["head", &example("papers.h5")]);
    assert_eq!(code, 2);
    assert!(error.contains("animals/section1/embedding"), "{error}");
    let entry = format!("{}::plants/section2", example("papers.h5"));
    let (code, _) = failure(&["head", &format!("{entry}/nothing")]);
    assert_eq!(code, 3);
    for name in [format!("{entry}/embedding"), entry] {
        assert!(json(&["head", &name, "-n", "1"])["rows"][0]["metadata"]["gloss"].is_string());
    }
}

/// `convert --kind` builds what `index` builds.
#[test]
fn converting_to_an_index_can_build_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (food, anx, index) = (example("food.db"), path("a.anx"), path("b.anx"));
    let converted = json(&["convert", &food, &anx, "--kind", "flat", "--metric", "l2"]);
    let built = json(&["index", &food, "-o", &index, "--metric", "l2"]);
    assert_eq!(converted["bytes"], built["bytes"]);
    assert_eq!(std::fs::read(&anx).unwrap(), std::fs::read(&index).unwrap());
    for wrong in [
        &["convert", &food, &path("c.npy"), "--kind", "flat"][..],
        &["convert", &food, &path("c.anx"), "--kind", "HNSW32"],
        &["convert", &food, &path("c.anx"), "--kind", "flat", "--dtype", "f16"],
    ] {
        assert_eq!(failure(wrong).0, 2, "{wrong:?}");
    }
}

/// An index answers as the file it was made from does, ids, conditions and metadata included.
#[test]
fn an_index_is_one_file_with_everything_inside() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (food, anx) = (example("food.db"), path("food.anx"));
    let made = json(&["index", &food, "-o", &anx, "--metric", "l2"]);
    assert_eq!(
        (&made["kind"], &made["rows"], &made["dtype"]),
        (&Json::from("flat"), &Json::from(600), &Json::from("f32"))
    );
    let info = json(&["info", &anx, "--check"]);
    let index = serde_json::json!(
        {"kind": "flat", "metric": "l2", "rows": 600, "dim": 384, "params": {"prefilter": true}}
    );
    assert_eq!((&info["format"], &info["index"]), (&Json::from("anx"), &index));
    assert_eq!(info["entries"][0]["ids"], "id");
    for flags in [
        &["--row", "41", "-k", "4"][..],
        &["--id", "42", "--where", "page_num > 10", "--show", "page_num"],
        &["--row", "7", "--radius", "1.1"],
        &["--query", &food, "-k", "3", "--exact"],
    ] {
        let direct = json(&[&["search", &food, "--metric", "l2"], flags].concat());
        let indexed = json(&[&["search", &anx], flags].concat());
        assert_eq!(indexed, direct, "{flags:?}");
    }
    let other = ["--row", "41", "--metric", "manhattan"];
    let direct = json(&[&["search", &food][..], &other].concat());
    assert_eq!(json(&[&["search", &anx][..], &other].concat()), direct, "another metric");
    let head = |path: &str| json(&["head", path, "-n", "4"])["rows"].clone();
    assert_eq!(head(&anx), head(&food));
    for output in ["food.npy", "food.parquet"] {
        said(&["convert", &anx, &path(output)]);
        assert_eq!(head(&path(output)), head(&anx), "{output}");
    }
    said(&["convert", &path("food.npy"), &path("again.anx"), "--metric", "l2"]);
    let search = |path: &str| json(&["search", path, "--row", "3"])["results"].clone();
    assert_eq!(search(&path("again.anx")), search(&anx));
    let small =
        json(&["index", &food, "-o", &path("small.anx"), "--no-prefilter", "--metric", "l2"]);
    assert!(small["bytes"].as_u64() < made["bytes"].as_u64(), "{small}");
    assert_eq!(search(&path("small.anx")), search(&anx));

    let (code, error) = failure(&["index", &food, "-o", &anx]);
    assert!(code == 2 && error.contains("help: --force"), "{error}");
    said(&["index", &food, "-o", &anx, "--force"]);
    assert_eq!(json(&["info", &anx])["index"]["metric"], "cosine");
    let (code, error) = failure(&["index", &food, "-o", &path("x.anx"), "--kind", "IVF64,Flat"]);
    assert!(code == 2 && error.contains("auto, flat"), "{error}");
    said(&["index", &food, "-o", &path("x.faiss"), "--kind", "IVF8,Flat"]);
    assert_eq!(json(&["info", &path("x.faiss")])["index"]["kind"], "faiss:IwFl");
    let (code, error) = failure(&["index", &food, "-o", &path("y.faiss"), "--kind", "IVF8,Flut"]);
    assert!(code == 2 && error.contains("Flut"), "{error}");
    assert_eq!(failure(&["index", &food, "-o", &path("x.anx"), "--ids", "page_num"]).0, 3);

    let [apart, again] = ["apart.faiss", "again.faiss"].map(path);
    said(&["index", &food, "-o", &apart, "--kind", "IVF8,Flat", "--lists", &path("x.ivfdata")]);
    let rows = |index: &str| json(&["head", index, "-n", "3"])["rows"].clone();
    assert_eq!(rows(&apart), rows(&path("x.faiss")));
    let lists = path("y.ivfdata");
    said(&["convert", &apart, &again, "--kind", "IVF4,SQ8", "--lists", &lists]);
    std::fs::remove_file(lists).unwrap();
    assert!(failure(&["head", &again]).1.contains("y.ivfdata"));
    for output in ["z.anx", "z.npy"] {
        let arguments = ["index", &food, "-o", &path(output), "--lists", &path("z.ivfdata")];
        let (code, error) = failure(&arguments);
        assert!(code == 2 && error.contains("inverted lists"), "{error}");
    }
}

#[test]
fn rows_that_an_index_refuses_are_named_as_in_the_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let numbers: Vec<String> = (0..9).map(|row| format!("{row},\"[{row}, NaN]\"")).collect();
    let numbers = numbers.join("\n").replacen("NaN", "1", 6);
    std::fs::write(path("x.csv"), format!("page,embedding\n{numbers}\n")).unwrap();
    for command in [
        &["index", &path("x.csv"), "-o", &path("x.anx")][..],
        &["convert", &path("x.csv"), &path("x.anx")],
        &["convert", &path("x.csv"), &path("x.anx"), "--where", "page > 2"],
    ] {
        let (code, error) = failure(command);
        assert_eq!(code, 3, "{error}");
        assert!(error.contains("x.csv") && error.contains("row 6"), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was left");
}

#[test]
fn damage_to_an_index_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("food.anx").to_string_lossy().into_owned();
    said(&["index", &example("food.db"), "-o", &path]);
    let original = std::fs::read(&path).unwrap();
    std::fs::write(&path, &original[..original.len() - 1]).unwrap();
    let (code, error) = failure(&["info", &path]);
    assert!(code == 3 && error.contains("food.anx"), "{error}");
    let mut damaged = original.clone();
    damaged[original.len() / 2] ^= 4; // among the rows
    std::fs::write(&path, damaged).unwrap();
    said(&["info", &path]);
    let output = anear(&["info", &path, "--check", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let info: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert!(info["damage"].as_str().unwrap().contains("section rows is damaged"), "{info}");
}

#[test]
fn exit_codes_tell_failure_usage_and_damage_apart() {
    assert_eq!(failure(&["info", "no-such-file.npy"]).0, 1);
    assert_eq!(failure(&["search", &example("food.db"), "--row", "0", "-k", "0"]).0, 2);
    assert_eq!(failure(&["search", &example("food.db")]).0, 2, "no query");
    assert_eq!(failure(&["search", &example("food.db"), "--vector", "[1, 2]"]).0, 2, "dimension");
    assert_eq!(failure(&["search", &example("food.db"), "--row", "600"]).0, 2);
    assert_eq!(failure(&["frobnicate"]).0, 2);
    let bad = anear_testkit::fixtures::folder().join("bad/npy_not_a_dict.npy");
    let (code, error) = failure(&["info", &bad.to_string_lossy()]);
    assert_eq!(code, 3);
    assert!(error.starts_with("error: ") && error.contains("npy_not_a_dict.npy"), "{error}");
}

#[test]
fn completions_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(said(&["completions", shell]).contains("anear"), "{shell}");
    }
}

#[test]
fn memory_bounds_a_streamed_search() {
    let all = json(&["search", &example("glosses.parquet"), "--id", "tea.n", "-k", "7"]);
    let little = json(&[
        "search",
        &example("glosses.parquet"),
        "--id",
        "tea.n",
        "-k",
        "7",
        "--memory",
        "100kB",
    ]);
    assert_eq!(all["results"], little["results"]);
}

#[test]
fn standard_input_and_output_are_files_too() {
    let rows = "{\"id\": 1, \"embedding\": [0.5, 2]}\n{\"id\": 2, \"embedding\": [1, -3]}\n";
    let text = said_to(rows, &["convert", "-", "-", "--format", "csv"]);
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("-3"), "{text}");
}

/// Each command of the README prints what a reader can expect of it: success.
#[test]
fn the_commands_of_the_readme_run() {
    let readme = std::fs::read_to_string(project().join("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let binary = env!("CARGO_BIN_EXE_anear");
    let commands: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("anear "))
        .map(|command| command.split("  #").next().unwrap().trim())
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    copy_folder(&project().join("examples/data"), &folder.path().join("examples/data"));
    for command in commands {
        let output = Command::new("sh")
            .args(["-c", &format!("{binary} {command}")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "anear {command}: {errors}");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
