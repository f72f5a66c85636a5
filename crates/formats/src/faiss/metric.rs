//! How FAISS numbers metrics.
//!
//! Source: FAISS 1.15, `faiss/MetricType.h`. A metric above 1 is followed by an argument, which only
//! `lp` uses.

use anear_io::Cursor;
use anear_types::{Error, Measure, Metric, Result};

/// The measures in the order of their numbers.
static NUMBERS: [(i32, Measure); 11] = [
    (0, Measure::InnerProduct),
    (1, Measure::L2),
    (2, Measure::Manhattan),
    (3, Measure::Chebyshev),
    (4, Measure::Lp),
    (20, Measure::Canberra),
    (21, Measure::BrayCurtis),
    (22, Measure::JensenShannon),
    (23, Measure::Jaccard),
    (24, Measure::NanEuclidean),
    (25, Measure::Gower),
];

/// Reads a measure and its argument.
///
/// # Errors
/// If FAISS has no metric of this number.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<(Measure, f32)> {
    let number = cursor.i32("the metric")?;
    let unknown = || Error::malformed(format!("there is no metric of number {number}"));
    let measure = numbered(number).ok_or_else(unknown)?;
    let argument = match number > 1 {
        true => f32::from_le_bytes(cursor.array("the argument of the metric")?),
        false => 0.0,
    };
    Ok((measure, argument))
}

/// The measure that FAISS gives this number.
pub fn numbered(number: i32) -> Option<Measure> {
    NUMBERS.iter().find(|(known, _)| *known == number).map(|(_, measure)| *measure)
}

/// The number that FAISS gives a measure.
///
/// # Panics
/// If it is over bits.
pub fn number(measure: Measure) -> i32 {
    NUMBERS.iter().find(|(_, known)| *known == measure).expect("one over numbers").0
}

/// The bytes that [`read`] takes.
///
/// # Panics
/// If the measure is over bits.
pub(super) fn write(measure: Measure, argument: f32, out: &mut Vec<u8>) {
    let number = number(measure);
    out.extend_from_slice(&number.to_le_bytes());
    if number > 1 {
        out.extend_from_slice(&argument.to_le_bytes());
    }
}

/// The measure for rows that are to be near each other in the same order as by `metric`; `None`
/// if FAISS has none for floats.
pub(super) fn of(metric: Metric) -> Option<Measure> {
    let stored = match metric {
        Metric::Euclidean => Metric::L2, // FAISS leaves out the root
        same => same,
    };
    let measures = NUMBERS.iter().map(|(_, measure)| *measure);
    measures.into_iter().find(|measure| measure.metric() == Some(stored))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_metrics_come_back_from_their_numbers() {
        for metric in Metric::ALL {
            let Some(stored) = of(metric) else {
                let none = [Metric::Cosine, Metric::Angular, Metric::Hamming, Metric::Jaccard];
                assert!(none.contains(&metric), "{metric}");
                continue;
            };
            let mut bytes = Vec::new();
            write(stored, 0.0, &mut bytes);
            assert_eq!(read(&mut Cursor::new(&bytes)).unwrap(), (stored, 0.0));
            let expected = if metric == Metric::Euclidean { Metric::L2 } else { metric };
            assert_eq!(stored.metric(), Some(expected));
        }
    }
}
