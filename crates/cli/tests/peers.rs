//! What anear writes and answers, compared with the real libraries.

use anear_testkit::peers;
use std::path::Path;

fn run(python: Result<std::path::PathBuf, String>, script: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(script);
    let fixtures = anear_testkit::fixtures::folder();
    peers::run(python, &script, &[env!("CARGO_BIN_EXE_anear"), &fixtures.to_string_lossy()]);
}

#[test]
fn written_files_open_in_their_own_libraries() {
    run(peers::python(), "round_trip.py");
}

#[test]
fn written_tensors_open_in_torch() {
    run(peers::python_with_torch(), "torch_round_trip.py");
}

#[test]
fn search_agrees_with_numpy() {
    run(peers::python(), "search_reference.py");
}

#[test]
fn hostile_files_end_in_one_clear_error() {
    run(Ok("python3".into()), "bad_files.py");
}

#[test]
fn indexes_of_faiss_give_the_answers_of_faiss() {
    run(peers::python(), "faiss_answers.py");
}

#[test]
fn indexes_made_for_faiss_are_loaded_there_and_as_good() {
    run(peers::python(), "faiss_making.py");
}

#[test]
fn files_of_old_versions_of_faiss_are_read_as_faiss_reads_them() {
    run(peers::python(), "faiss_old.py");
}
