//! What an index says of itself: its settings by name, and where its vectors are.

use super::header::Header;
use super::kinds::{Layout, letters, scalar_number};
use super::read::Fields;
use anear_types::parts::{
    Bytes, CodecParts, Graph, IndexParts, Integers, Inverted, LinearOrigin, Storage, Structure,
    TransformKind, Transformed,
};
use anear_types::{Element, Measure, Result, Value};

/// Settings by name.
pub(super) struct Settings(Vec<(String, Value)>);

impl Settings {
    fn set(&mut self, name: &str, value: impl TryInto<i64>) {
        let value = value.try_into().unwrap_or(i64::MAX);
        self.0.push((name.to_owned(), Value::Int(value)));
    }

    fn set_text(&mut self, name: &str, value: impl Into<Box<str>>) {
        self.0.push((name.to_owned(), Value::Text(value.into())));
    }

    fn set_letters(&mut self, name: &str, letters: [u8; 4]) {
        self.set_text(name, letters.escape_ascii().to_string());
    }

    fn set_measure(&mut self, measure: Measure, argument: f32) {
        if measure.metric().is_none() {
            self.set_text("metric", measure.name());
        }
        if measure == Measure::Lp {
            self.0.push(("p".to_owned(), Value::Real(f64::from(argument))));
        }
    }

    fn set_untrained(&mut self, trained: bool) {
        if !trained {
            self.0.push(("trained".to_owned(), Value::Bool(false)));
        }
    }
}

/// The settings of an index.
pub(super) fn describe(index: &IndexParts) -> Vec<(String, Value)> {
    let mut settings = Settings(Vec::new());
    add_settings(&mut settings, index);
    settings.0
}

fn add_settings(settings: &mut Settings, index: &IndexParts) {
    if !matches!(index.structure, Structure::IdMap(_)) {
        settings.set_measure(index.measure, index.argument); // of an id map, the inner one counts
    }
    settings.set_untrained(index.trained);
    match &index.structure {
        Structure::Coded(coded) => add_codec(settings, &coded.codec),
        Structure::Inverted(inverted) => add_lists(settings, inverted),
        Structure::Graph(graph) => add_graph(settings, graph),
        Structure::Transformed(transformed) => add_transforms(settings, transformed),
        Structure::IdMap(id_map) => {
            settings.set_letters("index", letters(&id_map.inner));
            add_settings(settings, &id_map.inner);
        }
        Structure::Refined(refined) => {
            settings.set_letters("base", letters(&refined.base));
            add_settings(settings, &refined.base);
            settings.set_letters("refinement", letters(&refined.refinement));
        }
    }
}

fn add_codec(settings: &mut Settings, codec: &CodecParts) {
    match codec {
        CodecParts::Raw | CodecParts::Bits => {}
        CodecParts::Scalar(scalar) => settings.set_text("qtype", scalar_number(scalar.kind).1),
        CodecParts::Product(product) => {
            settings.set("M", product.parts);
            settings.set("nbits", product.bits);
        }
        CodecParts::Lsh(lsh) => settings.set("nbits", lsh.bits),
        CodecParts::Rabitq(rabitq) => {
            settings.set("nbits", rabitq.bits);
            settings.set("qb", rabitq.query_bits);
        }
        CodecParts::TwoLevel(two_level) => {
            settings.set("nlist", two_level.coarse.rows);
            settings.set_letters("quantizer", letters(&two_level.coarse));
        }
    }
}

fn add_lists(settings: &mut Settings, inverted: &Inverted) {
    settings.set("nlist", inverted.list_count);
    settings.set("nprobe", inverted.probes);
    settings.set_letters("quantizer", letters(&inverted.quantizer));
    add_codec(settings, &inverted.codec);
}

fn add_graph(settings: &mut Settings, graph: &Graph) {
    if let [_, base, ..] = graph.counts[..] {
        settings.set("M", base / 2);
    }
    settings.set("max_level", graph.max_level);
    settings.set("efConstruction", graph.construction_effort);
    settings.set("efSearch", graph.search_effort);
    match &graph.storage {
        Storage::Index(storage) => {
            settings.set_letters("storage", letters(storage));
            add_settings(settings, storage);
        }
        Storage::Left(_) => settings.set_text("storage", "none"),
    }
}

fn add_transforms(settings: &mut Settings, transformed: &Transformed) {
    let name = |kind: &TransformKind| match kind {
        TransformKind::Linear { origin, .. } => match origin {
            LinearOrigin::Plain | LinearOrigin::OptimizedProduct { .. } => "linear",
            LinearOrigin::RandomRotation => "random rotation",
            LinearOrigin::Principal(_) => "PCA",
            LinearOrigin::IterativeQuantization { .. } => "ITQ rotation",
        },
        TransformKind::IterativeQuantization { .. } => "ITQ",
        TransformKind::Remap(_) => "remap",
        TransformKind::Normalize(_) => "L2norm",
        TransformKind::Center(_) => "centre",
    };
    let names: Vec<&str> =
        transformed.transforms.iter().map(|transform| name(&transform.kind)).collect();
    settings.set_text("transforms", names.join(", "));
    settings.set_letters("index", letters(&transformed.inner));
    add_settings(settings, &transformed.inner);
}

/// The settings that follow the header of an index which is not read.
pub(super) fn describe_unread(
    header: &Header,
    fields: &mut Fields<'_>,
) -> Result<Vec<(String, Value)>> {
    let mut settings = Settings(Vec::new());
    settings.set_measure(header.measure.0, header.measure.1);
    settings.set_untrained(header.trained);
    if matches!(header.layout, Layout::Inverted(_)) {
        settings.set("nlist", fields.cursor.u64("the number of lists")?);
        settings.set("nprobe", fields.cursor.u64("the number of lists to search")?);
        settings.set_letters("quantizer", Header::read(&mut fields.cursor)?.fourcc);
    }
    Ok(settings.0)
}

/// Whether the index, or one inside it, is a graph without its rows.
pub(super) fn lacks_rows(index: &IndexParts) -> bool {
    match &index.structure {
        Structure::Graph(graph) => graph.storage.index().map_or(true, lacks_rows),
        Structure::IdMap(id_map) => lacks_rows(&id_map.inner),
        Structure::Transformed(transformed) => lacks_rows(&transformed.inner),
        Structure::Refined(refined) => lacks_rows(&refined.base) || lacks_rows(&refined.refinement),
        Structure::Inverted(inverted) => lacks_rows(&inverted.quantizer),
        Structure::Coded(_) => false,
    }
}

/// Vectors as they were put in, and their ids; without them, a row's id is its number.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// The type of a component; `U8` for vectors of bits.
    pub(super) element: Element,
    /// Components in a row.
    pub(super) dim: usize,
    /// All rows.
    pub(super) vectors: Bytes,
    /// The id of each row.
    pub(super) ids: Option<Integers>,
}

/// The vectors of a flat index, under the ids of an id map around it; or else the letters of the
/// index that keeps its rows in another way. Ids for rows that have some already mean nothing.
pub(super) fn stored(index: &IndexParts) -> Result<Stored, [u8; 4]> {
    match &index.structure {
        Structure::Coded(coded) => {
            let (element, dim) = match coded.codec {
                CodecParts::Raw => (Element::F32, index.dim),
                CodecParts::Bits => (Element::U8, index.dim / 8),
                _ => return Err(letters(index)),
            };
            Ok(Stored { element, dim, vectors: coded.codes.clone(), ids: None })
        }
        Structure::IdMap(id_map) => match stored(&id_map.inner)? {
            Stored { ids: Some(_), .. } => Err(letters(index)),
            inner => Ok(Stored { ids: Some(id_map.ids.clone()), ..inner }),
        },
        _ => Err(letters(index)),
    }
}
