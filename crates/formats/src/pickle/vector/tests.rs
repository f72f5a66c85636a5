use super::*;
use crate::pickle::ArrayPickler;

/// [1.5, -2.0, 0.25, 200.0], pickled by NumPy 1.24.2 and 2.4.6 and by Python itself.
const PICKLED: &[(&str, &[u8])] = &[
    ("<f4", b"cnumpy.core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntp2\nc_codecs\nencode\np3\n(Vb\np4\nVlatin1\np5\ntp6\nRp7\ntp8\nRp9\n(I1\n(I4\ntp10\ncnumpy\ndtype\np11\n(Vf4\np12\nI00\nI01\ntp13\nRp14\n(I3\nV<\np15\nNNNI-1\nI-1\nI0\ntp16\nbI00\ng3\n(V\\u0000\\u0000\xc0?\\u0000\\u0000\\u0000\xc0\\u0000\\u0000\x80>\\u0000\\u0000HC\np17\ng5\ntp18\nRp19\ntp20\nb."),
    ("<f4", b"cnumpy.core.multiarray\n_reconstruct\nq\0(cnumpy\nndarray\nq\x01(K\0tq\x02c_codecs\nencode\nq\x03(X\x01\0\0\0bq\x04X\x06\0\0\0latin1q\x05tq\x06Rq\x07tq\x08Rq\x09(K\x01(K\x04tq\ncnumpy\ndtype\nq\x0b(X\x02\0\0\0f4q\x0cI00\nI01\ntq\x0dRq\x0e(K\x03X\x01\0\0\0<q\x0fNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\x10bI00\nh\x03(X\x13\0\0\0\0\0\xc3\x80?\0\0\0\xc3\x80\0\0\xc2\x80>\0\0HCq\x11h\x05tq\x12Rq\x13tq\x14b."),
    ("<f4", b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\0cnumpy\nndarray\nq\x01K\0\x85q\x02c_codecs\nencode\nq\x03X\x01\0\0\0bq\x04X\x06\0\0\0latin1q\x05\x86q\x06Rq\x07\x87q\x08Rq\x09(K\x01K\x04\x85q\ncnumpy\ndtype\nq\x0bX\x02\0\0\0f4q\x0c\x89\x88\x87q\x0dRq\x0e(K\x03X\x01\0\0\0<q\x0fNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\x10b\x89h\x03X\x13\0\0\0\0\0\xc3\x80?\0\0\0\xc3\x80\0\0\xc2\x80>\0\0HCq\x11h\x05\x86q\x12Rq\x13tq\x14b."),
    ("<f4", b"\x80\x03cnumpy.core.multiarray\n_reconstruct\nq\0cnumpy\nndarray\nq\x01K\0\x85q\x02C\x01bq\x03\x87q\x04Rq\x05(K\x01K\x04\x85q\x06cnumpy\ndtype\nq\x07X\x02\0\0\0f4q\x08\x89\x88\x87q\x09Rq\n(K\x03X\x01\0\0\0<q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\x0cb\x89C\x10\0\0\xc0?\0\0\0\xc0\0\0\x80>\0\0HCq\x0dtq\x0eb."),
    ("<f4", b"\x80\x04\x95\x98\0\0\0\0\0\0\0\x8c\x15numpy.core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\0\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x04\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94b\x89C\x10\0\0\xc0?\0\0\0\xc0\0\0\x80>\0\0HC\x94t\x94b."),
    ("<f4", b"\x80\x05\x95\x83\0\0\0\0\0\0\0\x8c\x12numpy.core.numeric\x94\x8c\x0b_frombuffer\x94\x93\x94(\x96\x10\0\0\0\0\0\0\0\0\0\xc0?\0\0\0\xc0\0\0\x80>\0\0HC\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bK\x04\x85\x94\x8c\x01C\x94t\x94R\x94."),
    (">f8", b"cnumpy.core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntp2\nc_codecs\nencode\np3\n(Vb\np4\nVlatin1\np5\ntp6\nRp7\ntp8\nRp9\n(I1\n(I4\ntp10\ncnumpy\ndtype\np11\n(Vf8\np12\nI00\nI01\ntp13\nRp14\n(I3\nV>\np15\nNNNI-1\nI-1\nI0\ntp16\nbI00\ng3\n(V?\xf8\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\xc0\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000?\xd0\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000@i\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\np17\ng5\ntp18\nRp19\ntp20\nb."),
    (">f8", b"\x80\x04\x95\xa8\0\0\0\0\0\0\0\x8c\x15numpy.core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\0\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x04\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x02f8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01>\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94b\x89C ?\xf8\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0?\xd0\0\0\0\0\0\0@i\0\0\0\0\0\0\x94t\x94b."),
    ("<f8", b"(lp0\nF1.5\naF-2.0\naF0.25\naF200.0\na."),
    ("<f8", b"\x80\x02(G?\xf8\0\0\0\0\0\0G\xc0\0\0\0\0\0\0\0G?\xd0\0\0\0\0\0\0G@i\0\0\0\0\0\0tq\0."),
    ("<f8", b"\x80\x04\x95)\0\0\0\0\0\0\0]\x94(G?\xf8\0\0\0\0\0\0G\xc0\0\0\0\0\0\0\0G?\xd0\0\0\0\0\0\0G@i\0\0\0\0\0\0e."),
    ("<f4", b"(lp0\ncnumpy.core.multiarray\nscalar\np1\n(cnumpy\ndtype\np2\n(Vf4\np3\nI00\nI01\ntp4\nRp5\n(I3\nV<\np6\nNNNI-1\nI-1\nI0\ntp7\nbc_codecs\nencode\np8\n(V\\u0000\\u0000\xc0?\np9\nVlatin1\np10\ntp11\nRp12\ntp13\nRp14\nag1\n(g5\ng8\n(V\\u0000\\u0000\\u0000\xc0\np15\ng10\ntp16\nRp17\ntp18\nRp19\nag1\n(g5\ng8\n(V\\u0000\\u0000\x80>\np20\ng10\ntp21\nRp22\ntp23\nRp24\nag1\n(g5\ng8\n(V\\u0000\\u0000HC\np25\ng10\ntp26\nRp27\ntp28\nRp29\na."),
    ("<f4", b"\x80\x04\x95\x96\0\0\0\0\0\0\0]\x94(\x8c\x15numpy.core.multiarray\x94\x8c\x06scalar\x94\x93\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bC\x04\0\0\xc0?\x94\x86\x94R\x94h\x03h\x09C\x04\0\0\0\xc0\x94\x86\x94R\x94h\x03h\x09C\x04\0\0\x80>\x94\x86\x94R\x94h\x03h\x09C\x04\0\0HC\x94\x86\x94R\x94e."),
    // NumPy 2
    ("<f4", b"cnumpy._core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntp2\nc_codecs\nencode\np3\n(Vb\np4\nVlatin1\np5\ntp6\nRp7\ntp8\nRp9\n(I1\n(I4\ntp10\ncnumpy\ndtype\np11\n(Vf4\np12\nI00\nI01\ntp13\nRp14\n(I3\nV<\np15\nNNNI-1\nI-1\nI0\ntp16\nbI00\ng3\n(V\\u0000\\u0000\xc0?\\u0000\\u0000\\u0000\xc0\\u0000\\u0000\x80>\\u0000\\u0000HC\np17\ng5\ntp18\nRp19\ntp20\nb."),
    ("<f4", b"cnumpy._core.multiarray\n_reconstruct\nq\0(cnumpy\nndarray\nq\x01(K\0tq\x02c_codecs\nencode\nq\x03(X\x01\0\0\0bq\x04X\x06\0\0\0latin1q\x05tq\x06Rq\x07tq\x08Rq\x09(K\x01(K\x04tq\ncnumpy\ndtype\nq\x0b(X\x02\0\0\0f4q\x0cI00\nI01\ntq\x0dRq\x0e(K\x03X\x01\0\0\0<q\x0fNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\x10bI00\nh\x03(X\x13\0\0\0\0\0\xc3\x80?\0\0\0\xc3\x80\0\0\xc2\x80>\0\0HCq\x11h\x05tq\x12Rq\x13tq\x14b."),
    ("<f4", b"\x80\x02cnumpy._core.multiarray\n_reconstruct\nq\0cnumpy\nndarray\nq\x01K\0\x85q\x02c_codecs\nencode\nq\x03X\x01\0\0\0bq\x04X\x06\0\0\0latin1q\x05\x86q\x06Rq\x07\x87q\x08Rq\x09(K\x01K\x04\x85q\ncnumpy\ndtype\nq\x0bX\x02\0\0\0f4q\x0c\x89\x88\x87q\x0dRq\x0e(K\x03X\x01\0\0\0<q\x0fNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\x10b\x89h\x03X\x13\0\0\0\0\0\xc3\x80?\0\0\0\xc3\x80\0\0\xc2\x80>\0\0HCq\x11h\x05\x86q\x12Rq\x13tq\x14b."),
    ("<f4", b"\x80\x03cnumpy._core.multiarray\n_reconstruct\nq\0cnumpy\nndarray\nq\x01K\0\x85q\x02C\x01bq\x03\x87q\x04Rq\x05(K\x01K\x04\x85q\x06cnumpy\ndtype\nq\x07X\x02\0\0\0f4q\x08\x89\x88\x87q\x09Rq\n(K\x03X\x01\0\0\0<q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\x0cb\x89C\x10\0\0\xc0?\0\0\0\xc0\0\0\x80>\0\0HCq\x0dtq\x0eb."),
    ("<f4", b"\x80\x04\x95\x99\0\0\0\0\0\0\0\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\0\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x04\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94b\x89C\x10\0\0\xc0?\0\0\0\xc0\0\0\x80>\0\0HC\x94t\x94b."),
    ("<f4", b"\x80\x05\x95\x84\0\0\0\0\0\0\0\x8c\x13numpy._core.numeric\x94\x8c\x0b_frombuffer\x94\x93\x94(\x96\x10\0\0\0\0\0\0\0\0\0\xc0?\0\0\0\xc0\0\0\x80>\0\0HC\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bK\x04\x85\x94\x8c\x01C\x94t\x94R\x94."),
    (">f8", b"cnumpy._core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntp2\nc_codecs\nencode\np3\n(Vb\np4\nVlatin1\np5\ntp6\nRp7\ntp8\nRp9\n(I1\n(I4\ntp10\ncnumpy\ndtype\np11\n(Vf8\np12\nI00\nI01\ntp13\nRp14\n(I3\nV>\np15\nNNNI-1\nI-1\nI0\ntp16\nbI00\ng3\n(V?\xf8\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\xc0\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000?\xd0\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000@i\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\np17\ng5\ntp18\nRp19\ntp20\nb."),
    (">f8", b"\x80\x04\x95\xa9\0\0\0\0\0\0\0\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\0\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x04\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x02f8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01>\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94b\x89C ?\xf8\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0?\xd0\0\0\0\0\0\0@i\0\0\0\0\0\0\x94t\x94b."),
    ("<f4", b"(lp0\ncnumpy._core.multiarray\nscalar\np1\n(cnumpy\ndtype\np2\n(Vf4\np3\nI00\nI01\ntp4\nRp5\n(I3\nV<\np6\nNNNI-1\nI-1\nI0\ntp7\nbc_codecs\nencode\np8\n(V\\u0000\\u0000\xc0?\np9\nVlatin1\np10\ntp11\nRp12\ntp13\nRp14\nag1\n(g5\ng8\n(V\\u0000\\u0000\\u0000\xc0\np15\ng10\ntp16\nRp17\ntp18\nRp19\nag1\n(g5\ng8\n(V\\u0000\\u0000\x80>\np20\ng10\ntp21\nRp22\ntp23\nRp24\nag1\n(g5\ng8\n(V\\u0000\\u0000HC\np25\ng10\ntp26\nRp27\ntp28\nRp29\na."),
    ("<f4", b"\x80\x04\x95\x97\0\0\0\0\0\0\0]\x94(\x8c\x16numpy._core.multiarray\x94\x8c\x06scalar\x94\x93\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bC\x04\0\0\xc0?\x94\x86\x94R\x94h\x03h\x09C\x04\0\0\0\xc0\x94\x86\x94R\x94h\x03h\x09C\x04\0\0\x80>\x94\x86\x94R\x94h\x03h\x09C\x04\0\0HC\x94\x86\x94R\x94e."),
];

fn components(vector: &PickledVector<'_>) -> Vec<f64> {
    let mut bytes = vector.bytes.to_vec();
    if vector.order != ByteOrder::NATIVE {
        anear_io::swap_bytes(&mut bytes, vector.element.bytes());
    }
    bytes.chunks(vector.element.bytes()).map(|bytes| vector.element.read_f64(bytes)).collect()
}

#[test]
fn every_way_of_pickling_a_vector_is_read() {
    let mut shared = VectorDecoder::new(&Limits::default());
    for (number, (kind, blob)) in PICKLED.iter().enumerate() {
        assert!(looks_like_pickle(blob), "{number}");
        let mut fresh = VectorDecoder::new(&Limits::default());
        for decoder in [&mut fresh, &mut shared] {
            for _ in 0..2 {
                let vector = decoder.decode(blob).unwrap_or_else(|e| panic!("{number}: {e}"));
                assert_eq!(components(&vector), [1.5, -2.0, 0.25, 200.0], "{number}");
                assert_eq!(vector.shape, [4], "{number}");
                let order = if kind.starts_with('>') { ByteOrder::Big } else { ByteOrder::Little };
                assert_eq!(vector.order, order, "{number}");
                let size = kind[2..].parse::<usize>().unwrap();
                assert_eq!(vector.element.bytes(), size, "{number}");
            }
        }
    }
}

#[test]
fn damaged_pickles_are_errors_with_and_without_a_template() {
    for (_, blob) in PICKLED {
        let mut decoder = VectorDecoder::new(&Limits::default());
        decoder.decode(blob).unwrap();
        for end in 0..blob.len() {
            assert!(decoder.decode(&blob[..end]).is_err(), "{}", blob[..end].escape_ascii());
        }
        for place in 0..blob.len() {
            for byte in [0, 0x28, 0x2e, 0x7f, 0xff] {
                let mut damaged = blob.to_vec();
                damaged[place] = byte;
                let _ = decoder.decode(&damaged);
            }
        }
    }
}

#[test]
fn a_template_takes_what_differs_only_in_its_data() {
    let pickler = ArrayPickler::new(Element::F32, 8).unwrap();
    let mut decoder = VectorDecoder::new(&Limits::default());
    let mut blob = Vec::new();
    for number in 0..3u8 {
        pickler.pickle(&[number; 32], &mut blob);
        assert_eq!(decoder.decode(&blob).unwrap().bytes, [number; 32]);
        assert_eq!(decoder.templates.len(), 1);
    }
    let longer = ArrayPickler::new(Element::F32, 9).unwrap();
    longer.pickle(&[9; 36], &mut blob);
    assert_eq!(decoder.decode(&blob).unwrap().shape, [9]);
    assert_eq!(decoder.templates.len(), 2);
}

#[test]
fn what_is_no_vector_is_said_so() {
    let mut decoder = VectorDecoder::new(&Limits::default());
    for (blob, said) in [
        (&b"N."[..], "None"),
        (b"X\x01\0\0\0a.", "text"),
        (b"}.", "a dictionary"),
        (b"](X\x01\0\0\0ae.", "a list"),
        (b"](](K\x01K\x02e](K\x03ee.", "ragged"),
        (b"](K\x01](K\x03ee.", "one is a list"),
        (b"](](K\x01eK\x03e.", "nested"),
        (b"cos\nsystem\n(S'touch x'\ntR.", "os.system"),
        (b"\x80\x02]q\0h\0a.", "deeper"),
    ] {
        let error = decoder.decode(blob).unwrap_err();
        assert!(error.what().contains(said), "{error}");
    }
}
