//! Folders that are read like a file: those of LangChain's FAISS store, where `NAME.faiss` holds
//! the vectors and `NAME.pkl` their documents. `NAME` is the entry, usually `index`.

use crate::opened::Opened;
use crate::{Error, OpenOptions, Result};
use anear_formats::langchain;
use anear_io::Input;
use std::path::Path;

/// The suffix of the vectors, and that of the documents.
const SUFFIXES: [&str; 2] = ["faiss", "pkl"];
/// The name that LangChain gives when it is told none.
const USUAL_NAME: &str = "index";

/// Opens a folder; of several stores in it the one called `entry`, or without that the usual one.
///
/// # Errors
/// If there is no store in the folder, or not the one that was named, or it is damaged.
pub(crate) fn open(path: &Path, entry: Option<&str>, options: &OpenOptions) -> Result<Opened> {
    let at_path = |error: Error| error.at_path(path);
    let stores = stores(path).map_err(at_path)?;
    let name = choose(&stores, entry).map_err(at_path)?;
    let [index, pickle] = SUFFIXES.map(|suffix| Input::open(path.join(format!("{name}.{suffix}"))));
    let (index, pickle) = (index?, pickle?);
    let container = langchain::open(&index, &pickle, name, &options.read_options())?;
    let bytes = index.len() + pickle.len();
    Ok(Opened { input: index, bytes, format: langchain::NAME, container, adopted: None })
}

/// The names that have both files, sorted.
fn stores(path: &Path) -> Result<Vec<String>> {
    let failed = |source| Error::io("cannot list the folder", source);
    let mut names = Vec::new();
    for file in std::fs::read_dir(path).map_err(failed)? {
        let file = file.map_err(failed)?.path();
        let name = file.file_stem().and_then(|name| name.to_str());
        let is_index = file.extension().is_some_and(|suffix| suffix == SUFFIXES[0]);
        if let Some(name) = name.filter(|_| is_index && file.with_extension(SUFFIXES[1]).is_file())
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn choose<'a>(stores: &'a [String], entry: Option<&str>) -> Result<&'a str> {
    let called = |name: &str| stores.iter().find(|store| *store == name).map(String::as_str);
    match (stores, entry) {
        ([], _) => Err(Error::usage("this is a folder, not a vector file")
            .help("of folders, those that LangChain saves are read: index.faiss and index.pkl")),
        (_, Some(name)) => called(name).ok_or_else(|| {
            Error::bad_data(format!("there is no entry {name:?}"))
                .help(format!("the folder has: {}", stores.join(", ")))
        }),
        ([only], None) => Ok(only),
        (_, None) => called(USUAL_NAME).ok_or_else(|| {
            Error::usage("the folder holds several stores").help(format!(
                "name one as in PATH::{}; the folder has: {}",
                stores[0],
                stores.join(", ")
            ))
        }),
    }
}
