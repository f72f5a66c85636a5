//! Commands on collections.

use super::{Folder, Json, example, failure, json, said, said_to};
use serde_json::json as document;
use std::io::Write;

/// A collection of the rows of `food.db`: 600 with integer ids, `file_name`, `page_num`, `gloss`.
fn food(folder: &Folder) -> String {
    let path = folder.path("food.anear");
    said(&["create", &path, "--dim", "384", "--metric", "cosine", "--model", "MiniLM"]);
    said(&["add", &path, &example("food.db")]);
    path
}

fn rows(collection: &str) -> u64 {
    json(&["info", collection])["entries"][0]["rows"].as_u64().unwrap()
}

fn ids(reply: &Json) -> Vec<Json> {
    let hits = reply["results"][0]["hits"].as_array().unwrap();
    hits.iter().map(|hit| hit["id"].clone()).collect()
}

#[test]
fn a_collection_is_created_once() {
    let folder = Folder::new();
    let path = folder.path("c.anear");
    let made = json(&["create", &path, "--dim", "3", "--metric", "l2", "--dtype", "f16"]);
    let expected = document!({
        "path": path, "dim": 3, "metric": "l2", "dtype": "f16", "storage": "npy", "model": null, "text": [],
    });
    assert_eq!(made, expected);
    let (code, error) = failure(&["create", &path, "--dim", "3"]);
    assert!(code == 2 && error.contains("c.anear"), "{error}");
    let info = json(&["info", &path]);
    assert_eq!((&info["format"], &info["id_kind"]), (&Json::from("collection"), &Json::Null));
    assert_eq!((&info["entries"][0]["rows"], &info["entries"][0]["dim"]), (&0.into(), &3.into()));
    let other = folder.path("other.anear");
    for wrong in [
        &["--dim", "0"][..],
        &["--dim", "3", "--compress"],
        &["--dim", "3", "--group-by", "page"],
        &["--dim", "3", "--storage", "hdf5", "--compress", "zstd"],
    ] {
        assert_eq!(failure(&[&["create", &other], wrong].concat()).0, 2, "{wrong:?}");
    }
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 1, "nothing was left");
}

#[test]
fn rows_are_added_with_ids_and_metadata_and_come_back() {
    let folder = Folder::new();
    let path = food(&folder);
    let info = json(&["info", &path, "--check"]);
    assert_eq!(info["entries"][0]["rows"], 600);
    assert_eq!(info["entries"][0]["metadata"], document!(["file_name", "page_num", "gloss"]));
    assert_eq!((&info["model"], &info["id_kind"]), (&"MiniLM".into(), &"int".into()));
    let text = said(&["info", &path]);
    assert!(text.contains("page_num") && text.contains("metadata.sqlite"), "{text}");

    let head = &json(&["head", &example("food.db"), "-n", "42"])["rows"][41];
    let got = json(&["get", &path, "42", "7", "--show", "page_num,file_name"]);
    assert_eq!(got["rows"][0]["id"], 42);
    assert_eq!(got["rows"][0]["vector"], head["vector"]);
    assert_eq!(got["rows"][0]["metadata"]["page_num"], head["metadata"]["page_num"]);
    assert_eq!(got["rows"][1]["id"], 7);
    assert_eq!(got["missing"], document!([]));
    let ours = json(&["head", &path, "-n", "42"]);
    assert_eq!(ours["rows"][41]["vector"], head["vector"]);
    assert_eq!(said(&["get", &path, "1", "2"]).lines().count(), 3);
}

#[test]
fn a_missing_id_is_told_after_what_is_there() {
    let folder = Folder::new();
    let path = food(&folder);
    let output = super::anear(&["get", &path, "42", "4242", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let got: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&got["rows"][0]["id"], &got["missing"]), (&42.into(), &document!([4242])));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("no row with id 4242"), "{error}");
    let (code, error) = failure(&["get", &path, "tea"]);
    assert!(code == 2 && error.contains("integers"), "{error}");
}

#[test]
fn search_agrees_with_the_file_the_rows_came_from() {
    let folder = Folder::new();
    let path = food(&folder);
    let vector = json(&["get", &path, "42"])["rows"][0]["vector"].to_string();
    for flags in [
        &["--id", "42", "-k", "4", "--show", "page_num"][..],
        &["--vector", &vector, "-k", "9", "--where", "page_num > 10 AND file_name LIKE '%-03.pdf'"],
        &[
            "--vector",
            &vector,
            "--where",
            "page_num > ? AND file_name = ?",
            "--param",
            "3",
            "--param",
            "food-05.pdf",
        ],
        &["--id", "7", "--radius", "0.55", "--show", "gloss"],
        &["--query", &example("food.db"), "-k", "3"],
    ] {
        let of_file = json(&[&["search", &example("food.db")], flags].concat());
        let ours = json(&[&["search", &path], flags].concat());
        assert_eq!(ours["metric"], "cosine");
        assert_eq!(distances_and_ids(&ours), distances_and_ids(&of_file), "{flags:?}");
    }
    let text = said(&["search", &path, "--id", "42", "-k", "2", "--show", "gloss"]);
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.trim_start().starts_with("distance  id"), "{text}");
}

/// Distances, ids and metadata of all hits: `id` is a metadata column of a file, not of a collection.
fn distances_and_ids(reply: &Json) -> Vec<(Json, Json, Json)> {
    let mut all = Vec::new();
    for result in reply["results"].as_array().unwrap() {
        for hit in result["hits"].as_array().unwrap() {
            let mut metadata = hit["metadata"].as_object().unwrap().clone();
            metadata.remove("id");
            all.push((hit["distance"].clone(), hit["id"].clone(), metadata.into()));
        }
    }
    all
}

#[test]
fn what_does_not_go_together_is_refused() {
    let folder = Folder::new();
    let path = food(&folder);
    let id = ["search", &path, "--id", "42"];
    for (flags, message) in [
        (&["--metric", "l2"][..], "cosine"),
        (&["--where", "chapter = 3"], "page_num"),
        (&["--where", "1; DROP TABLE embeddings"], ""),
        (&["--show", "chapter"], "page_num"),
        (&["--meta", "x.csv"], "--meta"),
        (&["--ids", "page_num"], "--ids"),
        (&["--text", "cheese"], "--id"),
        (&["-k", "0"], "k is 0"),
    ] {
        let (code, error) = failure(&[&id[..], flags].concat());
        assert!(code == 2 && error.contains(message), "{flags:?}: {error}");
    }
    for (command, message) in [
        (&["search", &path][..], "--query"),
        (&["search", &path, "--row", "1"], "--id"),
        (&["search", &path, "--id", "9999"], "9999"),
        (&["search", &path, "--vector", "[1, 2]"], "384"),
        (&["search", &path, "--text", "cheese"], "--text"),
        (&["search", &example("food.db"), "--text", "cheese"], "collection"),
        (&["index", &example("food.db")], "-o FILE.anx"),
        (&["index", &example("food.db"), "--text", "gloss"], "collection"),
        (&["add", &path, &example("food.db"), "--model", "another"], "MiniLM"),
        (&["delete", &path], "--where"),
        (&["delete", &path, "--ids", "1", "--where", "1"], "cannot be used"),
        (&["index", &path, "--text", "chapter"], "page_num"),
        (&["delete", &path, "--where", "chapter = 3"], "page_num"),
    ] {
        let (code, error) = failure(command);
        assert!(code == 2 && error.contains(message), "{command:?}: {error}");
    }
    let (code, error) = failure(&["add", &path, &example("food.db")]);
    assert!(code == 3 && error.contains("id 1 "), "{error}");
    assert_eq!(rows(&path), 600);
    for command in ["get", "delete", "export", "verify", "compact", "add"] {
        let missing = folder.path("missing.anear");
        let more = match command {
            "get" => vec!["1"],
            "delete" => vec!["--ids", "1"],
            "export" => vec!["x.npy"],
            "add" => vec!["x.npy"],
            _ => Vec::new(),
        };
        let (code, error) = failure(&[&[command, &missing], &more[..]].concat());
        assert!(code == 1 && error.contains("missing.anear"), "{command}: {error}");
    }
}

#[test]
fn upserts_replace_rows() {
    let folder = Folder::new();
    let path = food(&folder);
    let added = json(&["add", &path, &example("food.db"), "--upsert"]);
    assert_eq!(added, document!({"added": 0, "updated": 600, "rows": 600}));
    let lines = format!(
        "{{\"id\": 42, \"embedding\": {0}}}\n{{\"id\": 1000, \"embedding\": {0}}}\n",
        vector(384)
    );
    let added = said_to(&lines, &["add", &path, "-", "--upsert", "--json"]);
    let added: Json = serde_json::from_str(&added).unwrap();
    assert_eq!(added, document!({"added": 1, "updated": 1, "rows": 601}));
    let got = json(&["get", &path, "42", "--show", "page_num"]);
    assert_eq!(got["rows"][0]["metadata"], document!({"page_num": null}));
    assert_eq!(
        ids(&json(&["search", &path, "--id", "1000", "-k", "2"])),
        [42, 1000].map(Json::from)
    );
}

fn vector(dim: usize) -> String {
    let components: Vec<String> = (0..dim).map(|at| format!("{}", at % 7 + 1)).collect();
    format!("[{}]", components.join(", "))
}

#[test]
fn ids_may_be_text_and_metadata_may_be_beside() {
    let folder = Folder::new();
    let path = folder.path("c.anear");
    said(&["create", &path, "--dim", "2", "--metric", "l2"]);
    let csv = "name,embedding\ntea,\"[1, 0]\"\n-5,\"[0, 1]\"\nmilk,\"[2, 2]\"\n";
    std::fs::write(folder.path("x.csv"), csv).unwrap();
    std::fs::write(folder.path("meta.jsonl"), "{\"hot\": true}\n{\"hot\": false}\n{}\n").unwrap();
    let meta = folder.path("meta.jsonl");
    said(&["add", &path, &folder.path("x.csv"), "--ids", "name", "--meta", &meta]);
    assert_eq!(json(&["info", &path])["id_kind"], "text");
    let got = json(&["get", &path, "-5", "tea"]);
    assert_eq!((&got["rows"][0]["id"], &got["rows"][1]["id"]), (&"-5".into(), &"tea".into()));
    assert_eq!(got["rows"][1]["metadata"]["hot"], true);
    let got: Json =
        serde_json::from_str(&said_to("milk\ntea\n", &["get", &path, "-", "--json"])).unwrap();
    assert_eq!(got["rows"][0]["id"], "milk");
    assert_eq!(
        ids(&json(&["search", &path, "--id", "tea", "--where", "hot"])),
        [Json::from("tea")]
    );
    let deleted = json(&["delete", &path, "--ids", "milk", "-5", "nobody"]);
    assert_eq!(deleted, document!({"deleted": 2, "rows": 1}));
}

#[test]
fn deleted_rows_are_gone_and_compacting_makes_room() {
    let folder = Folder::new();
    let path = food(&folder);
    let deleted = json(&["delete", &path, "--where", "page_num > ?", "--param", "5"]);
    let left = 600 - deleted["deleted"].as_u64().unwrap();
    assert!((10..590).contains(&left), "{deleted}");
    assert_eq!((rows(&path), &deleted["rows"]), (left, &left.into()));
    assert_eq!(json(&["info", &path])["deleted"], deleted["deleted"]);
    let hits = ids(&json(&["search", &path, "--id", "1", "-k", "600"]));
    assert_eq!(hits.len() as u64, left);
    let compacted = json(&["compact", &path]);
    assert_eq!((&compacted["rows"], &compacted["removed"]), (&left.into(), &deleted["deleted"]));
    assert!(compacted["bytes"].as_u64() < compacted["bytes_before"].as_u64(), "{compacted}");
    assert_eq!(ids(&json(&["search", &path, "--id", "1", "-k", "600"])), hits);
    assert!(said(&["verify", &path]).contains("all is well"));
}

#[test]
fn text_is_searched_alone_and_with_a_vector() {
    let folder = Folder::new();
    let path = food(&folder);
    let indexed = json(&["index", &path, "--text", "gloss"]);
    assert_eq!(
        indexed,
        document!({"path": path, "text": ["gloss"], "kind": null, "index_file": null})
    );
    let reply = json(&["search", &path, "--text", "cheese", "-k", "5"]);
    assert_eq!(reply["metric"], "bm25");
    let hits = reply["results"][0]["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 5);
    for hit in hits {
        assert!(hit["metadata"]["gloss"].as_str().unwrap().contains("cheese"), "{hit}");
    }
    let vector = json(&["get", &path, "42"])["rows"][0]["vector"].to_string();
    let both = json(&["search", &path, "--text", "cheese", "--vector", &vector, "-k", "20"]);
    assert_eq!(both["metric"], "rrf");
    let both = ids(&both);
    assert!(both.contains(&42.into()), "the nearest is among them");
    assert!(both.contains(&hits[0]["id"]), "and so is the best text");
}

#[test]
fn an_index_is_kept_in_the_folder_when_asked() {
    let folder = Folder::new();
    let path = food(&folder);
    let found = ids(&json(&["search", &path, "--id", "42", "-k", "600"]));
    let indexed = json(&["index", &path]);
    let file = indexed["index_file"].as_str().unwrap();
    assert!(std::path::Path::new(&path).join(file).is_file(), "{indexed}");
    assert_eq!(json(&["info", &path])["index"]["file"], file);
    assert_eq!(ids(&json(&["search", &path, "--id", "42", "-k", "600"])), found);
    assert!(said(&["verify", &path]).contains("all is well"));
}

#[test]
fn a_collection_is_searched_by_trees_when_asked() {
    let folder = Folder::new();
    let path = food(&folder);
    let query = ["search", &path, "--id", "42", "-k", "20", "--where", "page_num < 5"];
    let before = json(&query);
    assert_eq!(before["exact"], true);
    let indexed = json(&["index", &path, "--kind", "forest"]);
    assert_eq!(indexed["kind"], "forest");
    let info = json(&["info", &path]);
    assert_eq!(
        (&info["index"]["kind"], &info["index"]["file"]),
        (&indexed["kind"], &indexed["index_file"])
    );
    assert!(said(&["info", &path]).contains("index = forest"));
    let found = json(&query);
    assert_eq!((&found["exact"], ids(&found).len()), (&false.into(), ids(&before).len()));
    let same = ids(&found).iter().filter(|id| ids(&before).contains(id)).count();
    assert!(same >= 15, "{found} {before}");
    assert_eq!(json(&[&query[..], &["--exact"]].concat()), before);
    assert_eq!(json(&["index", &path])["kind"], "forest", "the kind stays");
    assert!(said(&["verify", &path]).contains("all is well"));
    assert_eq!(json(&["index", &path, "--kind", "flat"])["kind"], "flat");
    assert_eq!(json(&query), before);
    let (status, error) = failure(&["index", &path, "--kind", "HNSW32"]);
    assert!(status == 2 && error.contains("HNSW32"), "{status} {error}");
}

#[test]
fn what_is_exported_is_what_was_there() {
    let folder = Folder::new();
    let path = food(&folder);
    let written = json(&["export", &path, &folder.path("out.parquet")]);
    assert_eq!((&written["rows"], &written["format"]), (&600.into(), &"parquet".into()));
    let query = ["--id", "42", "-k", "7"];
    let direct = json(&[&["search", &path], &query[..]].concat());
    let exported = json(&[&["search", &folder.path("out.parquet")], &query[..]].concat());
    assert_eq!(distances_and_ids(&exported), distances_and_ids(&direct));
    let some =
        ["export", &path, &folder.path("some.npy"), "--where", "page_num = ?", "--param", "3"];
    let written = json(&some);
    assert!((1..600).contains(&written["rows"].as_u64().unwrap()), "{written}");
    assert_eq!(written["metadata_path"], folder.path("some.npy.meta.jsonl"));
    let (code, error) = failure(&some);
    assert!(code == 2 && error.contains("help: --force"), "{error}");
    let part = folder.path("part.anear");
    said(&["export", &path, &part, "--where", "page_num = 3"]);
    assert_eq!(Json::from(rows(&part)), written["rows"]);
}

#[test]
fn collections_are_converted_like_files() {
    let folder = Folder::new();
    let (food, path) = (example("food.db"), folder.path("new.anear"));
    let written = json(&["convert", &food, &path, "--metric", "l2", "--where", "page_num > 3"]);
    assert_eq!(written["format"], "collection");
    assert_eq!(Json::from(rows(&path)), written["rows"]);
    assert_eq!(json(&["info", &path])["entries"][0]["metric"], "l2");
    let (code, error) = failure(&["convert", &food, &path]);
    assert!(code == 2 && error.contains("anear add"), "{error}");
    let (code, error) = failure(&["convert", &food, &path, "--force"]);
    assert!(code == 2 && error.contains("anear add"), "{error}");

    said(&["convert", &path, &folder.path("back.safetensors")]);
    let query = ["--id", "42", "-k", "7"];
    let found = |path: &str| distances_and_ids(&json(&[&["search", path], &query[..]].concat()));
    assert_eq!(found(&folder.path("back.safetensors")), found(&path));
    said(&["index", &path, "-o", &folder.path("x.anx")]);
    assert_eq!(found(&folder.path("x.anx")), found(&path));

    std::fs::write(folder.path("bad.csv"), "embedding\n\"[1, 2]\"\n\"[1, NaN]\"\n").unwrap();
    let (code, _) = failure(&["convert", &folder.path("bad.csv"), &folder.path("bad.anear")]);
    assert_eq!(code, 3);
    let names = std::fs::read_dir(folder.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.starts_with("bad.anear")), "{left:?}");
}

#[test]
fn hdf5_is_a_storage_too() {
    let folder = Folder::new();
    let path = folder.path("c.anear");
    let flags = ["--storage", "hdf5", "--compress", "gzip:4", "--group-by", "file_name"];
    said(&[&["create", &path, "--dim", "384"], &flags[..]].concat());
    said(&["add", &path, &example("food.db")]);
    let direct = json(&["search", &example("food.db"), "--id", "42", "-k", "7"]);
    let ours = json(&["search", &path, "--id", "42", "-k", "7"]);
    assert_eq!(distances_and_ids(&ours), distances_and_ids(&direct));
    assert!(said(&["info", &path]).contains(".h5"));
}

#[test]
fn verify_tells_of_damage_and_repairs_what_can_be() {
    let folder = Folder::new();
    let path = food(&folder);
    let vectors = std::path::Path::new(&path).join("vectors-000001.npy");
    let mut file = std::fs::OpenOptions::new().append(true).open(&vectors).unwrap();
    file.write_all(&[7; 1000]).unwrap(); // as a crash amid an add leaves it
    drop(file);
    let found = json(&["search", &path, "--id", "42", "-k", "3"]);
    said(&["verify", &path]);
    assert_eq!(json(&["verify", &path]), document!({"rows": 600, "problems": []}));
    assert_eq!(json(&["search", &path, "--id", "42", "-k", "3"]), found);

    let mut bytes = std::fs::read(&vectors).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(&vectors, bytes).unwrap();
    for arguments in [&["verify", &path, "--check-only"][..], &["info", &path, "--check"]] {
        let output = super::anear(arguments);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("food.anear"), "{error}");
    }
    let output = super::anear(&["verify", &path, "--json"]);
    let verified: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verified["problems"].as_array().unwrap().len(), 1, "{verified}");
}
