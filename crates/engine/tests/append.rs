//! Rows appended while encoding are read back, in small pieces and as one large copy.

use anear::{Element, MatrixRef, NpyAppender, OpenOptions, Vectors};

#[test]
fn appended_rows_are_there_after_each_commit() {
    const DIM: usize = 256;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let numbers: Vec<f32> = (0..10_007 * DIM).map(|n| n as f32).collect(); // 10 MB
    let bytes: &[u8] = bytemuck::cast_slice(&numbers);
    let all = MatrixRef::new(bytes, Element::F32, 10_007, DIM);
    let mut appender = NpyAppender::create(&path, Element::F32, DIM).unwrap();
    for range in [0..7, 7..5_000, 5_000..10_007] {
        appender.append(all.range(range.start, range.end)).unwrap();
        appender.commit().unwrap();
        for threads in [1, 2, 3] {
            let options = OpenOptions { threads, ..OpenOptions::default() };
            let vectors = Vectors::open(&path, &options).unwrap();
            assert_eq!(vectors.schema().rows, range.end as u64);
            let block = vectors.read(0..range.end as u64).unwrap();
            assert!(block.matrix().bytes() == all.range(0, range.end).bytes(), "{threads} threads");
        }
    }
}
