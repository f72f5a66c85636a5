//! Rotations at random.

use anear_quant::transform::rotation;
use anear_types::parts::{LinearOrigin, TransformKind, TransformParts};
use anear_types::{Error, Result};

/// Draws the rotation of a transform anew, from another seed than that of training.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if the transform is no random rotation.
pub fn draw_rotation(transform: &mut TransformParts, seed: u64) -> Result<()> {
    match &mut transform.kind {
        TransformKind::Linear { origin: LinearOrigin::RandomRotation, matrix, .. } => {
            *matrix = rotation(transform.input_dim, transform.output_dim, seed);
            transform.trained = true;
            Ok(())
        }
        _ => Err(Error::usage("the transform is no random rotation")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::making::from_factory;
    use anear_types::Measure;
    use anear_types::parts::Structure;

    #[test]
    fn rotations_keep_lengths_and_differ_by_seed() {
        let drawn = |seed| {
            let index = from_factory("RR4,Flat", 4, Measure::L2).unwrap();
            let Structure::Transformed(mut transformed) = index.structure else { panic!() };
            draw_rotation(&mut transformed.transforms[0], seed).unwrap();
            assert!(transformed.transforms[0].trained);
            match &transformed.transforms[0].kind {
                TransformKind::Linear { matrix, .. } => matrix.clone(),
                other => panic!("{other:?}"),
            }
        };
        let (one, other) = (drawn(1), drawn(2));
        assert_ne!(one, other);
        for row in one.chunks(4) {
            assert!((row.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
        }
        let index = from_factory("PCA4,Flat", 4, Measure::L2).unwrap();
        let Structure::Transformed(mut transformed) = index.structure else { panic!() };
        draw_rotation(&mut transformed.transforms[0], 1).unwrap_err();
    }
}
