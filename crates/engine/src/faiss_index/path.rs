//! Where an index inside another is.

use anear_types::parts::{CodecParts, IndexParts, Structure};
use anear_types::{Error, Result};
use std::str::FromStr;

/// A step from an index to one inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To what an id map or transforms are around.
    Inner,
    /// To the centroids of lists, or of a code of two levels.
    Quantizer,
    /// To the rows under a graph.
    Storage,
    /// To what finds rows for a refinement.
    Base,
    /// To what orders them.
    Refinement,
}

/// The steps from an index to one inside it; none for the index itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl FromStr for Path {
    type Err = Error;

    /// Reads names of steps with `/` between them.
    ///
    /// # Errors
    /// If there is no step of this name.
    fn from_str(text: &str) -> Result<Path> {
        let step = |name| match name {
            "inner" => Ok(Step::Inner),
            "quantizer" => Ok(Step::Quantizer),
            "storage" => Ok(Step::Storage),
            "base" => Ok(Step::Base),
            "refinement" => Ok(Step::Refinement),
            _ => Err(Error::usage(format!("there is no part {name:?} of an index"))),
        };
        let names = text.split('/').filter(|name| !name.is_empty());
        Ok(Path(names.map(step).collect::<Result<_>>()?))
    }
}

impl Path {
    /// The index there.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if an index on the way has no such part;
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if it is a graph without its rows.
    pub(super) fn of<'a>(&self, parts: &'a IndexParts) -> Result<&'a IndexParts> {
        self.0.iter().try_fold(parts, |parts, step| {
            Ok(match (&parts.structure, step) {
                (Structure::IdMap(id_map), Step::Inner) => &id_map.inner,
                (Structure::Transformed(transformed), Step::Inner) => &transformed.inner,
                (Structure::Inverted(inverted), Step::Quantizer) => &inverted.quantizer,
                (Structure::Graph(graph), Step::Storage) => graph.storage.index()?,
                (Structure::Refined(refined), Step::Base) => &refined.base,
                (Structure::Refined(refined), Step::Refinement) => &refined.refinement,
                (Structure::Coded(coded), Step::Quantizer) => match &coded.codec {
                    CodecParts::TwoLevel(two_level) => &two_level.coarse,
                    _ => return Err(no_part(*step)),
                },
                _ => return Err(no_part(*step)),
            })
        })
    }

    /// The index there, to be changed.
    ///
    /// # Errors
    /// As for [`of`](Path::of).
    pub(super) fn of_mut<'a>(&self, parts: &'a mut IndexParts) -> Result<&'a mut IndexParts> {
        self.0.iter().try_fold(parts, |parts, step| {
            Ok(match (&mut parts.structure, step) {
                (Structure::IdMap(id_map), Step::Inner) => &mut id_map.inner,
                (Structure::Transformed(transformed), Step::Inner) => &mut transformed.inner,
                (Structure::Inverted(inverted), Step::Quantizer) => &mut inverted.quantizer,
                (Structure::Graph(graph), Step::Storage) => graph.storage.index_mut()?,
                (Structure::Refined(refined), Step::Base) => &mut refined.base,
                (Structure::Refined(refined), Step::Refinement) => &mut refined.refinement,
                (Structure::Coded(coded), Step::Quantizer) => match &mut coded.codec {
                    CodecParts::TwoLevel(two_level) => &mut two_level.coarse,
                    _ => return Err(no_part(*step)),
                },
                _ => return Err(no_part(*step)),
            })
        })
    }

    /// Puts an index there. A graph without its rows takes it for them.
    ///
    /// # Errors
    /// As for [`of`](Path::of).
    pub(super) fn put(&self, parts: &mut IndexParts, index: IndexParts) -> Result<()> {
        let Some((Step::Storage, above)) = self.0.split_last() else {
            *self.of_mut(parts)? = index;
            return Ok(());
        };
        match &mut Path(above.to_vec()).of_mut(parts)?.structure {
            Structure::Graph(graph) => graph.storage = index.into(),
            _ => return Err(no_part(Step::Storage)),
        }
        Ok(())
    }
}

fn no_part(step: Step) -> Error {
    Error::usage(format!("the index has no part {step:?}"))
}
