//! Distances of vectors by the angle between them.

use super::Arithmetic;
use crate::arch::{Kernel, Simd};

impl Arithmetic {
    /// Turns inner products with a vector into `2 - 2 cosine`: `squares` is the sum of squares of
    /// that vector, `norms` those of the others. Where one of them is 0, the cosine counts as 0.
    ///
    /// # Panics
    /// If there are not as many norms as products.
    pub fn angles(self, squares: f32, norms: &[f32], products: &mut [f32]) {
        assert_eq!(norms.len(), products.len());
        self.level().run(Angles { squares, norms, products });
    }

    /// `2 - 2 cosine` of two vectors, from their sums of squares and their inner product.
    #[inline]
    pub fn angle(self, x_squares: f32, y_squares: f32, product: f32) -> f32 {
        angle(x_squares, y_squares, product)
    }
}

#[inline(always)]
fn angle(x_squares: f32, y_squares: f32, product: f32) -> f32 {
    let norms = x_squares * y_squares;
    let distance = 2.0 - 2.0 * f64::from(product) / f64::from(norms.sqrt());
    if norms > 0.0 { distance as f32 } else { 2.0 }
}

struct Angles<'a> {
    squares: f32,
    norms: &'a [f32],
    products: &'a mut [f32],
}

impl Kernel for Angles<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for (product, norm) in self.products.iter_mut().zip(self.norms) {
            *product = angle(self.squares, *norm, *product);
        }
    }
}
