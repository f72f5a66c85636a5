//! How nearness is measured. The table of formulas is in `docs/metrics.md`.

/// A measure of how near two vectors are. The default is what is used where nobody names one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Squared Euclidean distance, as FAISS reports it.
    L2,
    /// Euclidean distance.
    Euclidean,
    /// 1 - cosine; 1 when a vector is zero.
    #[default]
    Cosine,
    /// sqrt(2 - 2 cosine), as Annoy reports it; sqrt 2 when a vector is zero.
    Angular,
    /// Inner product; larger is nearer.
    InnerProduct,
    /// Sum of absolute differences.
    Manhattan,
    /// Largest absolute difference.
    Chebyshev,
    /// Sum of `|x - y| / (|x| + |y|)`, where 0/0 counts 0.
    Canberra,
    /// `sum |x - y| / sum |x + y|`, 0 when both sums are 0.
    BrayCurtis,
    /// Jensen-Shannon divergence of non-negative vectors, natural logarithm, no square root and
    /// no normalisation, as FAISS computes it.
    JensenShannon,
    /// Number of bits that differ.
    Hamming,
    /// 1 - (bits in both) / (bits in either); 0 when both are empty.
    Jaccard,
}

/// Which end of a metric's scale is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Distances.
    SmallerIsNearer,
    /// Similarities.
    LargerIsNearer,
}

impl Metric {
    /// Every metric, in the order documentation lists them.
    pub const ALL: [Metric; 12] = [
        Metric::L2,
        Metric::Euclidean,
        Metric::Cosine,
        Metric::Angular,
        Metric::InnerProduct,
        Metric::Manhattan,
        Metric::Chebyshev,
        Metric::Canberra,
        Metric::BrayCurtis,
        Metric::JensenShannon,
        Metric::Hamming,
        Metric::Jaccard,
    ];

    /// The name used on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::L2 => "l2",
            Metric::Euclidean => "euclidean",
            Metric::Cosine => "cosine",
            Metric::Angular => "angular",
            Metric::InnerProduct => "ip",
            Metric::Manhattan => "manhattan",
            Metric::Chebyshev => "chebyshev",
            Metric::Canberra => "canberra",
            Metric::BrayCurtis => "braycurtis",
            Metric::JensenShannon => "jensenshannon",
            Metric::Hamming => "hamming",
            Metric::Jaccard => "jaccard",
        }
    }

    /// The metric with this name.
    pub fn from_name(name: &str) -> Option<Metric> {
        Metric::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// Which end of the scale is near.
    pub const fn order(self) -> Order {
        match self {
            Metric::InnerProduct => Order::LargerIsNearer,
            _ => Order::SmallerIsNearer,
        }
    }

    /// Whether vectors are read as bits.
    pub const fn is_binary(self) -> bool {
        matches!(self, Metric::Hamming | Metric::Jaccard)
    }
}

impl std::fmt::Display for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
