//! What a scalar quantizer learns: between which values its steps lie. FAISS has several ways, by number.

use anear_types::parts::{ScalarKind, ScalarParts};
use anear_types::{Error, Result};

/// From the least value to the largest, and so much of that extent more on both sides.
const LEAST_AND_LARGEST: i32 = 0;
/// So many standard deviations around the mean.
const DEVIATIONS: i32 = 1;
/// All but such a share of the values on both sides.
const QUANTILES: i32 = 2;
/// What leaves the least squared error, found in rounds.
const LEAST_ERROR: i32 = 3;

/// Rounds to find what leaves the least error.
const ROUNDS: usize = 2000;
/// Rounds without a change after which it ends.
const QUIET_ROUNDS: usize = 16;

/// Learns from rows of `dim` components.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if there are no rows, or the way to learn is not known.
pub fn train(scalar: &mut ScalarParts, dim: usize, rows: &[f32]) -> Result<()> {
    let ScalarKind::Steps { bits, uniform } = scalar.kind else { return Ok(()) };
    if rows.is_empty() {
        return Err(Error::usage("a scalar quantizer cannot learn from 0 rows"));
    }
    if uniform {
        let (least, extent) = range(scalar.training, bits, rows)?;
        scalar.learned = vec![least, extent];
        return Ok(());
    }
    let mut learned = vec![0.0; 2 * dim];
    let mut values = Vec::with_capacity(rows.len() / dim);
    for at in 0..dim {
        values.clear();
        values.extend(rows.iter().skip(at).step_by(dim));
        (learned[at], learned[dim + at]) = range(scalar.training, bits, &values)?;
    }
    scalar.learned = learned;
    Ok(())
}

/// The least value and the extent for some values.
fn range((way, argument): (i32, f32), bits: u32, values: &[f32]) -> Result<(f32, f32)> {
    let (least, largest) = match way {
        LEAST_AND_LARGEST => {
            let (least, largest) = ends(values);
            let more = (largest - least) * argument;
            (least - more, largest + more)
        }
        DEVIATIONS => around_mean(values, argument),
        QUANTILES => quantiles(values, argument),
        LEAST_ERROR => least_error(values, 1 << bits),
        way => return Err(Error::usage(format!("no way {way} to learn the range of values"))),
    };
    Ok((least, largest - least))
}

fn ends(values: &[f32]) -> (f32, f32) {
    let start = (f32::INFINITY, f32::NEG_INFINITY);
    values.iter().fold(start, |(least, largest), value| (least.min(*value), largest.max(*value)))
}

fn around_mean(values: &[f32], deviations: f32) -> (f32, f32) {
    let (mut sum, mut squares) = (0.0, 0.0);
    for value in values {
        sum += f64::from(*value);
        squares += f64::from(value * value);
    }
    let count = values.len() as f64;
    let mean = (sum / count) as f32;
    let variance = (squares / count - f64::from(mean * mean)) as f32;
    let deviation = if variance <= 0.0 { 1.0 } else { variance.sqrt() };
    (mean - deviation * deviations, mean + deviation * deviations)
}

fn quantiles(values: &[f32], share: f32) -> (f32, f32) {
    let count = values.len();
    let mut left_out = ((share * count as f32) as usize).min(count);
    if left_out > count - left_out {
        left_out = count / 2;
    }
    let mut values = values.to_vec();
    values.sort_unstable_by(f32::total_cmp);
    (values[left_out.min(count - 1)], values[(count - 1).saturating_sub(left_out)])
}

/// Finds the line that the rounded values lie on with the least error, again and again.
fn least_error(values: &[f32], steps: usize) -> (f32, f32) {
    let last = (steps - 1) as f32;
    let (least, largest) = ends(values);
    let (mut first, mut step) = (least, (largest - least) / last);
    let sum: f32 = values.iter().sum();
    let (mut last_error, mut quiet) = (-1.0, 0);
    for _ in 0..ROUNDS {
        let (mut numbers, mut squares, mut products, mut error) = (0.0, 0.0, 0.0, 0.0);
        for value in values {
            let number = ((value - first) / step + 0.5).floor().clamp(0.0, last);
            error += (value - (number * step + first)).powi(2);
            numbers += number;
            squares += number * number;
            products += number * value;
        }
        quiet = if error == last_error { quiet + 1 } else { 0 };
        if quiet == QUIET_ROUNDS {
            break;
        }
        last_error = error;
        let count = values.len() as f32;
        let determinant = numbers * numbers - squares * count;
        first = (numbers * products - squares * sum) / determinant;
        step = (numbers * sum - count * products) / determinant;
    }
    (first, first + step * last)
}
