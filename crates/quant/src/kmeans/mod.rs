//! K-means as FAISS does it (`Clustering.cpp`): from random rows, each in turn to the nearest centroid
//! and each centroid to the mean of its rows; centroids without rows take half of those of others.
//! What FAISS has not is a bound for the rows of a centroid, beyond which they go to another.

mod assign;
mod balanced;
mod means;
mod screen;

pub use assign::{Assigned, Assigner};

use crate::codec::How;
use crate::random::permutation;
use crate::work::Work;
use anear_types::{Error, Measure, Order, Result};
use balanced::Places;
use screen::Screen;

/// How to find centroids.
#[derive(Clone, Copy, Debug)]
pub struct KmeansSettings<'a> {
    /// Rounds at most; it ends before when nothing changes any more.
    pub iterations: usize,
    /// How often it begins anew, of which the best is taken; 0 counts as 1.
    pub redo: usize,
    /// Whether centroids are made to be of length 1.
    pub spherical: bool,
    /// Whether their components are rounded to whole numbers.
    pub integer: bool,
    /// More rows than this for each centroid are not looked at, but drawn from.
    pub max_points: usize,
    /// The seed of all that is drawn.
    pub seed: u64,
    /// How nearness to a centroid is measured.
    pub how: How,
    /// Centroids to begin with in the place of random rows, the first of all.
    pub initial: &'a [f32],
    /// Whether these stay as they are.
    pub frozen: bool,
    /// If given, at least 1: no centroid gets more rows than this times their mean number, rounded up, even if
    /// it is the nearest of more. Weights do not matter for this.
    pub balance: Option<f32>,
    /// How much each row counts; all the same if there are none.
    pub weights: Option<&'a [f32]>,
}

impl Default for KmeansSettings<'_> {
    fn default() -> Self {
        KmeansSettings {
            iterations: 25,
            redo: 1,
            spherical: false,
            integer: false,
            max_points: 256,
            seed: 1234,
            how: How { measure: Measure::L2, argument: 0.0 },
            initial: &[],
            frozen: false,
            balance: None,
            weights: None,
        }
    }
}

/// Centroids, and how they were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Kmeans {
    /// The centroids, one behind another.
    pub centroids: Vec<f32>,
    /// The rounds there were.
    pub iterations: Vec<Iteration>,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iteration {
    /// The sum of the distances (or similarities) of all rows to their centroids.
    pub objective: f32,
    /// How uneven the numbers of rows are: 1 if all centroids have as many.
    pub imbalance: f64,
    /// How many centroids were split.
    pub splits: usize,
}

/// Finds `k` centroids of rows of `dim` components.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if there are fewer rows than centroids, or the settings do
/// not fit the rows; [`BadData`](anear_types::ErrorKind::BadData) if a component is not finite;
/// [`Interrupted`](anear_types::ErrorKind::Interrupted).
///
/// # Panics
/// If the rows are not whole ones.
pub fn kmeans(
    rows: &[f32],
    dim: usize,
    k: usize,
    settings: &KmeansSettings<'_>,
    work: &Work<'_>,
) -> Result<Kmeans> {
    assert!(dim > 0 && rows.len().is_multiple_of(dim));
    check(rows, dim, k, settings)?;
    let (rows, weights) = sampled(rows, dim, k, settings);
    if rows.len() == k * dim {
        let only = Iteration { objective: 0.0, imbalance: 1.0, splits: 0 };
        return Ok(Kmeans { centroids: rows.into_owned(), iterations: vec![only] });
    }
    let screen = Screen::new(&rows, dim, k, settings.how.measure, work)?;
    let weights = weights.as_deref();
    let task = Task { rows: &rows, weights, dim, k, settings, screen, work };
    let is_better = |new: &Kmeans, old: &Kmeans| match settings.how.measure.order() {
        Order::SmallerIsNearer => new.objective() < old.objective(),
        Order::LargerIsNearer => new.objective() > old.objective(),
    };
    let mut best = task.run(0)?;
    for attempt in 1..settings.redo {
        let another = task.run(attempt)?;
        if is_better(&another, &best) {
            best = another;
        }
    }
    Ok(best)
}

impl Kmeans {
    /// The objective of the last round, 0 if there was none.
    pub fn objective(&self) -> f32 {
        self.iterations.last().map_or(0.0, |last| last.objective)
    }
}

fn check(rows: &[f32], dim: usize, k: usize, settings: &KmeansSettings<'_>) -> Result<()> {
    let count = rows.len() / dim;
    if k == 0 || count < k {
        let what =
            format!("{count} rows to learn {k} centroids from; one for each at least is needed");
        return Err(Error::usage(what));
    }
    if settings.max_points == 0 {
        return Err(Error::usage("0 rows for each centroid"));
    }
    let initial = settings.initial.len();
    if !initial.is_multiple_of(dim) || initial > k * dim {
        let what =
            format!("{initial} components of centroids to begin with, for {k} of dimension {dim}");
        return Err(Error::usage(what));
    }
    if settings.balance.is_some_and(|balance| balance.is_nan() || balance < 1.0) {
        let what = "a balance of less than 1, with which not all rows have a place";
        return Err(Error::usage(what));
    }
    if settings.weights.is_some_and(|weights| weights.len() != count) {
        return Err(Error::usage(format!("the number of weights is not that of rows, {count}")));
    }
    match rows.iter().position(|component| !component.is_finite()) {
        None => Ok(()),
        Some(at) => {
            let what = format!("component {} is {}", at % dim, rows[at]);
            Err(Error::bad_data(what).at_row((at / dim) as u64))
        }
    }
}

/// The rows that are looked at, and their weights.
fn sampled<'a>(
    rows: &'a [f32],
    dim: usize,
    k: usize,
    settings: &KmeansSettings<'a>,
) -> (std::borrow::Cow<'a, [f32]>, Option<std::borrow::Cow<'a, [f32]>>) {
    let most = k.saturating_mul(settings.max_points);
    if rows.len() / dim <= most {
        return (rows.into(), settings.weights.map(Into::into));
    }
    let order = &permutation(rows.len() / dim, settings.seed)[..most];
    let row = |number: &u32| &rows[*number as usize * dim..][..dim];
    let rows: Vec<f32> = order.iter().flat_map(row).copied().collect();
    let chosen = |weights: &[f32]| order.iter().map(|row| weights[*row as usize]).collect();
    let weights: Option<Vec<f32>> = settings.weights.map(chosen);
    (rows.into(), weights.map(Into::into))
}

/// What is to be done.
struct Task<'a> {
    rows: &'a [f32],
    weights: Option<&'a [f32]>,
    dim: usize,
    k: usize,
    settings: &'a KmeansSettings<'a>,
    /// The rows, coded; `None` where that is of no use.
    screen: Option<Screen<'a>>,
    work: &'a Work<'a>,
}

impl Task<'_> {
    /// Finds centroids once.
    fn run(&self, attempt: usize) -> Result<Kmeans> {
        let mut centroids = self.begin(attempt);
        let mut iterations: Vec<Iteration> = Vec::new();
        let mut assigned = Assigned::default();
        let total = self.settings.iterations;
        for round in 0..total {
            self.work.report("finding centroids", round as u64, total as u64);
            assigned = self.assign(&centroids, assigned)?;
            let objective = assigned.distances.iter().sum();
            let splits = self.move_centroids(&assigned.numbers, &mut centroids)?;
            let imbalance = imbalance(&assigned.numbers, self.k);
            let before = iterations.last().map(|last| last.objective);
            iterations.push(Iteration { objective, imbalance, splits });
            if before.is_some_and(|before| before != 0.0 && before == objective) {
                break;
            }
        }
        Ok(Kmeans { centroids, iterations })
    }

    /// The centroid of each row, of which those of the round before are known.
    fn assign(&self, centroids: &[f32], before: Assigned) -> Result<Assigned> {
        let (rows, dim, how) = (self.rows, self.dim, self.settings.how);
        let mut assigned = match &self.screen {
            Some(screen) => screen.assign(centroids, before, self.work)?,
            None => Assigner::new(centroids, dim, how).assign(rows, self.work)?,
        };
        if let Some(balance) = self.settings.balance {
            let most = most_rows(rows.len() / dim, self.k, balance);
            Places { rows, centroids, dim, how }.spread(most, &mut assigned, self.work)?;
        }
        Ok(assigned)
    }

    /// Centroids to begin with: those that were given, then random rows.
    fn begin(&self, attempt: usize) -> Vec<f32> {
        let seed = self.settings.seed.wrapping_add(1 + attempt as u64 * 15_486_557);
        let order = permutation(self.rows.len() / self.dim, seed);
        let given = self.settings.initial.len() / self.dim;
        let row = |number: &u32| &self.rows[*number as usize * self.dim..][..self.dim];
        let random = order[given..self.k].iter().flat_map(row);
        let mut centroids: Vec<f32> = self.settings.initial.iter().chain(random).copied().collect();
        self.shape(&mut centroids);
        centroids
    }

    /// Moves centroids to the means of their rows; returns how many were split.
    fn move_centroids(&self, numbers: &[u32], centroids: &mut [f32]) -> Result<usize> {
        let (dim, settings) = (self.dim, self.settings);
        let frozen = if settings.frozen { settings.initial.len() / dim } else { 0 };
        let given: Vec<f32> = centroids[..frozen * dim].to_vec();
        let mut sizes = means::update(self.rows, self.weights, numbers, centroids, dim, self.work)?;
        centroids[..frozen * dim].copy_from_slice(&given);
        let rows = self.rows.len() / dim;
        let free = (&mut sizes[frozen..], &mut centroids[frozen * dim..]);
        let splits = means::split(rows, free.0, free.1, dim);
        self.shape(centroids);
        Ok(splits)
    }

    /// Makes centroids as the settings want them to be.
    fn shape(&self, centroids: &mut [f32]) {
        if self.settings.spherical {
            centroids.chunks_exact_mut(self.dim).for_each(crate::transform::normalize);
        }
        if self.settings.integer {
            centroids.iter_mut().for_each(|component| *component = component.round());
        }
    }
}

/// How many rows a centroid gets at most.
fn most_rows(rows: usize, k: usize, balance: f32) -> usize {
    let most = (rows as f64 / k as f64 * f64::from(balance)).ceil() as usize;
    most.max(rows.div_ceil(k))
}

/// The sum of the squares of the numbers of rows, relative to what it is if all are the same.
fn imbalance(numbers: &[u32], k: usize) -> f64 {
    let mut sizes = vec![0u32; k];
    numbers.iter().for_each(|number| sizes[*number as usize] += 1);
    let squares: f64 = sizes.iter().map(|size| f64::from(*size).powi(2)).sum();
    squares * k as f64 / (numbers.len() as f64).powi(2)
}
