//! What all fuzz targets share: open some bytes as a file of a given name and read everything.
//!
//! A panic that a reader's own guard turns into an error is no finding, so nothing may abort in
//! the panic hook; a panic that gets out of the reader is shown and ends the run.

pub mod ann;
pub mod choices;
pub mod hostile;
pub mod segment;
pub mod sound;

use anear_formats::{Container, ReadOptions, open};
use anear_io::Input;
use anear_types::{Block, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;

/// What is read of one input at most, in vectors and in rows of metadata.
const MAX_BYTES: usize = 4 << 20;
const MAX_ROWS: u64 = 10_000;
const MAX_ENTRIES: usize = 50;

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());
/// A panic in a thread that libFuzzer does not know of.
static BESIDE: Mutex<Option<String>> = Mutex::new(None);

/// Replaces libFuzzer's panic hook, which aborts at once, by one that remembers the message.
pub fn init() {
    let main = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        if let Ok(mut last) = LAST_PANIC.lock() {
            *last = info.to_string();
        }
        if let Ok(mut beside) = BESIDE.lock()
            && std::thread::current().id() != main
        {
            *beside = Some(info.to_string());
        }
    }));
}

/// Aborts if there was a panic in another thread than the first, be it caught or not.
pub fn assert_no_panic_beside() {
    if let Some(panic) = BESIDE.lock().ok().and_then(|mut beside| beside.take()) {
        eprintln!("{panic}");
        std::process::abort();
    }
}

/// Runs `work`; a panic that gets out of it is shown and aborts.
pub fn run(work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        eprintln!("{}", LAST_PANIC.lock().map(|last| last.clone()).unwrap_or_default());
        std::process::abort();
    }
}

/// Opens the bytes as a file of this name with the default limits and reads entries, rows and
/// metadata up to some megabytes. Errors are what is hoped for.
pub fn read_everything(name: &str, bytes: &[u8]) {
    let input = Input::from_bytes(name, bytes.to_vec());
    if let Ok(container) = open(input, &ReadOptions::default()) {
        read_container(&*container);
    }
}

/// Reads entries, rows and metadata up to some megabytes.
pub fn read_container(container: &dyn Container) {
    let _ = (container.skipped(), container.index());
    for entry in 0..container.entries().len().min(MAX_ENTRIES) {
        let _ = read_entry(container, entry);
    }
}

fn read_entry(container: &dyn Container, entry: usize) -> Result<()> {
    let schema = &container.entries()[entry].schema;
    if schema.row_bytes() > MAX_BYTES {
        return Ok(());
    }
    let columns: Vec<usize> = (0..schema.columns.len().min(MAX_ENTRIES)).collect();
    let _ = container.metadata(entry, &columns, 0..schema.rows.min(MAX_ROWS));
    let mut source = container.rows(entry)?;
    let _ = source.mapped().map(|matrix| matrix.rows());
    let capacity = (MAX_BYTES / schema.row_bytes().max(64)).max(1);
    let mut block = Block::new(schema.element, schema.dim, capacity);
    source.next_block(&mut block)?;
    source.seek(schema.rows / 2)?;
    block.clear();
    source.next_block(&mut block)?;
    Ok(())
}

/// Where folders are made that do not last: in memory, where the system has such a place.
pub fn scratch() -> PathBuf {
    let in_memory = PathBuf::from("/dev/shm");
    if in_memory.is_dir() { in_memory } else { std::env::temp_dir() }
}
