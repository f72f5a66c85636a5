//! Rows of a file in memory: mapped, gathered, saved.

use anear::{
    Block, Column, ColumnKind, Element, Location, OpenOptions, SaveRequest, Silent, Value, Vectors,
    save,
};
use std::path::Path;

fn counting(rows: usize, dim: usize) -> Block {
    let mut block = Block::new(Element::F32, dim, rows);
    for row in 0..rows {
        let values: Vec<f32> = (0..dim).map(|column| (row * dim + column) as f32).collect();
        block.push_row(bytemuck::cast_slice(&values));
    }
    block
}

fn write(path: &Path, block: &Block, columns: &[Column], ids: Option<usize>) {
    let request = SaveRequest::new(Location { path: path.to_owned(), entry: None });
    let saved = save(block.matrix(), columns, ids, &request, &mut Silent).unwrap();
    assert_eq!(saved.summary.rows, block.rows() as u64);
}

#[test]
fn mapped_rows_outlive_the_open_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    write(&path, &counting(5, 3), &[], None);
    let vectors = Vectors::open(&path, &OpenOptions::default()).unwrap();
    let mapped = vectors.mapped().unwrap().expect("an array in C order is mapped");
    drop(vectors);
    assert_eq!(mapped.matrix().get_f64(4, 2), 14.0);

    let mut private = mapped.private().unwrap().expect("the file is on disk");
    private.bytes_mut()[..4].copy_from_slice(&7f32.to_ne_bytes());
    assert_eq!(private.bytes_mut().len(), 60);
    assert_eq!(mapped.matrix().get_f64(0, 0), 0.0, "what is written stays private");
    let again = Vectors::open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(again.read(0..1).unwrap().matrix().get_f64(0, 0), 0.0);
}

#[test]
fn gathered_rows_come_in_the_order_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let block = counting(300, 2);
    for name in ["x.npy", "x.jsonl"] {
        let path = folder.path().join(name);
        write(&path, &block, &[], None);
        let vectors = Vectors::open(&path, &OpenOptions::default()).unwrap();
        let wanted = [299, 0, 7, 7, 150, 1];
        let gathered = vectors.gather(&wanted).unwrap();
        for (position, row) in wanted.iter().enumerate() {
            assert_eq!(gathered.matrix().get_f64(position, 0), (row * 2) as f64, "{name}");
        }
        assert_eq!(vectors.gather(&[]).unwrap().rows(), 0);
        let error = vectors.gather(&[300]).unwrap_err();
        assert!(error.to_string().starts_with("there is no row 300, the file has 300"), "{error}");
    }
}

#[test]
fn what_is_saved_with_ids_is_found_by_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5");
    let values = ["a", "b", "c"].map(Value::text).to_vec();
    let names = Column { name: "id".into(), kind: ColumnKind::Text, values };
    write(&path, &counting(3, 2), std::slice::from_ref(&names), Some(0));
    let vectors = Vectors::open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(vectors.schema().ids, Some(0));
    assert_eq!(vectors.metadata(&[0], 0..3).unwrap(), [names]);
}

#[test]
fn columns_must_fit_the_rows() {
    let values = vec![Value::Int(1)];
    let short = Column { name: "page".into(), kind: ColumnKind::Int, values };
    let request = SaveRequest::new(Location { path: "never-written.npy".into(), entry: None });
    let rows = counting(2, 2);
    let error = save(rows.matrix(), std::slice::from_ref(&short), None, &request, &mut Silent);
    assert_eq!(error.unwrap_err().to_string(), "the column \"page\" has 1 values for 2 rows");
    let rows = counting(1, 2);
    let error = save(rows.matrix(), &[short.clone(), short], None, &request, &mut Silent);
    assert_eq!(error.unwrap_err().to_string(), "there are two columns \"page\"");
}
