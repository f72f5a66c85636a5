//! Whether distances to some rows can be computed at all.

use crate::{Element, Error, MatrixRef, Metric, Result};

/// Components looked at before asking whether one of them was bad: enough for a loop without
/// branches to be worth it.
const STRIDE: usize = 1024;

impl Metric {
    /// Checks that every component of some rows is finite, and for
    /// [`JensenShannon`](Metric::JensenShannon) that none is negative.
    ///
    /// # Errors
    /// [`BadData`](crate::ErrorKind::BadData) with the first row where this is not so.
    pub fn check_rows(self, rows: MatrixRef<'_>) -> Result<()> {
        if let Some((row, column)) = rows.first_not_finite() {
            let found = rows.get_f64(row, column);
            return Err(Error::bad_data(format!("component {column} is {found}"))
                .at_row(row as u64)
                .help("leave such rows out, or put numbers in their place"));
        }
        if self == Metric::JensenShannon {
            return check_not_negative(rows);
        }
        Ok(())
    }
}

impl MatrixRef<'_> {
    /// Row and column of the first component that is NaN or infinite.
    pub fn first_not_finite(&self) -> Option<(usize, usize)> {
        let bytes = self.bytes();
        let position = match self.element() {
            Element::F64 => position(bytes, |number| {
                u64::from_ne_bytes(number) & (u64::MAX >> 1) >= f64::INFINITY.to_bits()
            }),
            Element::F32 => position(bytes, |number| {
                u32::from_ne_bytes(number) & (u32::MAX >> 1) >= f32::INFINITY.to_bits()
            }),
            Element::F16 => position(bytes, |number| u16::from_ne_bytes(number) & 0x7fff >= 0x7c00),
            Element::Bf16 => {
                position(bytes, |number| u16::from_ne_bytes(number) & 0x7fff >= 0x7f80)
            }
            Element::F8E5M2 => position(bytes, |[number]| number & 0x7f >= 0x7c),
            Element::F8E4M3 => position(bytes, |[number]| number & 0x7f == 0x7f),
            _ => None,
        };
        position.map(|position| (position / self.dim(), position % self.dim()))
    }
}

/// The first number that is bad.
fn position<const SIZE: usize>(bytes: &[u8], bad: impl Fn([u8; SIZE]) -> bool) -> Option<usize> {
    let numbers = bytes.as_chunks::<SIZE>().0;
    numbers.chunks(STRIDE).enumerate().find_map(|(stride, chunk)| {
        let any = chunk.iter().fold(false, |any, number| any | bad(*number));
        let first = any.then(|| chunk.iter().position(|number| bad(*number))).flatten();
        first.map(|first| stride * STRIDE + first)
    })
}

fn check_not_negative(rows: MatrixRef<'_>) -> Result<()> {
    for row in 0..rows.rows() {
        for column in 0..rows.dim() {
            let found = rows.get_f64(row, column);
            if found < 0.0 {
                let what = format!("component {column} is {found}");
                return Err(Error::bad_data(what)
                    .at_row(row as u64)
                    .help("jensenshannon is for values from 0 on"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bad_component_is_found_whatever_the_element() {
        for element in Element::ALL {
            let (rows, dim, size) = (700, 3, element.bytes());
            let mut bytes = vec![0; rows * dim * size];
            let matrix = MatrixRef::new(&bytes, element, rows, dim);
            assert_eq!(matrix.first_not_finite(), None, "{element}");
            // All ones are a NaN of every float, and a number of every integer.
            bytes[1402 * size..1403 * size].fill(0xff);
            let matrix = MatrixRef::new(&bytes, element, rows, dim);
            let expected = element.is_float().then_some((467, 1));
            assert_eq!(matrix.first_not_finite(), expected, "{element}");
        }
    }

    /// Every value of the small floats is judged as its f64 is.
    #[test]
    fn finite_means_finite() {
        for element in [Element::F8E4M3, Element::F8E5M2, Element::F16, Element::Bf16] {
            let size = element.bytes();
            for bits in 0..1u32 << (8 * size) {
                let bytes = &(bits as u16).to_ne_bytes();
                let bytes = if size == 2 { &bytes[..] } else { &[bits as u8] };
                let matrix = MatrixRef::new(bytes, element, 1, 1);
                let finite = matrix.get_f64(0, 0).is_finite();
                assert_eq!(matrix.first_not_finite().is_none(), finite, "{element} {bits:x}");
            }
        }
    }

    #[test]
    fn negative_values_are_refused_where_the_metric_has_no_use_for_them() {
        let bytes: Vec<u8> = [1f32, -0.0, 2.0, -3.0].iter().flat_map(|n| n.to_ne_bytes()).collect();
        let matrix = MatrixRef::new(&bytes, Element::F32, 2, 2);
        assert!(Metric::Cosine.check_rows(matrix).is_ok());
        let error = Metric::JensenShannon.check_rows(matrix).unwrap_err();
        assert_eq!((error.row(), error.what()), (Some(1), "component 1 is -3"));
    }
}
