//! Making an index of its parts.

use super::AnnIndex;
use crate::coded::CodedIndex;
use crate::composed::{Mapped, RefinedIndex, TransformedIndex};
use crate::graph::GraphIndex;
use crate::ivf::InvertedIndex;
use anear_quant::bits::Bits;
use anear_quant::lsh::Lsh;
use anear_quant::packed::Layout;
use anear_quant::product::{self, Product};
use anear_quant::rabitq::{self, Rabitq};
use anear_quant::raw::Raw;
use anear_quant::scalar::Scalar;
use anear_quant::two_level::TwoLevel;
use anear_quant::{Codec, How};
use anear_types::parts::{
    Blocks, CheckedParts, CodecParts, Coded, IndexParts, Structure, TwoLevelParts,
};
use anear_types::{Error, Measure, Result};

/// Makes an index that can be searched. Codes stay where they are.
///
/// # Errors
/// [`Unsupported`](anear_types::ErrorKind::Unsupported) if the index has not learned what it needs to
/// hold rows, its lists are elsewhere, or a graph is without its rows.
pub fn adopt(parts: &CheckedParts) -> Result<Box<dyn AnnIndex>> {
    adopt_inner(parts.parts())
}

/// The same for an index inside another, which was checked with it.
pub(crate) fn adopt_inner(parts: &IndexParts) -> Result<Box<dyn AnnIndex>> {
    if !parts.trained && parts.rows == 0 {
        return Err(Error::unsupported("the index is not trained, and holds no rows"));
    }
    let how = How { measure: parts.measure, argument: parts.argument };
    Ok(match &parts.structure {
        Structure::Coded(coded) => Box::new(coded_of(parts, coded)?),
        Structure::Inverted(inverted) => {
            let quantizer = quantizer_of(&inverted.quantizer)?;
            Box::new(InvertedIndex::new(parts, inverted, quantizer, how)?)
        }
        Structure::Graph(graph) => {
            Box::new(GraphIndex::new(graph, adopt_inner(graph.storage.index()?)?))
        }
        Structure::IdMap(id_map) => {
            Box::new(Mapped::new(adopt_inner(&id_map.inner)?, id_map.ids.clone()))
        }
        Structure::Transformed(transformed) => {
            let inner = adopt_inner(&transformed.inner)?;
            Box::new(TransformedIndex::new(parts.dim, &transformed.transforms, inner))
        }
        Structure::Refined(refined) => {
            let base = adopt_inner(&refined.base)?;
            Box::new(RefinedIndex::new(base, adopt_inner(&refined.refinement)?, refined.factor))
        }
    })
}

fn coded_of(parts: &IndexParts, coded: &Coded) -> Result<CodedIndex> {
    let how = How { measure: parts.measure, argument: parts.argument };
    let rows = parts.rows as usize;
    let Coded { codec, codes, blocks, .. } = coded;
    let codes = match blocks {
        None => codes.clone(),
        Some(blocks) => Layout::new(blocks, codec, parts.dim).grouped(codes, rows),
    };
    let codec = laid_out_codec(codec, blocks.as_ref(), parts)?;
    Ok(CodedIndex::new(codec, how, rows, codes))
}

/// The same for what finds lists.
fn quantizer_of(parts: &IndexParts) -> Result<Box<dyn AnnIndex>> {
    match &parts.structure {
        Structure::Coded(coded) if parts.trained => {
            Ok(Box::new(coded_of(parts, coded)?.of_centroids()))
        }
        _ => adopt_inner(parts),
    }
}

/// The codec of an index, whose codes lie in groups of 32 if they are in blocks.
pub(crate) fn laid_out_codec(
    codec: &CodecParts,
    blocks: Option<&Blocks>,
    index: &IndexParts,
) -> Result<Box<dyn Codec>> {
    Ok(match (codec, blocks) {
        (CodecParts::Product(product), Some(_)) => {
            Box::new(product::Packed::new(index.dim, product))
        }
        (CodecParts::Rabitq(rabitq), Some(_)) => {
            Box::new(rabitq::Packed::new(index.dim, rabitq, index.measure))
        }
        _ => codec_of(codec, index.dim, index.measure)?,
    })
}

/// The codec for rows of `dim` components, whose codes lie one behind another.
pub(crate) fn codec_of(parts: &CodecParts, dim: usize, measure: Measure) -> Result<Box<dyn Codec>> {
    Ok(match parts {
        CodecParts::Raw => Box::new(Raw::new(dim)),
        CodecParts::Bits => Box::new(Bits::new(dim)),
        CodecParts::Scalar(scalar) => Box::new(Scalar::new(scalar.kind, dim, &scalar.learned)),
        CodecParts::Product(product) => Box::new(Product::new(dim, product)),
        CodecParts::Lsh(lsh) => Box::new(Lsh::new(dim, lsh)),
        CodecParts::Rabitq(rabitq) => Box::new(Rabitq::new(dim, rabitq, measure)),
        CodecParts::TwoLevel(two_level) => Box::new(two_level_of(two_level, dim)?),
    })
}

fn two_level_of(parts: &TwoLevelParts, dim: usize) -> Result<TwoLevel> {
    let coarse = adopt_inner(&parts.coarse)?;
    let centroids = centroids_of(&*coarse)?;
    Ok(TwoLevel::new(centroids, parts.coarse_bytes(), Product::new(dim, &parts.product)))
}

/// The rows of a quantizer, by their numbers.
///
/// # Errors
/// If they cannot be told.
pub(crate) fn centroids_of(quantizer: &dyn AnnIndex) -> Result<Vec<f32>> {
    let dim = quantizer.dim();
    let mut centroids = vec![0.0; quantizer.rows() as usize * dim];
    for (number, centroid) in centroids.chunks_exact_mut(dim).enumerate() {
        quantizer.reconstruct(number as i64, centroid)?;
    }
    Ok(centroids)
}
