//! FAISS indexes made of files, through the library's face.

use anear::{
    ConvertRequest, ErrorKind, Location, Metric, OpenOptions, Progress, Queries, SaveRequest,
    SearchRequest, Silent, Vectors,
};
use anear_testkit::random::Random;
use std::path::Path;

const ROWS: usize = 300;
const DIM: usize = 8;

/// A CSV file with ids and rows.
fn write_rows(path: &Path, first_id: usize) {
    let mut random = Random::new(3);
    let mut text = String::from("id,vector\n");
    for row in 0..ROWS {
        let row_values: Vec<String> =
            (0..DIM).map(|_| format!("{}", random.below(1000) as f32 / 100.0)).collect();
        text += &format!("{},\"[{}]\"\n", first_id + row, row_values.join(", "));
    }
    std::fs::write(path, text).unwrap();
}

fn request(input: &Path, output: &Path, kind: &str) -> ConvertRequest {
    let at = |path: &Path| Location::parse(&path.to_string_lossy());
    let save = SaveRequest { metric: Some(Metric::L2), ..SaveRequest::new(at(output)) };
    ConvertRequest { kind: Some(kind.into()), ..ConvertRequest::new(at(input), save) }
}

#[test]
fn rows_are_found_under_their_ids_in_every_kind() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("rows.csv");
    write_rows(&input, 1000);
    let options = OpenOptions::default();
    for (at, kind) in ["auto", "HNSW8", "IVF4,Flat", "PCA8,IVF4,SQ8", "IVF4,PQ4x4fs,RFlat"]
        .into_iter()
        .enumerate()
    {
        let output = folder.path().join(format!("{at}.faiss"));
        // So little memory that rows come in several blocks.
        let request = ConvertRequest { memory_bytes: 4096, ..request(&input, &output, kind) };
        let saved = anear::convert(&request, &options, &mut Silent).unwrap();
        assert_eq!(saved.summary.rows, ROWS as u64, "{kind}");
        let made = Vectors::open(&output, &options).unwrap();
        let wanted = Queries::Ids(vec!["1007".into()]);
        let search =
            SearchRequest { effort: (at > 0).then_some(4), ..SearchRequest::nearest(wanted, 1) };
        let found = anear::search(&made, &search, &options, &mut Silent).unwrap();
        assert_eq!(found.results[0][0].row, 7, "{kind}");
    }
}

#[test]
fn what_cannot_be_made_is_told_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("rows.csv");
    write_rows(&input, 0);
    let output = folder.path().join("x.faiss");
    let options = OpenOptions::default();
    let refused = |request: &ConvertRequest| {
        let error = anear::convert(request, &options, &mut Silent).unwrap_err();
        assert!(!output.exists());
        error.kind()
    };
    assert_eq!(refused(&request(&input, &output, "PQ3")), ErrorKind::Usage);
    assert_eq!(refused(&request(&input, &output, "RQ8x8")), ErrorKind::Unsupported);
    assert_eq!(refused(&request(&input, &output, "IVF301,Flat")), ErrorKind::Usage);
    let mut cosine = request(&input, &output, "HNSW8");
    cosine.output.metric = Some(Metric::Cosine);
    assert_eq!(refused(&cosine), ErrorKind::BadData);
    cosine.kind = Some("L2norm,HNSW8".into());
    assert!(anear::convert(&cosine, &options, &mut Silent).is_ok());
}

#[test]
fn lists_are_written_to_a_file_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("rows.csv");
    write_rows(&input, 1000);
    let [output, lists] = ["x.faiss", "x.lists"].map(|name| folder.path().join(name));
    let options = OpenOptions::default();
    let convert = |kind: &str, output: &Path| {
        let lists = Some(lists.clone());
        let request = ConvertRequest { lists, ..request(&input, output, kind) };
        anear::convert(&request, &options, &mut Silent)
    };
    for (kind, output) in [
        ("HNSW8", output.clone()),
        ("Flat", output.clone()),
        ("IVF4,PQ4x4fs", output.clone()),
        ("flat", folder.path().join("x.anx")),
    ] {
        let error = convert(kind, &output).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{kind}: {error}");
        assert!(!output.exists() && !lists.exists(), "{kind}");
    }
    convert("PCA8,IVF4,Flat", &output).unwrap();
    assert!(std::fs::metadata(&lists).unwrap().len() >= (ROWS * (4 * DIM + 8)) as u64);
    let made = Vectors::open(&output, &options).unwrap();
    let wanted = Queries::Ids(vec!["1007".into()]);
    let search = SearchRequest { effort: Some(4), ..SearchRequest::nearest(wanted, 1) };
    let found = anear::search(&made, &search, &options, &mut Silent).unwrap();
    assert_eq!(found.results[0][0].row, 7);
    let error = convert("IVF4,Flat", &output).unwrap_err();
    assert!(error.to_string().contains("exists"), "{error}");
}

/// Notes what is begun and ended, and stops after some questions.
#[derive(Default)]
struct Noted {
    begun: Vec<String>,
    open: i32,
    questions: usize,
    stops_at: Option<usize>,
}

impl Progress for Noted {
    fn begin(&mut self, what: &str, _: u64) {
        self.begun.push(what.to_owned());
        self.open += 1;
    }

    fn advance(&mut self, _: u64) {
        assert_eq!(self.open, 1);
    }

    fn end(&mut self) {
        self.open -= 1;
    }

    fn interrupted(&mut self) -> bool {
        self.questions += 1;
        self.stops_at == Some(self.questions)
    }
}

#[test]
fn progress_is_told_and_stops_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("rows.csv");
    write_rows(&input, 0);
    let output = folder.path().join("x.faiss");
    let request = request(&input, &output, "IVF4,PQ4x4");
    let mut noted = Noted { stops_at: Some(6), ..Noted::default() };
    let stopped = anear::convert(&request, &OpenOptions::default(), &mut noted).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Interrupted);
    assert!(!output.exists());
    let mut noted = Noted::default();
    anear::convert(&request, &OpenOptions::default(), &mut noted).unwrap();
    assert_eq!(noted.open, 0);
    assert!(noted.begun.iter().any(|what| what.contains("centroids")), "{:?}", noted.begun);
}
