//! What happens to rows before they are encoded.

/// A transform from rows of one dimension to rows of another.
#[derive(Clone, Debug, PartialEq)]
pub struct TransformParts {
    /// Components before.
    pub input_dim: usize,
    /// Components after.
    pub output_dim: usize,
    /// Whether it has learned what it needs.
    pub trained: bool,
    /// What it does.
    pub kind: TransformKind,
}

/// What a transform does.
#[derive(Clone, Debug, PartialEq)]
pub enum TransformKind {
    /// Multiplies with a matrix, then adds.
    Linear {
        /// How the matrix came about.
        origin: LinearOrigin,
        /// The matrix, one row of it for each component after.
        matrix: Vec<f32>,
        /// Whether something is added at the end.
        biased: bool,
        /// What is added, if it is.
        bias: Vec<f32>,
    },
    /// Subtracts the mean, makes the length 1, then multiplies with a matrix.
    IterativeQuantization {
        /// The mean.
        mean: Vec<f32>,
        /// Whether principal components come first.
        principal: bool,
        /// The rotation that was learned.
        rotation: Box<TransformParts>,
        /// That rotation and the principal components in one, which is what is applied.
        both: Box<TransformParts>,
    },
    /// Takes components from other places; -1 stands for 0.
    Remap(Vec<i32>),
    /// Makes the length 1, in the norm with this exponent.
    Normalize(f32),
    /// Subtracts the mean.
    Center(Vec<f32>),
}

/// How the matrix of a linear transform came about.
#[derive(Clone, Debug, PartialEq)]
pub enum LinearOrigin {
    /// Not told; files do not tell it of OPQ either.
    Plain,
    /// By optimizing it for a product quantizer (OPQ).
    OptimizedProduct {
        /// Parts of the product quantizer.
        parts: usize,
        /// Rounds of training.
        rounds: usize,
    },
    /// At random.
    RandomRotation,
    /// By principal components.
    Principal(Box<PrincipalParts>),
    /// By iterative quantization.
    IterativeQuantization {
        /// Rounds of training.
        rounds: i32,
        /// The seed of training.
        seed: i32,
    },
}

/// What principal components were computed from and with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PrincipalParts {
    /// To which power of its eigenvalue a component is scaled; -0.5 whitens.
    pub power: f32,
    /// What is added to eigenvalues before.
    pub epsilon: f32,
    /// Whether a random rotation comes behind.
    pub random_rotation: bool,
    /// Among how many bins components are balanced; 0 for not at all.
    pub balanced_bins: i32,
    /// The mean of the rows.
    pub mean: Vec<f32>,
    /// All eigenvalues.
    pub eigenvalues: Vec<f32>,
    /// All principal components.
    pub components: Vec<f32>,
}
