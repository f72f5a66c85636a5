//! How the indexes of other libraries measure nearness: more ways than our own [`Metric`]s.

use crate::{Metric, Order};

/// A measure over numbers, as FAISS has them, or over bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Inner product; larger is nearer.
    InnerProduct,
    /// Squared Euclidean distance.
    L2,
    /// Sum of absolute differences.
    Manhattan,
    /// Largest absolute difference.
    Chebyshev,
    /// Sum of absolute differences to the power of the argument; no root is taken.
    Lp,
    /// Sum of `|x - y| / (|x| + |y|)`; not a number where a term is 0/0.
    Canberra,
    /// `sum |x - y| / sum |x + y|`.
    BrayCurtis,
    /// Jensen-Shannon divergence.
    JensenShannon,
    /// `sum min(x, y) / sum max(x, y)`; larger is nearer.
    Jaccard,
    /// Squared Euclidean distance over the components that both have, scaled up to all.
    NanEuclidean,
    /// Mean over the components that both have of what separates numbers of 0 to 1, or categories,
    /// which are negative.
    Gower,
    /// Number of bits that differ.
    Hamming,
}

impl Measure {
    /// Our metric of the same meaning, if there is one.
    pub const fn metric(self) -> Option<Metric> {
        match self {
            Measure::InnerProduct => Some(Metric::InnerProduct),
            Measure::L2 => Some(Metric::L2),
            Measure::Manhattan => Some(Metric::Manhattan),
            Measure::Chebyshev => Some(Metric::Chebyshev),
            Measure::Canberra => Some(Metric::Canberra),
            Measure::BrayCurtis => Some(Metric::BrayCurtis),
            Measure::JensenShannon => Some(Metric::JensenShannon),
            Measure::Hamming => Some(Metric::Hamming),
            Measure::Lp | Measure::Jaccard | Measure::NanEuclidean | Measure::Gower => None,
        }
    }

    /// A name to show.
    pub const fn name(self) -> &'static str {
        match self {
            Measure::Lp => "lp",
            Measure::Jaccard => "jaccard of floats",
            Measure::NanEuclidean => "nan-euclidean",
            Measure::Gower => "gower",
            other => match other.metric() {
                Some(metric) => metric.name(),
                None => unreachable!(),
            },
        }
    }

    /// Which end of the scale is near.
    pub const fn order(self) -> Order {
        match self {
            Measure::InnerProduct | Measure::Jaccard => Order::LargerIsNearer,
            _ => Order::SmallerIsNearer,
        }
    }
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
