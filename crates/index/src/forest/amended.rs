//! A file of trees that stays as it is, with items added, replaced and deleted beside it.
//!
//! The file is searched through its trees for items that are still as in it, the others are all
//! looked at, and the nearest of both are the answer: as many as there are. Distances are computed
//! in one way for both. What changed is kept in a [`Delta`]; when it has become much, trees are
//! built anew over what there is.

use super::layout::Layout;
use super::{Ask, Forest, Hit, order};
use crate::{Interrupt, Keep, RowSet};
use anear_io::{Delta, Input, MOST_ITEM};
use anear_types::{Element, Error, MatrixRef, Metric, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// A forest in a file, and what changed since it was built.
///
/// ```
/// use anear_index::Keep;
/// use anear_index::forest::{Amended, Forest, Growth};
/// use anear_types::Metric;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("x.ann");
/// let mut forest = Forest::new(Metric::Euclidean, 2)?;
/// forest.add_item(0, &[0.0, 0.0])?;
/// forest.add_item(1, &[3.0, 4.0])?;
/// forest.build(&Growth::trees(10), None)?;
/// forest.save(&path, false)?;
///
/// let mut amended = Amended::open(&path, Metric::Euclidean, 2)?;
/// amended.put(7, &[3.0, 3.0])?;
/// amended.delete(1);
/// amended.save()?; // to x.ann.delta
/// let again = Amended::open(&path, Metric::Euclidean, 2)?;
/// let found = again.nearest_each(&[3.0, 4.0], 5, Keep::All, 1, None)?;
/// assert_eq!(found[0].iter().map(|hit| hit.item).collect::<Vec<_>>(), [7, 0]);
/// # Ok::<(), anear_types::Error>(())
/// ```
#[derive(Debug)]
pub struct Amended {
    input: Input,
    forest: Forest,
    /// Items of the forest that are as in the file; those that were never added are among them.
    unchanged: RowSet,
    delta: Delta,
    /// The vectors of items that were added or replaced, without trees.
    added: Forest,
    /// Where in `added` each of them is. Places are not given again.
    places: BTreeMap<u32, u32>,
}

impl Amended {
    /// Opens a file for a metric and dimension, and what is kept beside it.
    ///
    /// # Errors
    /// As for [`Forest::load`]; [`Malformed`](anear_types::ErrorKind::Malformed) if what is beside
    /// the file is damaged, or belongs to another file or to other vectors.
    pub fn open(path: &Path, metric: Metric, dim: usize) -> Result<Amended> {
        Amended::from_input(&Input::open(path)?, metric, dim)
    }

    /// The same for a file that is open.
    ///
    /// # Errors
    /// As for [`open`](Amended::open).
    pub fn from_input(input: &Input, metric: Metric, dim: usize) -> Result<Amended> {
        let forest = Forest::from_input(input, metric, dim)?;
        let (element, length) = shape(forest.layout);
        let none = || Delta::new(metric, element, length);
        let delta = Delta::beside(input)?.unwrap_or_else(none);
        if (delta.element, delta.dim) != (element, length) {
            let (found, count) = (delta.element, delta.dim);
            let what =
                format!("the changes are of {count} {found}, the items of {length} {element}");
            return Err(Error::malformed(what).at_path(Delta::path_for(input.path())));
        }
        let unchanged = all_of(forest.len() as u64);
        let (added, places) = (Forest::new(metric, dim)?, BTreeMap::new());
        let input = input.clone();
        let mut amended = Amended { input, forest, unchanged, delta: none(), added, places };
        for (item, vector) in delta.added() {
            amended.place(item, vector)?;
        }
        delta.deleted().for_each(|item| _ = amended.unchanged.remove(u64::from(item)));
        amended.delta = delta;
        Ok(amended)
    }

    /// How nearness is measured.
    pub fn metric(&self) -> Metric {
        self.forest.metric()
    }

    /// Components of a vector; bits, for `hamming`.
    pub fn dim(&self) -> usize {
        self.forest.dim()
    }

    /// One more than the largest number there can be of an item.
    pub fn bound(&self) -> usize {
        let last = self.places.last_key_value().map_or(0, |(item, _)| *item as usize + 1);
        last.max(self.forest.len())
    }

    /// Whether there is an item of this number now.
    pub fn has_item(&self, item: u32) -> bool {
        self.places.contains_key(&item)
            || self.unchanged.contains(u64::from(item)) && self.forest.has_item(item)
    }

    /// The vector of an item there is.
    pub fn item_vector(&self, item: u32) -> Option<Vec<f32>> {
        let found = match self.places.get(&item) {
            Some(place) => self.added.item_vector(*place),
            None if self.has_item(item) => self.forest.item_vector(item),
            None => return None,
        };
        found.ok()
    }

    /// Items that were added or replaced, and items of the file that were deleted.
    pub fn changes(&self) -> (usize, usize) {
        (self.places.len(), self.delta.deleted().count())
    }

    /// Adds an item or gives it another vector. It is found from now on, and kept by
    /// [`save`](Amended::save).
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the vector has another dimension or the number is
    /// above 2^31 - 2; [`BadData`](anear_types::ErrorKind::BadData) if a component is NaN or infinite;
    /// [`Limit`](anear_types::ErrorKind::Limit) if there is no memory for it.
    pub fn put(&mut self, item: u32, vector: &[f32]) -> Result<()> {
        self.forest.check_dim(vector)?;
        if item > MOST_ITEM {
            return Err(Error::usage(format!("item {item} is above {MOST_ITEM}")));
        }
        if let Some(at) = vector.iter().position(|value| !value.is_finite()) {
            return Err(Error::bad_data(format!("component {at} of item {item} is not finite")));
        }
        let mut words = vec![0; self.forest.layout.length()];
        self.forest.layout.pack(vector, &mut words);
        let bytes = bytemuck::cast_slice(&words);
        self.place(item, bytes)?;
        self.delta.put(item, bytes);
        Ok(())
    }

    /// Deletes an item; returns whether it was there.
    pub fn delete(&mut self, item: u32) -> bool {
        let was_there = self.has_item(item);
        if was_there {
            self.places.remove(&item);
            self.unchanged.remove(u64::from(item));
            self.delta.delete(item, (item as usize) < self.forest.len());
        }
        was_there
    }

    /// Keeps all changes in a file beside that of the forest, its name with `.delta` behind: whole or,
    /// after an error or a crash, as they were kept before.
    ///
    /// # Errors
    /// If writing fails.
    pub fn save(&self) -> Result<()> {
        self.delta.save(&self.input)
    }

    /// For each of some queries, one behind the other, the `count` items nearest to it, or all if there
    /// are fewer. `keep` are numbers of items.
    ///
    /// # Errors
    /// As for [`Forest::nearest_each`].
    pub fn nearest_each(
        &self,
        queries: &[f32],
        count: usize,
        keep: Keep<'_>,
        threads: usize,
        interrupt: Option<Interrupt<'_>>,
    ) -> Result<Vec<Vec<Hit>>> {
        let ask = Ask { keep, ..Ask::nearest(count) };
        self.search(&ask, |forest, ask| forest.nearest_each(queries, ask, threads, interrupt))
    }

    /// The same for queries of any element and a search of the forest that looks at as much as
    /// `ask` says, as for [`Forest::nearest_rows`].
    ///
    /// # Errors
    /// As for [`Forest::nearest_rows`].
    pub fn nearest_rows(
        &self,
        queries: MatrixRef<'_>,
        ask: &Ask<'_>,
        threads: usize,
        interrupt: Option<Interrupt<'_>>,
    ) -> Result<Vec<Vec<Hit>>> {
        self.search(ask, |forest, ask| forest.nearest_rows(queries, ask, threads, interrupt))
    }

    /// Searches both forests and takes the nearest of both.
    fn search(
        &self,
        ask: &Ask<'_>,
        search: impl Fn(&Forest, &Ask<'_>) -> Result<Vec<Vec<Hit>>>,
    ) -> Result<Vec<Vec<Hit>>> {
        let Ask { count, keep, .. } = *ask;
        let passing = self.passing(keep);
        let kept = match &passing {
            Passing::Kept(keep) => *keep,
            Passing::Set(set) => Keep::Set(set),
            Passing::Listed(listed) => Keep::Listed(listed),
        };
        let mut found = search(&self.forest, &Ask { fill: true, keep: kept, ..*ask })?;
        let places = self.passing_places(keep);
        if places.is_empty() {
            return Ok(found);
        }
        let listed: Vec<u64> = places.keys().copied().collect();
        let ask = Ask { fill: true, keep: Keep::Listed(&listed), ..Ask::nearest(count) };
        let is_similarity = self.metric() == Metric::InnerProduct;
        let key = |hit: &Hit| {
            order::key(if is_similarity { -hit.distance } else { hit.distance }, hit.item)
        };
        for (hits, more) in found.iter_mut().zip(search(&self.added, &ask)?) {
            let item = |place| places[&u64::from(place)];
            hits.extend(more.iter().map(|hit| Hit { item: item(hit.item), ..*hit }));
            hits.sort_unstable_by_key(key);
            hits.truncate(count);
        }
        Ok(found)
    }

    /// Which items of the file may be found.
    fn passing<'a>(&'a self, keep: Keep<'a>) -> Passing<'a> {
        let items = self.forest.len() as u64;
        if self.unchanged.count() == items {
            return Passing::Kept(keep);
        }
        match keep {
            Keep::All => Passing::Kept(Keep::Set(&self.unchanged)),
            Keep::Set(set) => {
                let mut both = RowSet::none_of(items);
                let members = set.members(0..items.min(set.rows()));
                let passing = members.filter(|item| self.unchanged.contains(*item));
                passing.for_each(|item| _ = both.insert(item));
                Passing::Set(both)
            }
            Keep::Listed(listed) => {
                let passing = listed.iter().filter(|item| self.unchanged.contains(**item));
                Passing::Listed(passing.copied().collect())
            }
        }
    }

    /// Items that were added or replaced and may be found, by their places.
    fn passing_places(&self, keep: Keep<'_>) -> BTreeMap<u64, u32> {
        let passes = |item: &u32| match keep {
            Keep::All => true,
            Keep::Set(set) => set.contains(u64::from(*item)),
            Keep::Listed(listed) => listed.binary_search(&u64::from(*item)).is_ok(),
        };
        let passing = self.places.iter().filter(|(item, _)| passes(item));
        passing.map(|(item, place)| (u64::from(*place), *item)).collect()
    }

    /// Puts the vector of an item where it is searched.
    fn place(&mut self, item: u32, vector: &[u8]) -> Result<()> {
        let (words, _) = vector.as_chunks();
        let words: Vec<u32> = words.iter().map(|bytes| u32::from_ne_bytes(*bytes)).collect();
        let layout = self.forest.layout;
        let place = match self.places.get(&item) {
            Some(place) => *place,
            None => self.added.len() as u32,
        };
        self.added.add_item(place, &layout.unpack(&words))?;
        self.places.insert(item, place);
        self.unchanged.remove(u64::from(item));
        Ok(())
    }
}

/// Which items of a file may be found.
enum Passing<'a> {
    Kept(Keep<'a>),
    Set(RowSet),
    Listed(Vec<u64>),
}

/// Element and components of a vector as a delta keeps it.
fn shape(layout: Layout) -> (Element, usize) {
    match layout.metric {
        Metric::Hamming => (Element::U8, 4 * layout.length()),
        _ => (Element::F32, layout.length()),
    }
}

fn all_of(rows: u64) -> RowSet {
    let mut words = vec![u64::MAX; rows.div_ceil(64) as usize];
    if let (Some(last), 1..) = (words.last_mut(), rows % 64) {
        *last = (1 << (rows % 64)) - 1;
    }
    RowSet::from_words(words, rows)
}
