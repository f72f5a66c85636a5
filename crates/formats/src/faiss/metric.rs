//! How FAISS numbers metrics.
//!
//! Source: FAISS 1.15, `faiss/MetricType.h`. A metric above 1 is followed by an argument, which only
//! `lp` uses.

use anear_io::Cursor;
use anear_types::{Error, Metric, Result};

/// The metric of an index, as its header has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MetricType {
    number: i32,
    argument: f32,
}

/// Number, name and our metric, if there is one.
static METRICS: [(i32, &str, Option<Metric>); 11] = [
    (0, "ip", Some(Metric::InnerProduct)),
    (1, "l2", Some(Metric::L2)),
    (2, "manhattan", Some(Metric::Manhattan)),
    (3, "chebyshev", Some(Metric::Chebyshev)),
    (LP, "lp", None),
    (20, "canberra", Some(Metric::Canberra)),
    (21, "braycurtis", Some(Metric::BrayCurtis)),
    (22, "jensenshannon", Some(Metric::JensenShannon)),
    (23, "jaccard of floats", None),
    (24, "nan-euclidean", None),
    (25, "gower", None),
];

const LP: i32 = 4;

impl MetricType {
    /// Squared Euclidean distance, FAISS's own default.
    pub(super) const L2: MetricType = MetricType { number: 1, argument: 0.0 };

    /// Reads number and argument.
    ///
    /// # Errors
    /// If FAISS has no metric of this number.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<MetricType> {
        let number = cursor.i32("the metric")?;
        if !METRICS.iter().any(|(known, ..)| *known == number) {
            return Err(Error::malformed(format!("there is no metric of number {number}")));
        }
        let has_argument = number > 1;
        let argument = match has_argument {
            true => f32::from_le_bytes(cursor.array("the argument of the metric")?),
            false => 0.0,
        };
        Ok(MetricType { number, argument })
    }

    /// The bytes that [`read`](MetricType::read) takes.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.number.to_le_bytes());
        if self.number > 1 {
            out.extend_from_slice(&self.argument.to_le_bytes());
        }
    }

    /// The metric for rows that are to be near each other in the same order as by `metric`; `None`
    /// if FAISS has none for floats.
    pub(super) fn of(metric: Metric) -> Option<MetricType> {
        let stored = match metric {
            Metric::Euclidean => Metric::L2, // FAISS leaves out the root
            same => same,
        };
        let row = METRICS.iter().find(|(.., known)| *known == Some(stored))?;
        Some(MetricType { number: row.0, argument: 0.0 })
    }

    /// Our metric, if there is one.
    pub(super) fn metric(self) -> Option<Metric> {
        self.row().2
    }

    /// A name to show.
    pub(super) fn name(self) -> &'static str {
        self.row().1
    }

    /// The exponent of `lp`.
    pub(super) fn exponent(self) -> Option<f32> {
        (self.number == LP).then_some(self.argument)
    }

    fn row(self) -> &'static (i32, &'static str, Option<Metric>) {
        METRICS.iter().find(|(known, ..)| *known == self.number).expect("numbers were checked")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_metrics_come_back_from_their_numbers() {
        for metric in Metric::ALL {
            let Some(stored) = MetricType::of(metric) else {
                let none = [Metric::Cosine, Metric::Angular, Metric::Hamming, Metric::Jaccard];
                assert!(none.contains(&metric), "{metric}");
                continue;
            };
            let mut bytes = Vec::new();
            stored.write(&mut bytes);
            assert_eq!(MetricType::read(&mut Cursor::new(&bytes)).unwrap(), stored);
            let expected = if metric == Metric::Euclidean { Metric::L2 } else { metric };
            assert_eq!(stored.metric(), Some(expected));
        }
    }
}
