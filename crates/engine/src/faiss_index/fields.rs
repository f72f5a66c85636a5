//! What an index says of itself, by the names that FAISS gives its fields.

use super::{Index, Path};
use anear_formats::faiss::measure_numbered;
use anear_types::parts::{
    Beside, Blocks, Bytes, CodecParts, Coded, DirectMap, IndexParts, ProductParts, ScalarKind,
    Structure,
};
use anear_types::{Error, Measure, Result};

/// The kinds of scalar quantizers in the order of FAISS's numbers.
const SCALAR_KINDS: [ScalarKind; 9] = [
    ScalarKind::Steps { bits: 8, uniform: false },
    ScalarKind::Steps { bits: 4, uniform: false },
    ScalarKind::Steps { bits: 8, uniform: true },
    ScalarKind::Steps { bits: 4, uniform: true },
    ScalarKind::F16,
    ScalarKind::Direct,
    ScalarKind::Steps { bits: 6, uniform: false },
    ScalarKind::Bf16,
    ScalarKind::DirectSigned,
];

/// A field of an index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field {
    /// A count, a number of something, or a flag.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
}

/// An array that an index keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum Array {
    /// Floats.
    Floats(Vec<f32>),
    /// Bytes.
    Bytes(Bytes),
    /// Small integers.
    Small(Vec<i32>),
    /// Integers.
    Integers(Vec<i64>),
    /// Floats of double precision.
    Doubles(Vec<f64>),
}

/// A name and what it stands for.
type Named = (&'static str, Field);

impl Index {
    /// The fields of the index, or of one inside it.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is none.
    pub fn fields(&self, path: &Path) -> Result<Vec<Named>> {
        Ok(fields(self.parts(path)?))
    }

    /// Changes a field: how searches and constructions go, and not what the index holds.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the index has no such field, or it is not to be
    /// changed so.
    pub fn set_field(&mut self, path: &Path, name: &str, value: f64) -> Result<()> {
        let index = self.change(path)?;
        let whole = value as i64;
        let small =
            || i32::try_from(whole).map_err(|_| Error::usage(format!("{name} cannot be {value}")));
        match (&mut index.structure, name) {
            (structure, "sq.qtype") => {
                let kind = usize::try_from(whole).ok().and_then(|kind| SCALAR_KINDS.get(kind));
                let kind =
                    *kind.ok_or_else(|| Error::usage(format!("no quantizer of type {value}")))?;
                index.trained &= index.rows == 0 && set_scalar_kind(structure, kind, index.dim)?;
            }
            (structure, "qb") => {
                let bits = u8::try_from(whole).ok().filter(|bits| *bits <= 8);
                codec_mut(structure)
                    .and_then(|codec| match codec {
                        CodecParts::Rabitq(rabitq) => Some(&mut rabitq.query_bits),
                        _ => None,
                    })
                    .zip(bits)
                    .map(|(place, bits)| *place = bits)
                    .ok_or_else(|| Error::usage(format!("qb cannot be {value}")))?;
            }
            (structure, "centered") => match codec_mut(structure) {
                Some(CodecParts::Rabitq(rabitq)) => rabitq.centered = whole != 0,
                _ => return Err(Error::usage("the index has no RaBitQ codes")),
            },
            (_, "metric_type") => {
                let measure = i32::try_from(whole).ok().and_then(measure_numbered);
                let none = || Error::usage(format!("there is no metric of number {value}"));
                index.measure = measure.ok_or_else(none)?;
            }
            (_, "is_trained") => index.trained = whole != 0,
            (_, "metric_arg") => index.argument = value as f32,
            (Structure::Inverted(inverted), "nprobe") => {
                inverted.probes = usize::try_from(whole)
                    .map_err(|_| Error::usage(format!("nprobe is {value}, below 0")))?;
            }
            (Structure::Inverted(inverted), "max_codes") => {
                inverted.most_rows = usize::try_from(whole)
                    .map_err(|_| Error::usage(format!("max_codes is {value}, below 0")))?;
            }
            (Structure::Inverted(inverted), "k_factor") => match &mut inverted.beside {
                Beside::Refinement { factor, .. } => *factor = value as f32,
                _ => return Err(Error::usage("the lists are not refined")),
            },
            (Structure::Inverted(inverted), "by_residual") => inverted.residual = whole != 0,
            (structure, "implem") => blocks_mut(structure)?.implementation = small()?,
            (structure, "qbs") => {
                let queries = u64::try_from(whole).map_err(|_| Error::usage("qbs is below 0"))?;
                blocks_mut(structure)?.queries = queries;
            }
            (Structure::Graph(graph), "efSearch") => graph.search_effort = small()?,
            (Structure::Graph(graph), "efConstruction") => graph.construction_effort = small()?,
            (Structure::Refined(refined), "k_factor") => refined.factor = value as f32,
            _ => return Err(Error::usage(format!("the index has no field {name} to change"))),
        }
        Ok(())
    }

    /// An array of the index, or of one inside it.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if it has none of this name.
    pub fn array(&self, path: &Path, name: &str) -> Result<Array> {
        let index = self.parts(path)?;
        let none = || Error::usage(format!("the index has no array {name}"));
        array(index, name).ok_or_else(none)
    }

    /// Changes what a codec has learned: as many numbers as it has.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the index has no such array that may be changed, or
    /// it is of another length.
    pub fn set_array(&mut self, path: &Path, name: &str, values: &[f32]) -> Result<()> {
        let index = self.change(path)?;
        let dim = index.dim;
        let codec = codec_mut(&mut index.structure);
        let (place, expected) = match (codec, name) {
            (Some(CodecParts::Product(product)), "pq.centroids") => {
                let expected = product.part_centroids().saturating_mul(dim);
                (&mut product.centroids, expected)
            }
            (Some(CodecParts::Scalar(scalar)), "sq.trained") => {
                let expected = scalar.kind.learned(dim);
                (&mut scalar.learned, expected)
            }
            _ => return Err(Error::usage(format!("the index has no array {name} to change"))),
        };
        if values.len() != expected {
            let what = format!("{} numbers for {name}, which has {expected}", values.len());
            return Err(Error::usage(what));
        }
        *place = values.to_vec();
        Ok(())
    }

    /// The ids and codes of an inverted list.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the index has no such list.
    pub fn list(&self, path: &Path, number: usize) -> Result<(Vec<i64>, Bytes)> {
        match &self.parts(path)?.structure {
            Structure::Inverted(inverted) if number < inverted.list_count => {
                let lists = inverted.lists.as_deref().unwrap_or_default();
                let list = lists.iter().find(|list| list.number == number);
                let found = list.map(|list| (list.ids.iter().collect(), list.codes.clone()));
                Ok(found.unwrap_or_else(|| (Vec::new(), Vec::new().into())))
            }
            _ => Err(Error::usage(format!("the index has no list {number}"))),
        }
    }
}

/// The codec of an index that has one of its own.
pub(super) fn codec_mut(structure: &mut Structure) -> Option<&mut CodecParts> {
    match structure {
        Structure::Coded(coded) => Some(&mut coded.codec),
        Structure::Inverted(inverted) => Some(&mut inverted.codec),
        _ => None,
    }
}

/// The quantizer of what the codes of lists leave out.
pub(super) fn refinement_mut(structure: &mut Structure) -> Option<&mut ProductParts> {
    match structure {
        Structure::Inverted(inverted) => match &mut inverted.beside {
            Beside::Refinement { product, .. } => Some(product),
            Beside::Nothing | Beside::Duplicates(_) => None,
        },
        _ => None,
    }
}

fn blocks_mut(structure: &mut Structure) -> Result<&mut Blocks> {
    let blocks = match structure {
        Structure::Coded(coded) => coded.blocks.as_mut(),
        Structure::Inverted(inverted) => inverted.blocks.as_mut(),
        _ => None,
    };
    blocks.ok_or_else(|| Error::usage("the index has no codes in blocks"))
}

/// Changes how a scalar quantizer writes components; whether what it knows is all it has to learn.
fn set_scalar_kind(structure: &mut Structure, kind: ScalarKind, dim: usize) -> Result<bool> {
    let in_lists = matches!(structure, Structure::Inverted(_));
    match codec_mut(structure) {
        Some(CodecParts::Scalar(scalar)) => {
            if scalar.kind != kind {
                (scalar.kind, scalar.learned) = (kind, Vec::new());
            }
            Ok(scalar.learned.len() == kind.learned(dim) && !in_lists)
        }
        _ => Err(Error::usage("the index has no scalar quantizer")),
    }
}

fn integer(name: &'static str, value: usize) -> Named {
    (name, Field::Integer(value as i64))
}

fn fields(index: &IndexParts) -> Vec<Named> {
    let mut fields = vec![
        integer("d", index.dim),
        integer("ntotal", index.rows as usize),
        integer("is_trained", index.trained.into()),
        ("metric_arg", Field::Real(f64::from(index.argument))),
    ];
    if index.measure == Measure::Hamming {
        fields.push(integer("code_size", index.dim / 8));
    }
    match &index.structure {
        Structure::Coded(coded) => {
            fields.extend(of_codec(&coded.codec, index.dim));
            fields.extend(coded.blocks.iter().flat_map(of_blocks));
        }
        Structure::Inverted(inverted) => {
            let map = match inverted.direct_map {
                DirectMap::None => 0,
                DirectMap::Array(_) => 1,
                DirectMap::Pairs(..) => 2,
            };
            fields.extend([
                integer("nlist", inverted.list_count),
                integer("nprobe", inverted.probes),
                integer("max_codes", inverted.most_rows),
                integer("by_residual", inverted.residual.into()),
                integer("direct_map", map),
            ]);
            if let Beside::Refinement { factor, .. } = &inverted.beside {
                fields.push(("k_factor", Field::Real(f64::from(*factor))));
            }
            fields.extend(of_codec(&inverted.codec, index.dim));
            fields.extend(inverted.blocks.iter().flat_map(of_blocks));
        }
        Structure::Graph(graph) => {
            let neighbors = graph.counts.get(1).map_or(0, |count| *count as usize / 2);
            fields.extend([
                integer("M", neighbors),
                ("efSearch", Field::Integer(graph.search_effort.into())),
                ("efConstruction", Field::Integer(graph.construction_effort.into())),
                ("entry_point", Field::Integer(graph.entry_point.into())),
                ("max_level", Field::Integer(graph.max_level.into())),
            ]);
        }
        Structure::Refined(refined) => {
            fields.push(("k_factor", Field::Real(f64::from(refined.factor))));
        }
        Structure::Transformed(transformed) => {
            fields.push(integer("transforms", transformed.transforms.len()));
        }
        Structure::IdMap(_) => {}
    }
    fields
}

fn of_blocks(blocks: &Blocks) -> [Named; 3] {
    [
        integer("bbs", blocks.rows),
        ("implem", Field::Integer(blocks.implementation.into())),
        ("qbs", Field::Integer(blocks.queries as i64)),
    ]
}

fn of_codec(codec: &CodecParts, dim: usize) -> Vec<Named> {
    let mut fields = vec![integer("code_size", codec.code_bytes(dim))];
    match codec {
        CodecParts::Product(product) => {
            fields.extend([integer("pq.M", product.parts), integer("pq.nbits", product.bits)]);
        }
        CodecParts::TwoLevel(two_level) => {
            let product = &two_level.product;
            fields.extend([integer("pq.M", product.parts), integer("pq.nbits", product.bits)]);
        }
        CodecParts::Lsh(lsh) => fields.extend([
            integer("nbits", lsh.bits),
            integer("rotate_data", lsh.rotate.into()),
            integer("train_thresholds", lsh.learn_thresholds.into()),
        ]),
        CodecParts::Rabitq(rabitq) => {
            fields.push(integer("rabitq.nb_bits", rabitq.bits));
            fields.push(integer("qb", rabitq.query_bits.into()));
            fields.push(integer("centered", rabitq.centered.into()));
        }
        CodecParts::Scalar(scalar) => {
            let number = SCALAR_KINDS.iter().position(|kind| *kind == scalar.kind);
            fields.extend(number.map(|number| integer("sq.qtype", number)));
        }
        CodecParts::Raw | CodecParts::Bits => {}
    }
    fields
}

fn array(index: &IndexParts, name: &str) -> Option<Array> {
    let of_codec = |codec: &CodecParts| match (codec, name) {
        (CodecParts::Product(product), "pq.centroids") => {
            Some(Array::Floats(product.centroids.clone()))
        }
        (CodecParts::Scalar(scalar), "sq.trained") => Some(Array::Floats(scalar.learned.clone())),
        (CodecParts::Lsh(lsh), "thresholds") => Some(Array::Floats(lsh.thresholds.clone())),
        (CodecParts::Rabitq(rabitq), "center") => Some(Array::Floats(rabitq.center.clone())),
        _ => None,
    };
    match (&index.structure, name) {
        (Structure::Coded(Coded { codes, .. }), "codes") => Some(Array::Bytes(codes.clone())),
        (Structure::Coded(coded), _) => of_codec(&coded.codec),
        (Structure::Inverted(inverted), "list_sizes") => {
            let mut sizes = vec![0; inverted.list_count];
            for list in inverted.lists.iter().flatten() {
                sizes[list.number] = list.ids.len() as i64;
            }
            Some(Array::Integers(sizes))
        }
        (Structure::Inverted(inverted), "refine_codes") => match &inverted.beside {
            Beside::Refinement { codes, .. } => Some(Array::Bytes(codes.clone())),
            Beside::Nothing | Beside::Duplicates(_) => None,
        },
        (Structure::Inverted(inverted), _) => of_codec(&inverted.codec),
        (Structure::IdMap(id_map), "id_map") => Some(Array::Integers(id_map.ids.iter().collect())),
        (Structure::Graph(graph), "hnsw.levels") => Some(Array::Small(graph.levels.clone())),
        (Structure::Graph(graph), "hnsw.offsets") => {
            Some(Array::Integers(graph.offsets.iter().collect()))
        }
        (Structure::Graph(graph), "hnsw.cum_nneighbor_per_level") => {
            Some(Array::Small(graph.counts.clone()))
        }
        (Structure::Graph(graph), "hnsw.assign_probas") => {
            Some(Array::Doubles(graph.level_probabilities.clone()))
        }
        (Structure::Graph(graph), "hnsw.neighbors") => {
            let neighbors = graph.neighbors.as_chunks().0.iter();
            Some(Array::Small(neighbors.map(|bytes| i32::from_le_bytes(*bytes)).collect()))
        }
        _ => None,
    }
}
