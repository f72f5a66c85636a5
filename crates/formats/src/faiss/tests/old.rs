//! Files as older versions of the real library wrote them.

use super::open;
use anear_testkit::fixtures::expected;
use anear_types::ErrorKind;
use anear_types::parts::{CheckedParts, DirectMap, Inverted, Structure};

/// Bytes as a vector of a file.
fn vector(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u64).to_le_bytes(), bytes].concat()
}

/// Blocks of signs, and what else there is of each row.
fn apart(blocks: &[u8], block_rows: usize, dim: usize, rows: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
    let block_bytes = blocks.len() / rows.div_ceil(block_rows).max(1);
    let (signs, mut others) = (block_rows * dim.div_ceil(8), Vec::new());
    for block in blocks.chunks_exact(block_bytes.max(1)) {
        others
            .extend(block[signs..].chunks((block_bytes - signs) / block_rows).map(<[u8]>::to_vec));
    }
    let signs = blocks.chunks_exact(block_bytes.max(1)).flat_map(|block| &block[..signs]);
    others.truncate(rows);
    (signs.copied().collect(), others)
}

/// A file of RaBitQ codes in blocks as FAISS 1.13 wrote it, where factors lie apart.
fn with_factors_apart(bytes: &[u8], parts: &CheckedParts) -> Option<Vec<u8>> {
    let (dim, rows) = (parts.parts().dim, parts.parts().rows as usize);
    match &parts.parts().structure {
        Structure::Coded(coded) => {
            let (signs, others) = apart(&coded.codes, coded.blocks?.rows, dim, rows);
            let count = bytes.len() - coded.codes.len() - 8;
            let settings = count - 28;
            let (head, settings) = (&bytes[4..settings], &bytes[settings..count]);
            let (signs, others) = (vector(&signs), vector(&others.concat()));
            Some([b"Irfs", head, &others, settings, &signs].concat())
        }
        Structure::Inverted(inverted) => {
            let (block_rows, lists) = (inverted.blocks?.rows, inverted.lists.as_ref()?);
            let at = bytes.windows(4).rposition(|letters| letters == b"ilbl")?;
            let mut written = bytes[at..at + 28].to_vec();
            written.extend(((block_rows * dim.div_ceil(8)) as u64).to_le_bytes());
            let mut by_id = vec![Vec::new(); rows];
            for number in 0..inverted.list_count {
                let Some(list) = lists.iter().find(|list| list.number == number) else {
                    written.extend([0; 16]);
                    continue;
                };
                let (signs, others) = apart(&list.codes, block_rows, dim, list.ids.len());
                list.ids.iter().zip(others).for_each(|(id, other)| by_id[id as usize] = other);
                written.extend((list.ids.len() as u64).to_le_bytes());
                written.extend(list.ids.bytes());
                written.extend(vector(&signs));
            }
            Some([b"Iwrf", &bytes[4..at], &vector(&by_id.concat()), &written].concat())
        }
        _ => None,
    }
}

#[test]
fn factors_that_lie_apart_are_put_beside_their_signs() {
    let mut read = 0;
    for (path, what) in expected("faiss") {
        let letters = what["fourccs"][0][1].as_str().unwrap();
        if !["Irfn", "Iwrn"].contains(&letters) {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let container = open(&bytes).unwrap();
        let parts = container.parts().unwrap();
        let old = with_factors_apart(&bytes, parts).unwrap();
        assert_eq!(open(&old).unwrap().parts().unwrap(), parts, "{}", path.display());
        for length in (0..old.len()).step_by(old.len() / 500 + 1) {
            assert!(open(&old[..length]).is_err(), "{length} bytes of {}", path.display());
        }
        read += 1;
    }
    assert!(read >= 1, "{read} files");
}

#[test]
fn codes_without_factors_are_refused() {
    let files = expected("faiss");
    let (path, _) = files.iter().find(|(_, what)| what["fourccs"][0][1] == "Irfn").unwrap();
    let bytes = std::fs::read(path).unwrap();
    let container = open(&bytes).unwrap();
    let mut old = with_factors_apart(&bytes, container.parts().unwrap()).unwrap();
    let Structure::Coded(coded) = &container.parts().unwrap().parts().structure else { panic!() };
    let at = bytes.len() - coded.codes.len() - 36; // where the number of their bytes is
    let count = u64::from_le_bytes(old[at..at + 8].try_into().unwrap());
    old[at..at + 8].copy_from_slice(&(count - 1).to_le_bytes());
    old.remove(at + 8);
    let error = open(&old).err().expect("an error");
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    assert!(error.to_string().contains("no factors"), "{error}");
}

/// A file of lists of floats as FAISS wrote it before lists were a thing of their own.
fn with_ids_before_codes(bytes: &[u8], parts: &CheckedParts, letters: &[u8; 4]) -> Option<Vec<u8>> {
    let Structure::Inverted(inverted) = &parts.parts().structure else { return None };
    let end = bytes.windows(4).rposition(|letters| letters == b"ilar")?;
    let map = end - 9; // no direct map: a byte and a count
    let (mut ids, mut codes) = (Vec::new(), Vec::new());
    for number in 0..inverted.list_count {
        let list = inverted.lists.as_ref()?.iter().find(|list| list.number == number);
        let (list_ids, list_codes) =
            list.map_or((&[][..], &[][..]), |list| (list.ids.bytes(), &*list.codes));
        let unit = if letters == b"IvFl" { 4 } else { 1 };
        ids.extend((list_ids.len() as u64 / 8).to_le_bytes());
        ids.extend(list_ids);
        codes.extend((list_codes.len() as u64 / unit).to_le_bytes());
        codes.extend(list_codes);
    }
    Some([letters, &bytes[4..map], &ids, &bytes[map..end], &codes].concat())
}

#[test]
fn ids_before_codes_are_those_of_lists() {
    let mut read = 0;
    for (path, what) in expected("faiss") {
        let bytes = std::fs::read(&path).unwrap();
        let container = open(&bytes).unwrap();
        let Some(parts) = container.parts() else { continue };
        let has_no_map = |inverted: &Inverted| inverted.direct_map == DirectMap::None;
        if what["fourccs"][0][1] != "IwFl"
            || !matches!(&parts.parts().structure, Structure::Inverted(inverted) if has_no_map(inverted))
        {
            continue;
        }
        for letters in [b"IvFL", b"IvFl"] {
            let old = with_ids_before_codes(&bytes, parts, letters).unwrap();
            assert_eq!(open(&old).unwrap().parts().unwrap(), parts, "{}", path.display());
            for length in (0..old.len()).step_by(old.len() / 200 + 1) {
                assert!(open(&old[..length]).is_err(), "{length} bytes of {}", path.display());
            }
        }
        read += 1;
    }
    assert!(read >= 1, "{read} files");
}
