//! The codecs of an index by themselves.

use super::fields::{codec_mut, refinement_mut};
use super::{Index, Path};
use anear_types::parts::{Beside, CodecParts, Coded, IndexParts, Structure};
use anear_types::{Error, Result};

/// Which codec of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichCodec {
    /// That of its codes.
    First,
    /// That of what these leave out.
    Refinement,
}

impl Index {
    /// An index without rows over a codec of the index, or of one inside it.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if it has no such codec of its own.
    pub fn codec(&self, path: &Path, which: WhichCodec) -> Result<Index> {
        let parts = self.parts(path)?;
        let codec = codec_of(&parts.structure, which)?;
        let codes = Vec::new().into();
        let coded = Coded { codec, codes, blocks: None, product_search: None };
        Ok(IndexParts { rows: 0, structure: Structure::Coded(coded), ..parts.clone() }.into())
    }

    /// Takes the codec of another index in the place of one of the index, or of one inside it.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if one of them has none of its own, they are of different kinds
    /// or dimensions, or codes that are there are of another length.
    pub fn set_codec(&mut self, path: &Path, which: WhichCodec, other: &Index) -> Result<()> {
        let other = other.parts(&Path::default())?;
        let codec = codec_of(&other.structure, WhichCodec::First)?;
        let index = self.change(path)?;
        let (dim, rows) = (index.dim, index.rows);
        let before = codec_of(&index.structure, which)?;
        if std::mem::discriminant(&before) != std::mem::discriminant(&codec) || dim != other.dim {
            return Err(Error::usage("the codec is of another kind or dimension"));
        }
        let (found, expected) = (codec.code_bytes(dim), before.code_bytes(dim));
        if rows > 0 && found != expected {
            let what = format!("codes of {found} bytes for {rows} rows with codes of {expected}");
            return Err(Error::usage(what));
        }
        match (which, codec) {
            (WhichCodec::First, codec) => {
                *codec_mut(&mut index.structure).ok_or_else(no_codec)? = codec;
            }
            (WhichCodec::Refinement, CodecParts::Product(product)) => {
                *refinement_mut(&mut index.structure).ok_or_else(no_codec)? = product;
            }
            (WhichCodec::Refinement, _) => return Err(no_codec()),
        }
        Ok(())
    }
}

fn codec_of(structure: &Structure, which: WhichCodec) -> Result<CodecParts> {
    match (structure, which) {
        (Structure::Coded(coded), WhichCodec::First) => Ok(coded.codec.clone()),
        (Structure::Inverted(inverted), WhichCodec::First) => Ok(inverted.codec.clone()),
        (Structure::Inverted(inverted), WhichCodec::Refinement) => match &inverted.beside {
            Beside::Refinement { product, .. } => Ok(CodecParts::Product(product.clone())),
            Beside::Nothing | Beside::Duplicates(_) => Err(no_codec()),
        },
        _ => Err(no_codec()),
    }
}

fn no_codec() -> Error {
    Error::usage("the index has no such codec of its own")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faiss_index::{Array, Rows, Training, Work};
    use anear_types::Measure;

    #[test]
    fn both_codecs_of_refined_lists_are_taken_over() {
        let (top, work) = (Path::default(), Work::default());
        let rows: Vec<f32> = (0..4 * 300).map(|number| (number * 37 % 101) as f32).collect();
        let described = || Index::described("IVF2,PQ2+4", 4, Measure::L2, 0.0).unwrap();
        let mut first = described();
        first.train(&top, Rows::Floats(&rows), &Training::default(), &work).unwrap();
        first.add(&top, Rows::Floats(&rows), None, &work).unwrap();
        let mut second = described().with_quantizer(quantizer(&first)).unwrap();
        for which in [WhichCodec::First, WhichCodec::Refinement] {
            let codec = first.codec(&top, which).unwrap();
            second.set_codec(&top, which, &codec).unwrap();
            let taken = second.codec(&top, which).unwrap();
            let centroids = |index: &Index| index.array(&top, "pq.centroids").unwrap();
            assert_eq!(centroids(&taken), centroids(&codec));
        }
        second.set_field(&top, "is_trained", 1.0).unwrap();
        second.add(&top, Rows::Floats(&rows), None, &work).unwrap();
        let codes = |index: &Index| index.array(&top, "refine_codes").unwrap();
        assert_eq!(codes(&second), codes(&first));
        assert!(matches!(codes(&first), Array::Bytes(bytes) if bytes.len() == 4 * 300));
        let other = first.codec(&top, WhichCodec::First).unwrap();
        second.set_codec(&top, WhichCodec::Refinement, &other).unwrap_err(); // of 2 bytes
        other.codec(&top, WhichCodec::Refinement).unwrap_err();
    }

    fn quantizer(index: &Index) -> Index {
        index.part(&"quantizer".parse().unwrap()).unwrap()
    }
}
