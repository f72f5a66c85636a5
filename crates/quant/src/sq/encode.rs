//! From rows to codes.

use super::{Coded, Space, space_of};
use anear_kernels::codes::{self, Centered, CodeRows, MOST_COMPONENTS, SLACK};
use anear_kernels::{LargeBytes, Level, convert, exact};
use anear_types::{Element, MatrixRef, Metric};

/// More than what f64 loses in a sum of products, for each component.
pub(super) const ROUNDING: f64 = 4e-15;
/// Rows looked at to find the centre.
const SAMPLE_ROWS: usize = 10_000;
/// Beyond, squares of f32 may overflow.
const LARGEST_SQUARE: f64 = 1e36;
/// Scales outside count as 0: their products have few digits in f32, or none.
const SMALLEST_SCALE: f64 = 1e-18;
const LARGEST_SCALE: f64 = 1e18;

/// How rows of one matrix are coded.
#[derive(Clone, Debug, PartialEq)]
pub struct Sq {
    space: Space,
    center: Vec<f32>,
    /// The code of 0.
    origin: u8,
    /// Whether components are whole numbers, to be kept as they are.
    whole: bool,
}

/// Coded rows that can grow.
#[derive(Clone, Debug, Default)]
pub struct SqBlock {
    codes: LargeBytes,
    scales: Vec<f32>,
    errors: Vec<f32>,
    squares: Vec<f32>,
    dim: usize,
}

impl Sq {
    /// Chooses the coding for rows of finite numbers; `None` for a metric or dimension it does not
    /// serve, or without rows.
    pub fn train(level: Level, metric: Metric, rows: MatrixRef<'_>) -> Option<Sq> {
        Sq::train_over(level, metric, &[rows])
    }

    /// The same for rows in several parts: the coding is that of one matrix with all of them.
    ///
    /// # Panics
    /// If the parts have different elements or dimensions.
    pub fn train_over(level: Level, metric: Metric, parts: &[MatrixRef<'_>]) -> Option<Sq> {
        let space = space_of(metric)?;
        let shape = |rows: &MatrixRef<'_>| (rows.element(), rows.dim());
        let (element, dim) = shape(parts.first()?);
        assert!(parts.iter().all(|rows| shape(rows) == (element, dim)));
        let count: usize = parts.iter().map(MatrixRef::rows).sum();
        if count == 0 || !(1..=MOST_COMPONENTS).contains(&dim) {
            return None;
        }
        if let Some(lowest) = whole_numbers(level, element, parts) {
            // Angles need zero to be a code; distances take any range of 256.
            let (center, origin) = match space {
                Space::Plain => (lowest + 128.0, 128),
                Space::Unit if lowest >= 0.0 => (0.0, 0),
                Space::Unit => (0.0, 128),
            };
            return Some(Sq { space, center: vec![center; dim], origin, whole: true });
        }
        let center = mean(level, space, parts, count.div_ceil(SAMPLE_ROWS), dim);
        Some(Sq { space, center, origin: 128, whole: false })
    }

    /// The parts of the coding, to be stored: centre, code of 0, and whether components are whole.
    pub fn parts(&self) -> (&[f32], u8, bool) {
        (&self.center, self.origin, self.whole)
    }

    /// The coding with these parts; `None` if they cannot be one.
    pub fn from_parts(metric: Metric, center: Vec<f32>, origin: u8, whole: bool) -> Option<Sq> {
        let space = space_of(metric)?;
        let fits = (1..=MOST_COMPONENTS).contains(&center.len())
            && center.iter().all(|value| value.is_finite())
            && (origin == 128 || origin == 0 && whole);
        fits.then_some(Sq { space, center, origin, whole })
    }

    /// Components in a row.
    pub fn dim(&self) -> usize {
        self.center.len()
    }

    /// Where rows and queries are compared.
    pub fn space(&self) -> Space {
        self.space
    }

    pub(super) fn center(&self) -> &[f32] {
        &self.center
    }

    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    pub(super) fn origin(&self) -> i32 {
        i32::from(self.origin)
    }

    /// Codes rows and appends them to `block`. Of one that is not finite its error is NaN.
    ///
    /// # Panics
    /// If the rows have another dimension.
    pub fn encode(&self, level: Level, rows: MatrixRef<'_>, block: &mut SqBlock) {
        assert_eq!(rows.dim(), self.dim());
        block.make_room(rows.rows(), self.dim());
        let mut values = vec![0.0; self.dim()];
        for row in 0..rows.rows() {
            convert::to_f64(level, rows.range(row, row + 1), &mut values);
            let norm = match self.space {
                Space::Plain => 1.0,
                Space::Unit => place(self.space, &mut values),
            };
            self.encode_row(level, &mut values, norm, block);
        }
    }

    /// Codes a row that is in its space; for angles it had this norm before.
    fn encode_row(&self, level: Level, values: &mut [f64], norm: f64, block: &mut SqBlock) {
        let Centered { largest, size } = codes::center(level, values, &self.center);
        let scale = match (self.whole, self.space) {
            (true, Space::Plain) => 1.0,
            (true, Space::Unit) if norm > 0.0 => 1.0 / norm,
            _ => largest / 127.0,
        };
        // What is no fit number for f32 is coded as 0, which the error makes good.
        let scale =
            if (SMALLEST_SCALE..LARGEST_SCALE).contains(&scale) { scale as f32 } else { 0.0 };
        let encoded = codes::encode(level, values, scale, self.origin, block.next_codes());
        let square = encoded.square * f64::from(scale) * f64::from(scale);
        let error = encoded.residual.sqrt() * (1.0 + 1e-9) + rounding(size, self.dim());
        // The distance to a zero vector is no distance in the space of angles.
        let in_space = norm.is_finite() && norm > 0.0;
        let known = in_space && [square, error * error].iter().all(|s| *s <= LARGEST_SQUARE);
        block.scales.push(scale);
        block.errors.push(if known { round_up(error) } else { f32::NAN });
        block.squares.push(if known { square as f32 } else { 0.0 });
    }
}

impl SqBlock {
    /// Rows it holds.
    pub fn rows(&self) -> usize {
        self.scales.len()
    }

    /// The rows.
    pub fn coded(&self) -> Coded<'_> {
        Coded {
            codes: CodeRows::new(&self.codes, self.rows(), self.dim, self.dim),
            scales: &self.scales,
            errors: &self.errors,
            squares: &self.squares,
        }
    }

    /// Appends the rows of another block of the same dimension.
    pub fn append(&mut self, other: SqBlock) {
        if other.rows() == 0 {
            return; // it may not know the dimension
        }
        if self.rows() == 0 {
            *self = other;
            return;
        }
        let first = self.rows();
        self.make_room(other.rows(), other.dim);
        let (start, length) = (first * self.dim, other.rows() * self.dim);
        self.codes[start..start + length].copy_from_slice(&other.codes[..length]);
        self.scales.extend_from_slice(&other.scales);
        self.errors.extend_from_slice(&other.errors);
        self.squares.extend_from_slice(&other.squares);
    }

    fn make_room(&mut self, rows: usize, dim: usize) {
        self.dim = dim;
        self.codes.grow_to((self.rows() + rows) * dim + SLACK);
        for numbers in [&mut self.scales, &mut self.errors, &mut self.squares] {
            numbers.reserve(rows);
        }
    }

    /// The codes of the first row that is not complete yet.
    fn next_codes(&mut self) -> &mut [u8] {
        let start = self.rows() * self.dim;
        &mut self.codes[start..start + self.dim]
    }
}

/// Brings a row to its space; returns its norm before.
pub(super) fn place(space: Space, values: &mut [f64]) -> f64 {
    let norm = exact::norm(values);
    if space == Space::Unit && norm > 0.0 {
        values.iter_mut().for_each(|value| *value /= norm);
    }
    norm
}

/// The mean of every `step`-th row in its space.
fn mean(level: Level, space: Space, parts: &[MatrixRef<'_>], step: usize, dim: usize) -> Vec<f32> {
    let (mut sums, mut values) = (vec![0.0; dim], vec![0.0; dim]);
    let (mut count, mut first) = (0, 0);
    for rows in parts {
        let sampled = first..first + rows.rows();
        for row in (sampled.start.next_multiple_of(step)..sampled.end).step_by(step) {
            convert::to_f64(level, rows.range(row - first, row - first + 1), &mut values);
            place(space, &mut values);
            for (sum, value) in sums.iter_mut().zip(&values) {
                *sum += value;
            }
            count += 1;
        }
        first = sampled.end;
    }
    let means = sums.iter().map(|sum| (sum / f64::from(count)) as f32);
    means.map(|mean| if mean.is_finite() { mean } else { 0.0 }).collect()
}

/// The smallest component if all are whole numbers in a range of 256.
fn whole_numbers(level: Level, element: Element, parts: &[MatrixRef<'_>]) -> Option<f32> {
    match element {
        Element::U8 => return Some(0.0),
        Element::I8 => return Some(-128.0),
        _ => (),
    }
    let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
    for rows in parts {
        let mut values = vec![0.0; rows.dim()];
        for row in 0..rows.rows() {
            convert::to_f64(level, rows.range(row, row + 1), &mut values);
            let (least, largest) = codes::whole_range(level, &values)?;
            (lowest, highest) = (lowest.min(least), highest.max(largest));
            if highest - lowest > 255.0 || lowest.abs() > 1e6 {
                return None;
            }
        }
    }
    if lowest >= 0.0 && highest <= 255.0 {
        return Some(0.0);
    }
    if lowest >= -128.0 && highest <= 127.0 {
        return Some(-128.0);
    }
    Some(lowest as f32)
}

/// How far components may be from what they should be, for the rounding of f64: those of a vector
/// and the centre with these squares.
pub(super) fn rounding(size: f64, dim: usize) -> f64 {
    ROUNDING * dim as f64 * size.sqrt()
}

/// The smallest f32 that is not below.
pub(super) fn round_up(value: f64) -> f32 {
    let nearest = value as f32;
    if f64::from(nearest) < value { nearest.next_up() } else { nearest }
}
