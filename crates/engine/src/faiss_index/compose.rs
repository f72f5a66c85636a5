//! Putting an index around others.

use super::{Index, Path};
use anear_types::parts::{
    Bytes, CodecParts, Coded, IdMap, IndexParts, Inverted, ProductParts, Refined, Structure,
    Transformed, TwoLevelParts,
};
use anear_types::{Error, Result};

impl Index {
    /// An id map around an index without rows; `both_ways` if rows are to be found by their ids too.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if it holds rows, whose ids nobody knows.
    pub fn with_ids(self, both_ways: bool) -> Result<Index> {
        let inner = self.into_parts();
        if inner.rows != 0 {
            let what = format!("the index holds {} rows, which would have no ids", inner.rows);
            return Err(Error::usage(what).help("put the id map around it before rows are added"));
        }
        let ids = std::iter::empty().collect();
        Ok(around(&inner.clone(), Structure::IdMap(Box::new(IdMap { inner, ids, both_ways }))))
    }

    /// The transforms of another index before this one; this index's own come behind them.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the other has none, or they do not lead to rows of
    /// this dimension.
    pub fn behind(self, transforms: &Index) -> Result<Index> {
        let Structure::Transformed(first) = &transforms.parts(&Path::default())?.structure else {
            return Err(Error::usage("there are no transforms to put before the index"));
        };
        let inner = self.into_parts();
        let (found, expected) = (first.inner.dim, inner.dim);
        if found != expected {
            let what =
                format!("the transforms lead to dimension {found}, the index has {expected}");
            return Err(Error::usage(what));
        }
        let mut all = first.transforms.clone();
        let inner = match inner.structure {
            Structure::Transformed(second) => {
                all.extend(second.transforms);
                second.inner
            }
            _ => inner,
        };
        let dim = all.first().map_or(inner.dim, |first| first.input_dim);
        let trained = inner.trained && all.iter().all(|transform| transform.trained);
        let like = IndexParts { dim, trained, ..inner.clone() };
        let transformed = Transformed { transforms: all, inner };
        Ok(around(&like, Structure::Transformed(Box::new(transformed))))
    }

    /// The index with a list of transforms before it, which is empty.
    pub fn behind_nothing(self) -> Index {
        let inner = self.into_parts();
        let transformed = Transformed { transforms: Vec::new(), inner: inner.clone() };
        around(&inner, Structure::Transformed(Box::new(transformed)))
    }

    /// This index finds rows, and another one that holds the same rows orders them.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if they differ in dimension, measure or number of rows.
    pub fn refined_by(self, refinement: Index) -> Result<Index> {
        let (base, refinement) = (self.into_parts(), refinement.into_parts());
        let of = |index: &IndexParts| (index.dim, index.measure, index.rows);
        if of(&base) != of(&refinement) {
            let what = "an index and its refinement differ in dimension, metric or number of rows";
            return Err(Error::usage(what));
        }
        let trained = base.trained && refinement.trained;
        let like = IndexParts { trained, ..base.clone() };
        let refined = Refined { base, refinement, factor: 1.0 };
        Ok(around(&like, Structure::Refined(Box::new(refined))))
    }

    /// An index without rows whose codes are the number of the nearest row of this one, which must be there before
    /// it is trained, and a product code of so many parts of the difference to it.
    ///
    /// # Errors
    /// [`Malformed`](anear_types::ErrorKind::Malformed) if the parts do not divide the dimension.
    pub fn first_level(self, parts: usize, bits: usize) -> Result<Index> {
        let coarse = self.into_parts();
        let product = ProductParts { parts, bits, centroids: Vec::new() };
        let (dim, measure) = (coarse.dim, coarse.measure);
        let two_level = TwoLevelParts { coarse, trains_alone: 0, product };
        let codec = CodecParts::TwoLevel(Box::new(two_level));
        let codes = Bytes::default();
        let coded = Coded { codec, codes, blocks: None, product_search: None };
        let structure = Structure::Coded(coded);
        let parts = IndexParts { dim, rows: 0, trained: false, measure, argument: 0.0, structure };
        Ok(parts.check()?.into_parts().into())
    }

    /// Takes another index for the centroids of the lists. They count as trained where it has a row
    /// for each list and the rest needs no training.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the index has no lists, or rows of another dimension.
    pub fn with_quantizer(self, quantizer: Index) -> Result<Index> {
        let mut parts = self.into_parts();
        let quantizer = quantizer.into_parts();
        let Structure::Inverted(inverted) = &mut parts.structure else {
            return Err(Error::usage("an index without lists has no quantizer"));
        };
        if quantizer.dim != parts.dim {
            let (found, expected) = (quantizer.dim, parts.dim);
            let what = format!("a quantizer of dimension {found} for rows of dimension {expected}");
            return Err(Error::usage(what));
        }
        parts.trained = is_whole(&quantizer, inverted);
        inverted.quantizer = quantizer;
        Ok(parts.into())
    }
}

/// Whether lists with this quantizer need no training.
fn is_whole(quantizer: &IndexParts, inverted: &Inverted) -> bool {
    use anear_types::parts::CodecParts::{Bits, Raw};
    let has_all = quantizer.trained && quantizer.rows == inverted.list_count as u64;
    has_all && matches!(inverted.codec, Raw | Bits)
}

/// An index with the header of another.
fn around(like: &IndexParts, structure: Structure) -> Index {
    let IndexParts { dim, rows, trained, measure, argument, .. } = *like;
    IndexParts { dim, rows, trained, measure, argument, structure }.into()
}
