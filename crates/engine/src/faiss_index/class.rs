//! What FAISS calls the classes of indexes.

use anear_types::Measure;
use anear_types::parts::{Beside, CodecParts, Coded, IndexParts, Inverted, StorageKind, Structure};

/// The name of an index's class.
pub fn class_name(index: &IndexParts) -> &'static str {
    let is_binary = index.measure == Measure::Hamming;
    match &index.structure {
        Structure::Coded(coded) => of_codes(index.measure, coded),
        Structure::Inverted(inverted) => of_lists(inverted),
        Structure::Graph(_) if is_binary => "IndexBinaryHNSW",
        Structure::Graph(graph) => of_graph(graph.storage.kind()),
        Structure::IdMap(id_map) => match (is_binary, id_map.both_ways) {
            (false, false) => "IndexIDMap",
            (false, true) => "IndexIDMap2",
            (true, false) => "IndexBinaryIDMap",
            (true, true) => "IndexBinaryIDMap2",
        },
        Structure::Transformed(_) => "IndexPreTransform",
        Structure::Refined(refined) => match &refined.refinement.structure {
            Structure::Coded(Coded { codec: CodecParts::Raw, .. }) => "IndexRefineFlat",
            _ => "IndexRefine",
        },
    }
}

fn of_codes(measure: Measure, coded: &Coded) -> &'static str {
    match (&coded.codec, measure) {
        (CodecParts::Raw, Measure::L2) => "IndexFlatL2",
        (CodecParts::Raw, Measure::InnerProduct) => "IndexFlatIP",
        (CodecParts::Raw, _) => "IndexFlat",
        (CodecParts::Bits, _) => "IndexBinaryFlat",
        (CodecParts::Scalar(_), _) => "IndexScalarQuantizer",
        (CodecParts::Product(_), _) if coded.blocks.is_some() => "IndexPQFastScan",
        (CodecParts::Product(_), _) => "IndexPQ",
        (CodecParts::TwoLevel(_), _) => "Index2Layer",
        (CodecParts::Lsh(_), _) => "IndexLSH",
        (CodecParts::Rabitq(_), _) if coded.blocks.is_some() => "IndexRaBitQFastScan",
        (CodecParts::Rabitq(_), _) => "IndexRaBitQ",
    }
}

fn of_lists(inverted: &Inverted) -> &'static str {
    match (&inverted.codec, &inverted.beside) {
        (CodecParts::Bits, _) => "IndexBinaryIVF",
        (CodecParts::Raw, Beside::Duplicates(_)) => "IndexIVFFlatDedup",
        (CodecParts::Raw, _) => "IndexIVFFlat",
        (CodecParts::Scalar(_), _) => "IndexIVFScalarQuantizer",
        (CodecParts::Product(_), Beside::Refinement { .. }) => "IndexIVFPQR",
        (CodecParts::Product(_), _) if inverted.blocks.is_some() => "IndexIVFPQFastScan",
        (CodecParts::Product(_), _) => "IndexIVFPQ",
        (CodecParts::Rabitq(_), _) if inverted.blocks.is_some() => "IndexIVFRaBitQFastScan",
        (CodecParts::Rabitq(_), _) => "IndexIVFRaBitQ",
        (CodecParts::TwoLevel(_) | CodecParts::Lsh(_), _) => "IndexIVF",
    }
}

fn of_graph(kind: StorageKind) -> &'static str {
    match kind {
        StorageKind::Raw => "IndexHNSWFlat",
        StorageKind::Scalar => "IndexHNSWSQ",
        StorageKind::Product => "IndexHNSWPQ",
        StorageKind::TwoLevel => "IndexHNSW2Level",
        StorageKind::Other => "IndexHNSW",
    }
}
