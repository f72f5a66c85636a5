//! What indexes learn.

use super::assign::{assign, centroids, how, is_flat};
use super::encode::{differences, encode};
use super::{Vectors, add, check_rows, floats, remove};
use crate::ann::codec_of;
use anear_quant::kmeans::{KmeansSettings, kmeans};
use anear_quant::random::sample;
use anear_quant::{Codec, How, Work, lsh, product, rabitq, scalar, transform};
use anear_types::parts::{
    Beside, CodecParts, IndexParts, Inverted, ProductParts, Structure, Transformed, TwoLevelParts,
};
use anear_types::{Error, Measure, Result};
use std::borrow::Cow;

/// How an index learns.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// How the centroids of lists are found. They are made to be of length 1 for inner products in any
    /// case.
    pub coarse: KmeansSettings<'a>,
    /// How the centroids of product quantizers are found.
    pub product: KmeansSettings<'a>,
    /// How those of a product quantizer are found for what another leaves out.
    pub refinement: KmeansSettings<'a>,
}

impl Default for Training<'_> {
    fn default() -> Self {
        let usual = KmeansSettings::default();
        Training {
            coarse: KmeansSettings { iterations: 10, ..usual },
            product: usual,
            refinement: KmeansSettings { max_points: REFINEMENT_POINTS, ..usual },
        }
    }
}

/// Rows that scalar quantizers in lists learn from.
const SCALAR_ROWS: usize = 100_000;
/// Rows for each centroid of a quantizer that refines another, at most.
const REFINEMENT_POINTS: usize = 1000;
/// Where the choice of rows to learn from begins.
const SAMPLE_SEED: u64 = 1234;

/// Learns from rows what the index needs to take rows. What has nothing to learn is done at once;
/// what has learned already learns anew, but for the centroids of lists and transforms.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if the rows are not as those of the index, or too few;
/// [`BadData`](anear_types::ErrorKind::BadData) if a component is not finite;
/// [`Unsupported`](anear_types::ErrorKind::Unsupported) if a file does not tell how to learn, a graph is without
/// its rows, or centroids are to be found for a measure they cannot be found for;
/// [`Interrupted`](anear_types::ErrorKind::Interrupted).
pub fn train(
    parts: &mut IndexParts,
    rows: Vectors<'_>,
    training: &Training<'_>,
    work: &Work<'_>,
) -> Result<()> {
    check_rows(parts, rows)?;
    let (dim, measure) = (parts.dim, parts.measure);
    match &mut parts.structure {
        Structure::Coded(coded) => train_codec(&mut coded.codec, dim, rows, training, work)?,
        Structure::Inverted(inverted) => train_lists(inverted, dim, measure, rows, training, work)?,
        Structure::Graph(graph) => train(graph.storage.index_mut()?, rows, training, work)?,
        Structure::IdMap(id_map) => train(&mut id_map.inner, rows, training, work)?,
        Structure::Transformed(transformed) => {
            train_transformed(transformed, dim, floats(rows)?, training, work)?;
        }
        Structure::Refined(refined) => {
            train(&mut refined.base, rows, training, work)?;
            train(&mut refined.refinement, rows, training, work)?;
        }
    }
    parts.trained = true;
    Ok(())
}

fn train_codec(
    codec: &mut CodecParts,
    dim: usize,
    rows: Vectors<'_>,
    training: &Training<'_>,
    work: &Work<'_>,
) -> Result<()> {
    match codec {
        CodecParts::Raw | CodecParts::Bits => Ok(()),
        CodecParts::Scalar(scalar) => scalar::train(scalar, dim, floats(rows)?),
        CodecParts::Product(product) => {
            product::train(product, dim, floats(rows)?, &training.product, false, work)
        }
        CodecParts::Lsh(lsh) => lsh::train(lsh, dim, floats(rows)?),
        CodecParts::Rabitq(rabitq) => {
            rabitq.center = rabitq::center(dim, floats(rows)?);
            Ok(())
        }
        CodecParts::TwoLevel(two_level) => train_two_level(two_level, dim, rows, training, work),
    }
}

fn train_two_level(
    two_level: &mut TwoLevelParts,
    dim: usize,
    rows: Vectors<'_>,
    training: &Training<'_>,
    work: &Work<'_>,
) -> Result<()> {
    if !two_level.coarse.trained || two_level.coarse.rows == 0 {
        let what = "the file does not tell how many coarse centroids are to be found";
        return Err(Error::unsupported(what));
    }
    let values = floats(rows)?;
    let numbers = assign(&two_level.coarse, rows, two_level.coarse.rows as usize, work)?;
    let rest = differences(values, dim, &numbers, &centroids(&two_level.coarse)?);
    product::train(&mut two_level.product, dim, &rest, &training.product, false, work)
}

fn train_lists(
    inverted: &mut Inverted,
    dim: usize,
    measure: Measure,
    rows: Vectors<'_>,
    training: &Training<'_>,
    work: &Work<'_>,
) -> Result<()> {
    let rows = match (&inverted.beside, rows) {
        (Beside::Duplicates(_), Vectors::Floats { values, .. }) => Cow::Owned(once(values, dim)),
        (_, Vectors::Floats { values, .. }) => values.into(),
        (_, Vectors::Bits { bytes, .. }) => {
            return train_bits(inverted, dim, bytes, training, work);
        }
    };
    let spherical = training.coarse.spherical || measure == Measure::InnerProduct;
    let coarse = KmeansSettings { spherical, ..training.coarse };
    train_quantizer(inverted, dim, &rows, &Training { coarse, ..*training }, work)?;
    train_codes(inverted, dim, &rows, training, work)
}

/// Rows, each but once.
fn once(rows: &[f32], dim: usize) -> Vec<f32> {
    let bits = |row: &[f32]| row.iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
    let mut seen = std::collections::HashSet::new();
    let new = rows.chunks_exact(dim).filter(|row| seen.insert(bits(row)));
    new.flatten().copied().collect()
}

/// Finds the centroids of lists, unless they are there.
fn train_quantizer(
    inverted: &mut Inverted,
    dim: usize,
    rows: &[f32],
    training: &Training<'_>,
    work: &Work<'_>,
) -> Result<()> {
    let Inverted { quantizer, list_count, .. } = inverted;
    if quantizer.trained && quantizer.rows == *list_count as u64 {
        return Ok(());
    }
    let settings = &training.coarse;
    let how = match (is_flat(quantizer), quantizer.measure) {
        (true, _) => how(quantizer),
        (false, Measure::L2 | Measure::InnerProduct) => KmeansSettings::default().how,
        (false, other) => {
            let what =
                format!("the centroids of a quantizer that is not flat are not found by {other}");
            return Err(Error::unsupported(what));
        }
    };
    let found = kmeans(rows, dim, *list_count, &KmeansSettings { how, ..*settings }, work)?;
    fill(quantizer, Vectors::Floats { values: &found.centroids, dim }, training, work)
}

/// Puts centroids in the place of what is in a quantizer.
fn fill(
    quantizer: &mut IndexParts,
    centroids: Vectors<'_>,
    training: &Training<'_>,
    work: &Work<'_>,
) -> Result<()> {
    let mut filled = quantizer.clone();
    remove::reset(&mut filled);
    if !filled.trained {
        train(&mut filled, centroids, training, work)?;
    }
    add::add(&mut filled, centroids, None, work)?;
    *quantizer = filled;
    Ok(())
}

/// Finds centroids among bits as among numbers that are -1 and 1, and takes their signs.
fn train_bits(
    inverted: &mut Inverted,
    dim: usize,
    bytes: &[u8],
    training: &Training<'_>,
    work: &Work<'_>,
) -> Result<()> {
    if inverted.quantizer.rows == inverted.list_count as u64 {
        return Ok(());
    }
    let sign = |byte: u8, bit: usize| f32::from(byte >> bit & 1) * 2.0 - 1.0;
    let values: Vec<f32> =
        bytes.iter().flat_map(|byte| (0..8).map(move |bit| sign(*byte, bit))).collect();
    let how = How { measure: Measure::L2, argument: 0.0 };
    let settings = KmeansSettings { how, ..training.coarse };
    let found = kmeans(&values, dim, inverted.list_count, &settings, work)?;
    let codec = anear_quant::bits::Bits::new(dim);
    let mut signs = vec![0; found.centroids.len() / 8];
    codec.encode(&found.centroids, &mut signs);
    fill(&mut inverted.quantizer, Vectors::Bits { bytes: &signs, dim }, training, work)
}

/// Learns how rows are written in lists.
fn train_codes(
    inverted: &mut Inverted,
    dim: usize,
    rows: &[f32],
    training: &Training<'_>,
    work: &Work<'_>,
) -> Result<()> {
    if matches!(inverted.codec, CodecParts::Raw | CodecParts::Rabitq(_)) {
        return Ok(());
    }
    let rows = sample(rows, dim, most_rows(inverted, training), SAMPLE_SEED);
    let vectors = Vectors::Floats { values: &rows, dim };
    let rows = if inverted.residual {
        let numbers = assign(&inverted.quantizer, vectors, inverted.list_count, work)?;
        differences(&rows, dim, &numbers, &centroids(&inverted.quantizer)?)
    } else {
        rows.to_vec()
    };
    let vectors = Vectors::Floats { values: &rows, dim };
    train_codec(&mut inverted.codec, dim, vectors, training, work)?;
    let Beside::Refinement { product, .. } = &mut inverted.beside else { return Ok(()) };
    let codec = codec_of(&inverted.codec, dim, Measure::L2)?;
    let rest = left_out(&*codec, vectors, work)?;
    product::train(product, dim, &rest, &training.refinement, false, work)
}

/// How many rows a codec in lists learns from at most.
fn most_rows(inverted: &Inverted, training: &Training<'_>) -> usize {
    let of =
        |product: &ProductParts, points: usize| product.part_centroids().saturating_mul(points);
    let most = match &inverted.codec {
        CodecParts::Product(product) => of(product, training.product.max_points),
        CodecParts::Scalar(_) => SCALAR_ROWS,
        _ => usize::MAX,
    };
    match &inverted.beside {
        Beside::Refinement { product, .. } => most.max(of(product, training.refinement.max_points)),
        _ => most,
    }
}

/// What codes leave out of rows of numbers.
pub(super) fn left_out(codec: &dyn Codec, rows: Vectors<'_>, work: &Work<'_>) -> Result<Vec<f32>> {
    let mut rest = floats(rows)?.to_vec();
    let mut told = vec![0.0; rest.len()];
    codec.decode(&encode(codec, rows, work)?, &mut told);
    rest.iter_mut().zip(told).for_each(|(x, told)| *x -= told);
    Ok(rest)
}

/// Trains transforms, each with rows as those before make them, then what is behind them.
fn train_transformed(
    transformed: &mut Transformed,
    dim: usize,
    rows: &[f32],
    training: &Training<'_>,
    work: &Work<'_>,
) -> Result<()> {
    let Transformed { transforms, inner } = transformed;
    let mut rows = Cow::Borrowed(rows);
    debug_assert!(rows.len().is_multiple_of(dim));
    for parts in transforms {
        transform::train(parts, &rows, work)?;
        rows = transform::Transform::new(parts).apply(rows);
    }
    if inner.trained {
        return Ok(());
    }
    let dim = inner.dim;
    train(inner, Vectors::Floats { values: &rows, dim }, training, work)
}
