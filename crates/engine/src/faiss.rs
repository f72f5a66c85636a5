//! FAISS files of any kind that is described as for FAISS's `index_factory`.

use crate::blocks::each_block;
use crate::{
    ConvertRequest, Error, Ids, Metadata, Metric, OpenOptions, Progress, Result, Saved, Vectors,
};
use anear_formats::{Format, Summary, faiss};
use anear_index::making::{Training, Vectors as Rows, Work, add, from_factory, train};
use anear_io::Output;
use anear_kernels::{Level, convert};
use anear_types::parts::{Beside, IndexParts, Structure};
use anear_types::{Element, MatrixRef, Measure, Value};
use std::cell::{Cell, RefCell};
use std::path::Path;

/// The name of the format.
const NAME: &str = "faiss";
/// How far the squared length of a row that is to be of length 1 may be from it.
const UNIT_TOLERANCE: f32 = 1e-3;

/// Whether a format holds indexes of such kinds.
pub(crate) fn is_meant(format: &dyn Format) -> bool {
    format.info().name == NAME
}

/// Makes an index of a kind over all rows of a matrix and writes it. Integer ids are kept: in lists, or
/// in an id map around the index.
///
/// Rows larger than memory are learned from in part, and added block by block.
///
/// # Errors
/// [`Usage`](crate::ErrorKind::Usage) or [`Unsupported`](crate::ErrorKind::Unsupported) if there is no
/// such index for these rows and the metric; [`BadData`](crate::ErrorKind::BadData) if a row is not
/// finite, or not of length 1 where FAISS has no such metric for others; or if the output exists and may
/// not be replaced.
pub(crate) fn build(
    vectors: &Vectors,
    kind: &str,
    request: &ConvertRequest,
    options: &OpenOptions,
    progress: &mut dyn Progress,
) -> Result<Saved> {
    let schema = vectors.schema();
    let ConvertRequest { output: request, lists, memory_bytes, .. } = request;
    let metric = request.metric.or(schema.metric);
    let measure = measure_for(metric, schema.element)?;
    let dim = if measure == Measure::Hamming { 8 * schema.dim } else { schema.dim };
    let metadata = Metadata::of(vectors, None, options)?;
    let ids = integer_ids(vectors, &metadata)?;
    let kind = if kind == "auto" { usual_kind(measure) } else { kind };
    let mut parts = described(kind, dim, measure, ids.is_some())?;
    let output = Output::create(&request.output.path, request.replace)?;
    let list_output = lists.as_deref().map(|lists| list_file(&parts, lists, request.replace));
    let list_output = list_output.transpose()?;
    let is_cosine = matches!(metric, Some(Metric::Cosine | Metric::Angular));
    let unit_rows = is_cosine && !kind.contains("L2norm");
    let filling = Filling { vectors, measure, unit_rows, memory_bytes: *memory_bytes };
    let told = Told::new(progress);
    let interrupt = || told.interrupted();
    let report = |what: &'static str, done, all| told.report(what, done, all);
    let work =
        Work { threads: options.threads, interrupt: Some(&interrupt), report: Some(&report) };
    filling.fill(&mut parts, ids.as_deref(), &work)?;
    told.end();
    let rows = parts.rows;
    let parts = parts.check()?;
    let bytes = match list_output {
        None => faiss::write_index(&parts, output)?,
        Some((file, name)) => faiss::write_index_and_lists(&parts, output, file, name)?,
    };
    let kept = ids.is_some().then(|| metadata.ids()).flatten();
    let columns = metadata.columns().into_iter().map(|column| column.name);
    Ok(Saved {
        format: NAME,
        summary: Summary { rows, bytes },
        element: if measure == Measure::Hamming { Element::U8 } else { Element::F32 },
        sidecar: None,
        lossy: vectors.is_lossy(),
        dropped: columns.filter(|name| Some(&**name) != kept).collect(),
    })
}

/// The file for the lists of an index, and what the index calls it.
fn list_file<'a>(parts: &IndexParts, path: &'a Path, replace: bool) -> Result<(Output, &'a str)> {
    if !has_plain_lists(parts) {
        let what = "the index has no inverted lists that FAISS reads from a file of their own";
        let help = "leave the lists in the index; those of codes in blocks (fs) always are";
        return Err(Error::usage(what).help(help).at_path(path));
    }
    let no_text = || Error::usage("the name of a file of lists is no text").at_path(path);
    Ok((Output::create(path, replace)?, path.to_str().ok_or_else(no_text)?))
}

/// Whether there are lists of codes that lie one behind another.
fn has_plain_lists(parts: &IndexParts) -> bool {
    match &parts.structure {
        Structure::Inverted(inverted) => inverted.blocks.is_none(),
        Structure::IdMap(id_map) => has_plain_lists(&id_map.inner),
        Structure::Transformed(transformed) => has_plain_lists(&transformed.inner),
        Structure::Refined(refined) => has_plain_lists(&refined.base),
        Structure::Coded(_) | Structure::Graph(_) => false,
    }
}

/// The kind that is made where none is named.
fn usual_kind(measure: Measure) -> &'static str {
    if measure == Measure::Hamming { "BFlat" } else { "Flat" }
}

fn measure_for(metric: Option<Metric>, element: Element) -> Result<Measure> {
    Ok(match metric {
        None | Some(Metric::L2 | Metric::Euclidean) => Measure::L2,
        Some(Metric::Cosine | Metric::Angular | Metric::InnerProduct) => Measure::InnerProduct,
        Some(Metric::Manhattan) => Measure::Manhattan,
        Some(Metric::Chebyshev) => Measure::Chebyshev,
        Some(Metric::Canberra) => Measure::Canberra,
        Some(Metric::BrayCurtis) => Measure::BrayCurtis,
        Some(Metric::JensenShannon) => Measure::JensenShannon,
        Some(Metric::Hamming) if element == Element::U8 => Measure::Hamming,
        Some(metric) => {
            return Err(Error::unsupported(format!("FAISS has no metric {metric} for {element}"))
                .help("name another metric for the index, such as l2"));
        }
    })
}

/// An empty index, with an id map around it if ids are to be kept and it keeps none.
fn described(kind: &str, dim: usize, measure: Measure, with_ids: bool) -> Result<IndexParts> {
    let parts = from_factory(kind, dim, measure)?;
    if !with_ids || takes_ids(&parts) {
        return Ok(parts);
    }
    from_factory(&format!("IDMap,{kind}"), dim, measure)
}

fn takes_ids(parts: &IndexParts) -> bool {
    match &parts.structure {
        Structure::IdMap(_) => true,
        Structure::Inverted(lists) => !matches!(lists.beside, Beside::Refinement { .. }),
        Structure::Transformed(transformed) => takes_ids(&transformed.inner),
        Structure::Coded(_) | Structure::Graph(_) | Structure::Refined(_) => false,
    }
}

fn integer_ids(vectors: &Vectors, metadata: &Metadata<'_>) -> Result<Option<Vec<i64>>> {
    let Some(name) = metadata.ids() else { return Ok(None) };
    let column = metadata.read(&[name], 0..vectors.schema().rows)?.remove(0);
    if let Some(row) = column.values.iter().position(|id| *id == Value::Null) {
        let error = Error::bad_data("this row has no id, others have").at_row(row as u64);
        return Err(vectors.locate(error));
    }
    match Ids::from_column(&column).map_err(|error| vectors.locate(error))? {
        Ids::Ints(ids) => Ok(Some(ids)),
        Ids::Texts(_) => Ok(None),
    }
}

/// The rows that an index is filled with.
struct Filling<'a> {
    vectors: &'a Vectors,
    measure: Measure,
    /// Whether rows must be of length 1.
    unit_rows: bool,
    memory_bytes: u64,
}

impl Filling<'_> {
    /// Trains an index and adds all rows to it.
    fn fill(&self, parts: &mut IndexParts, ids: Option<&[i64]>, work: &Work<'_>) -> Result<()> {
        let schema = self.vectors.schema();
        let bytes = schema.rows.saturating_mul(schema.dim as u64 * size_of::<f32>() as u64);
        let step = bytes.div_ceil(self.memory_bytes.max(1)).max(1);
        let chosen = self.every(step, work)?;
        let parts_dim = parts.dim;
        let locate = |error: Error| match error.row() {
            Some(row) => self.vectors.locate(error.move_to_row(row * step)),
            None => self.vectors.locate(error),
        };
        train(parts, chosen.rows(parts_dim), &Training::default(), work).map_err(locate)?;
        if step == 1 {
            return add(parts, chosen.rows(parts_dim), ids, work).map_err(locate);
        }
        drop(chosen);
        each_block(self.vectors, self.memory_bytes, &mut |first, block| {
            let values = self.values(first, block)?;
            let ids = ids.map(|ids| &ids[first as usize..][..block.rows()]);
            add(parts, values.rows(parts_dim), ids, work)
        })
    }

    /// One of so many rows.
    fn every(&self, step: u64, work: &Work<'_>) -> Result<Values> {
        let mut all =
            if self.is_bits() { Values::Bits(Vec::new()) } else { Values::Floats(Vec::new()) };
        each_block(self.vectors, self.memory_bytes, &mut |first, block| {
            work.check()?;
            let skipped = (step - first % step) % step;
            for row in (skipped as usize..block.rows()).step_by(step as usize) {
                let end = if step == 1 { block.rows() } else { row + 1 };
                all.extend(self.values(first + row as u64, block.range(row, end))?);
                if step == 1 {
                    break;
                }
            }
            Ok(())
        })?;
        Ok(all)
    }

    fn is_bits(&self) -> bool {
        self.measure == Measure::Hamming
    }

    /// The rows of a block, checked to be what the metric needs.
    fn values(&self, first: u64, block: MatrixRef<'_>) -> Result<Values> {
        if self.is_bits() {
            return Ok(Values::Bits(block.bytes().to_vec()));
        }
        let mut values = vec![0.0; block.rows() * block.dim()];
        convert::to_f32(Level::best(), block, &mut values);
        for (row, components) in (first..).zip(values.chunks_exact(block.dim())) {
            self.check(row, components)?;
        }
        Ok(Values::Floats(values))
    }

    fn check(&self, row: u64, components: &[f32]) -> Result<()> {
        let fail = |what: String, help: &str| {
            Err(self.vectors.locate(Error::bad_data(what).at_row(row).help(help)))
        };
        if let Some(component) = components.iter().find(|component| !component.is_finite()) {
            return fail(format!("a component is {component}"), "write finite rows only");
        }
        let square: f32 = components.iter().map(|component| component * component).sum();
        if self.unit_rows && (square - 1.0).abs() > UNIT_TOLERANCE {
            let what = format!(
                "FAISS has no cosine, only inner products of rows of length 1, and this row is {} long",
                square.sqrt()
            );
            return fail(
                what,
                "put L2norm before the kind, as in L2norm,Flat, or name another metric",
            );
        }
        Ok(())
    }
}

/// Rows as an index takes them.
enum Values {
    Floats(Vec<f32>),
    Bits(Vec<u8>),
}

impl Values {
    fn rows(&self, dim: usize) -> Rows<'_> {
        match self {
            Values::Floats(values) => Rows::Floats { values, dim },
            Values::Bits(bytes) => Rows::Bits { bytes, dim },
        }
    }

    fn extend(&mut self, more: Values) {
        match (self, more) {
            (Values::Floats(all), Values::Floats(more)) => all.extend(more),
            (Values::Bits(all), Values::Bits(more)) => all.extend(more),
            _ => unreachable!("rows of one matrix"),
        }
    }
}

/// A [`Progress`] that is told from several places.
struct Told<'a> {
    progress: RefCell<&'a mut dyn Progress>,
    /// What is being done, and how much of it.
    current: Cell<(&'static str, u64)>,
}

impl<'a> Told<'a> {
    fn new(progress: &'a mut dyn Progress) -> Told<'a> {
        Told { progress: RefCell::new(progress), current: Cell::new(("", 0)) }
    }

    fn interrupted(&self) -> bool {
        self.progress.borrow_mut().interrupted()
    }

    fn report(&self, what: &'static str, done: u64, all: u64) {
        let (before, before_done) = self.current.get();
        let mut progress = self.progress.borrow_mut();
        if what != before || done < before_done {
            if !before.is_empty() {
                progress.end();
            }
            progress.begin(what, all);
            progress.advance(done);
        } else {
            progress.advance(done - before_done);
        }
        self.current.set((what, done));
    }

    fn end(&self) {
        if !self.current.get().0.is_empty() {
            self.progress.borrow_mut().end();
        }
    }
}
