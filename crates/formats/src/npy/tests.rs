use super::*;
use crate::testing::{awkward_f32, entry_rows, open_bytes, write_bytes};
use anear_types::{ErrorKind, MatrixRef};

fn written() -> (Vec<f32>, Vec<u8>) {
    let numbers = awkward_f32();
    let schema = Schema::matrix(Element::F32, 9, 4);
    let vectors = bytemuck::cast_slice(&numbers);
    let file = write_bytes(&Npy, &schema, vectors, &[], &WriteOptions::default()).unwrap();
    (numbers, file)
}

#[test]
fn every_element_comes_back_bit_for_bit() {
    for element in ELEMENTS {
        let bytes: Vec<u8> = match element {
            Element::Bool => (0..24).map(|i| i % 2).collect(),
            _ => (0..24 * element.bytes()).map(|i| (i * 37) as u8).collect(),
        };
        let mut schema = Schema::matrix(*element, 6, 4);
        for shape in [vec![6, 4], vec![2, 3, 4], vec![7, 7]] {
            schema.shape = shape;
            let file = write_bytes(&Npy, &schema, &bytes, &[], &WriteOptions::default()).unwrap();
            let container = open_bytes(&Npy, &file, &ReadOptions::default()).unwrap();
            let read = &container.entries()[0].schema;
            assert_eq!((read.element, read.rows, read.dim), (*element, 6, 4));
            assert_eq!(read.shape.len(), if schema.shape.len() == 3 { 3 } else { 2 });
            assert_eq!(entry_rows(&*container, 0).unwrap(), bytes);
            assert!(container.rows(0).unwrap().mapped().is_some());
        }
    }
    for element in [Element::Bf16, Element::F8E4M3] {
        let schema = Schema::matrix(element, 0, 4);
        let error = write_bytes(&Npy, &schema, &[], &[], &WriteOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}

#[test]
fn a_file_cut_anywhere_is_malformed() {
    let (_, file) = written();
    for length in 0..file.len() {
        let Err(error) = open_bytes(&Npy, &file[..length], &ReadOptions::default()) else {
            panic!("{length} of {} bytes were accepted", file.len());
        };
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    }
}

#[test]
fn bytes_behind_the_array_are_ignored() {
    let (numbers, mut file) = written();
    file.extend([7; 16]);
    let container = open_bytes(&Npy, &file, &ReadOptions::default()).unwrap();
    assert_eq!(entry_rows(&*container, 0).unwrap(), bytemuck::cast_slice::<_, u8>(&numbers));
}

#[test]
fn empty_arrays_and_single_numbers_are_matrices_too() {
    for (shape, rows, dim) in [(vec![0, 5], 0, 5), (vec![5, 0], 5, 0), (vec![], 1, 1)] {
        let mut file = header::write(Element::F32, &shape).unwrap();
        file.extend(1.5f32.to_le_bytes());
        let container = open_bytes(&Npy, &file, &ReadOptions::default()).unwrap();
        let schema = &container.entries()[0].schema;
        assert_eq!((schema.rows, schema.dim), (rows, dim));
        assert_eq!(entry_rows(&*container, 0).unwrap().len(), rows as usize * dim * 4);
    }
}

#[test]
fn rows_appended_are_seen_after_the_commit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let numbers = awkward_f32();
    let all = MatrixRef::new(bytemuck::cast_slice(&numbers), Element::F32, 9, 4);
    let visible = || {
        let container = Npy.open(Input::open(&path).unwrap(), &ReadOptions::default()).unwrap();
        entry_rows(&*container, 0).unwrap()
    };

    let mut appender = Appender::create(&path, Element::F32, 4).unwrap();
    assert!(Appender::open(&path).is_err(), "it is locked");
    assert_eq!(visible(), [0u8; 0]);
    appender.append(all.range(0, 2)).unwrap();
    assert_eq!(visible(), [0u8; 0]);
    assert_eq!(appender.commit().unwrap(), 2);
    assert_eq!(visible(), all.range(0, 2).bytes());
    appender.append(all.range(7, 9)).unwrap(); // lost, as after a crash
    drop(appender);
    assert_eq!(visible(), all.range(0, 2).bytes());

    let mut appender = Appender::open(&path).unwrap();
    assert_eq!(appender.schema().rows, 2);
    appender.append(all.range(2, 5)).unwrap();
    appender.append(all.range(5, 9)).unwrap();
    let wrong = MatrixRef::new(&[0; 8], Element::F32, 1, 2);
    assert_eq!(appender.append(wrong).unwrap_err().kind(), ErrorKind::BadData);
    assert_eq!(appender.commit().unwrap(), 9);
    assert_eq!(visible(), all.bytes());
}

#[test]
fn other_layouts_are_not_appended_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let text = "{'descr': '<f4', 'fortran_order': True, 'shape': (0, 3), }\n";
    let mut file = header::MAGIC.to_vec();
    file.extend([1, 0, text.len() as u8, 0]);
    file.extend(text.as_bytes());
    std::fs::write(&path, &file).unwrap();
    assert_eq!(Appender::open(&path).unwrap_err().kind(), ErrorKind::Unsupported);
    std::fs::write(&path, &file[..30]).unwrap();
    assert_eq!(Appender::open(&path).unwrap_err().kind(), ErrorKind::Malformed);
}
