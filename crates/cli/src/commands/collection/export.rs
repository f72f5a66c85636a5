//! `anear export`.

use super::condition;
use crate::args::{Common, Export};
use crate::commands::{convert, save_request};
use crate::progress::Bar;
use anear::{Access, Collection, ExportRequest, OpenOptions, Result};

pub(crate) fn run(arguments: &Export, common: &Common) -> Result<()> {
    let collection = Collection::open(&arguments.path, Access::Read)?;
    let output = save_request(&arguments.output, &arguments.writing, common);
    let request = ExportRequest {
        output: &output,
        condition: condition(&arguments.condition),
        kind: arguments.kind.as_deref(),
        keep_metadata: !arguments.no_metadata,
    };
    let options = OpenOptions { threads: output.threads, ..OpenOptions::default() };
    let written = collection.export(&request, &options, &mut Bar::new(common.quiet))?;
    convert::report(&output, &written, common)
}
