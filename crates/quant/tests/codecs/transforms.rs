//! Transforms.

use crate::assert_close;
use anear_quant::transform::Transform;
use anear_types::parts::{LinearOrigin, TransformKind, TransformParts};

fn transform(input_dim: usize, output_dim: usize, kind: TransformKind) -> Transform {
    Transform::new(&TransformParts { input_dim, output_dim, trained: true, kind })
}

pub(crate) fn linear(matrix: &[f32], bias: &[f32]) -> TransformKind {
    TransformKind::Linear {
        origin: LinearOrigin::Plain,
        matrix: matrix.to_vec(),
        biased: !bias.is_empty(),
        bias: bias.to_vec(),
    }
}

#[test]
fn linear_transforms_are_undone_where_directions_are_at_right_angles() {
    let scaled = transform(2, 2, linear(&[3.0, 4.0, -0.4, 0.3], &[10.0, -1.0]));
    let rows = [1.0, 2.0, -3.0, 0.5, 0.0, 0.0];
    let applied = scaled.apply(&rows);
    let expected = [21.0, -0.8, 3.0, 0.35, 10.0, -1.0];
    applied.iter().zip(expected).for_each(|(x, y)| assert_close(*x, y, "applied"));
    let undone = scaled.undo(&applied).unwrap();
    undone.iter().zip(rows).for_each(|(x, y)| assert_close(*x, f64::from(y), "undone"));

    let skew = transform(2, 2, linear(&[1.0, 0.0, 1.0, 1.0], &[]));
    assert_eq!(*skew.apply(&[2.0, 5.0]), [2.0, 7.0]);
    assert!(skew.undo(&[2.0, 7.0]).is_none());
    let wider = transform(1, 2, linear(&[1.0, 2.0], &[]));
    assert_eq!(*wider.apply(&[3.0, 4.0]), [3.0, 6.0, 4.0, 8.0]);
    assert_eq!(wider.undo(&[3.0, 6.0]).unwrap(), [3.0], "a single column is at right angles");
    let skew = transform(2, 3, linear(&[1.0, 0.0, 1.0, 1.0, 0.0, 1.0], &[]));
    assert!(skew.undo(&[1.0, 1.0, 1.0]).is_none());
}

#[test]
fn other_transforms_move_scale_and_centre() {
    let remap = transform(3, 4, TransformKind::Remap(vec![2, -1, 0, -1]));
    assert_eq!(*remap.apply(&[1.0, 2.0, 3.0]), [3.0, 0.0, 1.0, 0.0]);
    assert_eq!(remap.undo(&[3.0, 9.0, 1.0, 9.0]).unwrap(), [1.0, 0.0, 3.0]);
    let normalize = transform(2, 2, TransformKind::Normalize(2.0));
    assert_eq!(*normalize.apply(&[3.0, 4.0, 0.0, 0.0]), [0.6, 0.8, 0.0, 0.0]);
    assert_eq!(normalize.undo(&[0.6, 0.8]).unwrap(), [0.6, 0.8]);
    let center = transform(2, 2, TransformKind::Center(vec![1.0, -1.0]));
    assert_eq!(*center.apply(&[1.0, 1.0, 0.0, 0.0]), [0.0, 2.0, -1.0, 1.0]);
    assert_eq!(center.undo(&[0.0, 2.0]).unwrap(), [1.0, 1.0]);
    let both = TransformParts {
        input_dim: 2,
        output_dim: 2,
        trained: true,
        kind: linear(&[0.0, 1.0, 1.0, 0.0], &[]),
    };
    let itq = TransformKind::IterativeQuantization {
        mean: vec![1.0, 1.0],
        principal: false,
        rotation: Box::new(both.clone()),
        both: Box::new(both),
    };
    let itq = transform(2, 2, itq).apply(&[4.0, 5.0]);
    itq.iter().zip([0.8, 0.6]).for_each(|(x, y)| assert_close(*x, y, "itq"));
}
