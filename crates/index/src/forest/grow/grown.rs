//! Nodes that were grown, in memory or on their way to a file.

use anear_io::Appender;
use anear_types::Result;

/// Words in memory before they are written to a file, about.
const SPILL_WORDS: usize = 1 << 16;

/// Trees that one thread has grown: nodes, numbered from the number of items on.
#[derive(Debug, Default)]
pub(super) struct Grown {
    /// The last nodes; all of them, where they are not written to a file.
    pub(super) words: Vec<u32>,
    pub(super) roots: Vec<u32>,
    file: Option<Spilled>,
}

#[derive(Debug)]
struct Spilled {
    appender: Appender,
    /// Where the nodes begin in the file.
    start: u64,
}

impl Grown {
    /// To be written to a file, but for the last nodes.
    pub(super) fn to_file(appender: Appender) -> Grown {
        let start = appender.end();
        Grown { file: Some(Spilled { appender, start }), ..Grown::default() }
    }

    /// How many words were grown.
    pub(super) fn length(&self) -> usize {
        let spilled = self.file.as_ref().map_or(0, |file| file.appender.end() - file.start);
        self.words.len() + spilled as usize / 4
    }

    /// Writes nodes to the file, if there is one and they have become many.
    pub(super) fn spill(&mut self) -> Result<()> {
        match &mut self.file {
            Some(file) if self.words.len() >= SPILL_WORDS => {
                file.appender.append(bytemuck::cast_slice(&self.words))?;
                self.words.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Writes all nodes to the file, and returns it with where they begin.
    ///
    /// # Panics
    /// If there is no file.
    pub(super) fn into_file(self) -> Result<(Appender, u64)> {
        let Spilled { mut appender, start } = self.file.expect("it was made with a file");
        appender.append(bytemuck::cast_slice(&self.words))?;
        Ok((appender, start))
    }
}
