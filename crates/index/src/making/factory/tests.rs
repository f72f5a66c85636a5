use super::*;
use anear_types::ErrorKind;
use anear_types::parts::{Beside, CodecParts, LinearOrigin, TransformKind};

fn made(description: &str) -> IndexParts {
    from_factory(description, 64, Measure::L2)
        .unwrap_or_else(|error| panic!("{description}: {error}"))
}

fn kind_of_error(description: &str, measure: Measure) -> ErrorKind {
    from_factory(description, 64, measure).unwrap_err().kind()
}

#[test]
fn compositions_are_what_they_are_called() {
    let Structure::Transformed(outer) = made("OPQ16_32,IVF1k,PQ16x4fs").structure else { panic!() };
    let TransformKind::Linear { origin, .. } = &outer.transforms[0].kind else { panic!() };
    assert_eq!(*origin, LinearOrigin::OptimizedProduct { parts: 16, rounds: 50 });
    let Structure::Inverted(lists) = &outer.inner.structure else { panic!() };
    assert_eq!((lists.list_count, outer.inner.dim, lists.residual), (1024, 32, false));
    assert_eq!(lists.blocks.map(|blocks| blocks.rows), Some(32));

    let Structure::Refined(refined) = made("IVF8(HNSW16,SQ8),PQ8+4,Refine(SQfp16)").structure
    else {
        panic!()
    };
    let Structure::Inverted(lists) = &refined.base.structure else { panic!() };
    assert!(matches!(lists.beside, Beside::Refinement { .. }));
    let Structure::Graph(graph) = &lists.quantizer.structure else { panic!() };
    let Structure::Coded(coded) = &graph.storage.index().unwrap().structure else { panic!() };
    assert!(matches!(coded.codec, CodecParts::Scalar(_)));

    let Structure::Coded(coded) = made("RaBitQ3").structure else { panic!() };
    let CodecParts::Rabitq(rabitq) = coded.codec else { panic!() };
    assert_eq!((rabitq.bits, rabitq.query_bits), (3, 4));
    let graph = from_factory("HNSW8,PQ8np", 64, Measure::InnerProduct).unwrap();
    assert_eq!(graph.measure, Measure::InnerProduct);

    let Structure::Inverted(lists) = made("IVF8,RaBitQfs4_64").structure else { panic!() };
    let CodecParts::Rabitq(rabitq) = &lists.codec else { panic!() };
    let rows = lists.blocks.map(|blocks| blocks.rows);
    assert_eq!((rabitq.bits, rabitq.query_bits, rows, lists.residual), (4, 8, Some(64), true));

    let Structure::IdMap(map) = made("IDMap2,HNSW,Flat").structure else { panic!() };
    assert!(map.both_ways && matches!(map.inner.structure, Structure::Graph(_)));
    let Structure::IdMap(map) = made("PCAWR32,Pad80,LSH40rt,IDMap").structure else { panic!() };
    assert!(!map.both_ways && matches!(map.inner.structure, Structure::Transformed(_)));
}

#[test]
fn what_has_nothing_to_learn_is_trained() {
    for (description, trained) in [
        ("Flat", true),
        ("SQfp16", true),
        ("SQ8", false),
        ("HNSW32", true),
        ("HNSW32_SQ8", false),
        ("LSH", true),
        ("LSHt", false),
        ("L2norm,Flat", true),
        ("RR32,Flat", false),
        ("IVF4,Flat", false),
        ("Flat,RFlat", true),
        ("RaBitQ3", false),
        ("RaBitQfs", false),
        ("IDMap,SQ4", false),
    ] {
        assert_eq!(made(description).trained, trained, "{description}");
    }
}

#[test]
fn descriptions_that_make_no_sense_are_refused() {
    for description in [
        "",
        "Flat,",
        ",Flat",
        "IVF,Flat",
        "IVF0,Flat",
        "IVF8",
        "IVF8,",
        "PQ7",
        "PQ8x25",
        "PQ",
        "SQ5",
        "PCA65,Flat",
        "PCA0,Flat",
        "RR0,Flat",
        "HNSW1",
        "IVF8(Flat,Flat",
        "IVF8)(,Flat",
        "IVF99999999999,Flat",
        "PQ8x4fs_33",
        "HNSW32,PQ8x4fs",
        "HNSW32,LSH",
        "LSH65",
        "IDMap,",
        "Refine(Flat)",
        "Flat,Refine(Flat))",
        "RaBitQ0",
        "RaBitQfs0",
        "RaBitQfs4_",
        "RaBitQfs_33",
        "HNSW32,RaBitQfs",
        "RaBitQ10",
        "RaBitQ04",
    ] {
        assert_eq!(kind_of_error(description, Measure::L2), ErrorKind::Usage, "{description}");
    }
    for description in [
        "RQ8x8",
        "IVF8,LSQ8x8",
        "NSG32",
        "IVF8_NSG8,Flat",
        "IMI2x8,PQ8",
        "MinMax,Flat",
        "IVF8,EDEN",
        "HNSW8,RaBitQ4",
        "HNSW8_2x4+PQ8",
    ] {
        assert_eq!(
            kind_of_error(description, Measure::L2),
            ErrorKind::Unsupported,
            "{description}"
        );
    }
    let products = Measure::InnerProduct;
    assert_eq!(kind_of_error("LSH", products), ErrorKind::Usage);
    for description in ["IVF8,PQ8x4fsr", "IVF8,RaBitQfs", "RaBitQfs4_64", "HNSW32,PQ8"] {
        assert_eq!(
            kind_of_error(description, Measure::Manhattan),
            ErrorKind::Usage,
            "{description}"
        );
    }
    assert_eq!(kind_of_error(&"IDMap,".repeat(100), products), ErrorKind::Usage);
    assert_eq!(kind_of_error("Flat", Measure::Hamming), ErrorKind::Usage);
}

#[test]
fn indexes_of_bits_have_a_language_of_their_own() {
    for description in [
        "BFlat",
        "BIVF16",
        "BIVF16_HNSW8",
        "BIVF16_BHNSW8",
        "BHNSW32",
        "IDMap2,BFlat",
        "BHNSW8,IDMap",
    ] {
        let index = from_factory(description, 64, Measure::Hamming).unwrap();
        assert_eq!((index.dim, index.rows), (64, 0), "{description}");
    }
    assert!(from_factory("BFlat", 63, Measure::Hamming).is_err());
}
