//! Rows in lists, each with a centroid: the lists of the nearest centroids are looked at.

mod duplicates;
mod lists;
mod packed;
mod refinement;
mod screen;
mod together;

use crate::ann::{
    AnnIndex, Collector, Hit, Queries, Settings, Spent, Stops, centroids_of, laid_out_codec,
};
use crate::coded::BLOCK_CODES;
use crate::flat::Goal;
use anear_quant::packed::Layout;
use anear_quant::{Codec, How, Query, Scorer};
use anear_types::parts::{Beside, CodecParts, IndexParts, Inverted, List};
use anear_types::{Error, Result};
use duplicates::Duplicates;
use lists::{Lists, Place};
use refinement::Refinement;
use screen::{CodedLists, Screen};
use std::ops::Range;
use std::sync::OnceLock;

/// Rows in inverted lists.
pub(crate) struct InvertedIndex {
    dim: usize,
    rows: u64,
    how: How,
    probes: usize,
    most_rows: usize,
    stops: Stops,
    quantizer: Box<dyn AnnIndex>,
    codec: Box<dyn Codec>,
    /// The centroid of each list, where codes are differences to it.
    centroids: Option<Vec<f32>>,
    lists: Lists,
    duplicates: Option<Duplicates>,
    refinement: Option<Refinement>,
    /// What the scores of codes lack, for each list from the first search on that looks at it.
    own_terms: Vec<OnceLock<Option<Vec<f32>>>>,
    /// Codes beside lists of floats, where they are the rows themselves.
    screen: Option<Screen>,
}

impl InvertedIndex {
    /// # Errors
    /// If the lists are elsewhere, or centroids cannot be told that codes are differences to.
    pub(crate) fn new(
        parts: &IndexParts,
        inverted: &Inverted,
        quantizer: Box<dyn AnnIndex>,
        how: How,
    ) -> Result<InvertedIndex> {
        let elsewhere = || Error::unsupported("the lists of the index are not in the file");
        let lists = inverted.lists.as_ref().ok_or_else(elsewhere)?;
        let centroids = inverted.residual.then(|| centroids_of(&*quantizer)).transpose()?;
        let (mut duplicates, mut refinement) = (None, None);
        match &inverted.beside {
            Beside::Nothing => {}
            Beside::Duplicates(pairs) => duplicates = Some(Duplicates::new(pairs)),
            Beside::Refinement { product, codes, factor } => {
                refinement = Some(Refinement::new(parts.dim, product, codes.clone(), *factor));
            }
        }
        let mut codec = laid_out_codec(&inverted.codec, inverted.blocks.as_ref(), parts)?;
        let lists = match &inverted.blocks {
            None => lists.clone(),
            Some(blocks) => {
                let layout = Layout::new(blocks, &inverted.codec, parts.dim);
                let grouped = |list: &List| {
                    let codes = layout.grouped(&list.codes, list.ids.len());
                    List { codes, ..list.clone() }
                };
                lists.iter().map(grouped).collect()
            }
        };
        if let Some(centroids) = &centroids {
            codec.see_centers(centroids);
        }
        let has_centroids = centroids.is_some();
        let screen = if has_centroids { None } else { Screen::new(&*codec, how, parts.rows) };
        Ok(InvertedIndex {
            dim: parts.dim,
            rows: parts.rows,
            how,
            probes: inverted.probes,
            most_rows: inverted.most_rows,
            stops: match (&inverted.codec, &inverted.blocks) {
                (CodecParts::Bits, _) => Stops::CountingAll,
                (_, Some(_)) => Stops::BetweenLists,
                (_, None) => Stops::InList,
            },
            centroids,
            lists: Lists::new(inverted.list_count, lists, &inverted.direct_map),
            codec,
            quantizer,
            duplicates,
            refinement,
            own_terms: vec![OnceLock::new(); if has_centroids { inverted.list_count } else { 0 }],
            screen,
        })
    }

    /// Whether what a scan of lists finds is the answer.
    fn finds_plainly(&self) -> bool {
        self.duplicates.is_none() && self.refinement.is_none()
    }

    /// The centroid that the codes of a list are differences to.
    fn center(&self, list: usize) -> Option<&[f32]> {
        let centroids = self.centroids.as_ref()?;
        Some(&centroids[list * self.dim..][..self.dim])
    }

    /// What the scores of a list's codes lack, if anything.
    fn own_terms(&self, list: &List) -> Option<&[f32]> {
        let center = self.center(list.number)?;
        let terms = || self.codec.own_terms(center, &list.codes, self.how);
        self.own_terms[list.number].get_or_init(terms).as_deref()
    }

    /// Scores the lists that were found for a query. `label` says what a row is called.
    fn scan(
        &self,
        query: Query<'_>,
        lists: &[i64],
        goal: Goal,
        settings: &Settings<'_>,
        label: impl Fn(&List, usize, i64) -> i64,
    ) -> Result<Vec<Hit>> {
        let mut spent = self.spent(goal, settings)?;
        if let (Some(screen), Query::Floats(values)) = (&self.screen, query)
            && spent.is_unbounded()
            && let Some(coded) = screen.for_query(&self.lists, values)
        {
            return self.scan_near(coded, values, lists, goal, settings, label);
        }
        let mut scorer = self.scorer(query, settings)?;
        let mut collector = Collector::new(goal, self.how);
        let centers = self.centers(lists);
        scorer.announce(&centers);
        let mut order: Vec<usize> = (0..lists.len()).collect();
        let is_packed = self.codec.codes_together() > 1;
        if is_packed && self.codec.leaves_out() && spent.is_unbounded() {
            // What is left out hangs on what was seen before, and FAISS goes by number there.
            order.sort_unstable_by_key(|at| lists[*at]);
        }
        for number in order {
            let (mut rows, before) = (0, collector.len());
            let list = self.lists.get(lists[number]);
            if let Some(list) = list {
                if let Some((_, center)) = centers.get(number) {
                    scorer.center_at(number, center);
                }
                rows = spent.room(list.ids.len());
                let ids = list.ids.bytes().as_chunks().0;
                self.scan_list(&mut *scorer, list, rows, &mut collector, |at| {
                    let id = i64::from_le_bytes(ids[at]);
                    settings.keeps(id).then(|| label(list, at, id))
                });
            }
            let hits = collector.len() - before;
            if !spent.is_unbounded() && spent.is_enough(rows, |row| list?.ids.get(row), hits) {
                break;
            }
        }
        Ok(collector.into_hits())
    }

    fn scorer<'a>(
        &'a self,
        query: Query<'_>,
        settings: &Settings<'_>,
    ) -> Result<Box<dyn Scorer + 'a>> {
        match settings.rounding {
            None => self.codec.scorer(query, self.how),
            Some(rounding) => self.codec.rounding_scorer(query, self.how, rounding),
        }
    }

    /// The centers that the codes of lists are differences to, with their numbers, if they are.
    fn centers(&self, lists: &[i64]) -> Vec<(usize, &[f32])> {
        let center = |list: &i64| Some((*list as usize, self.center(*list as usize)?));
        lists.iter().filter_map(center).collect()
    }

    /// Scores the first rows of a list. `id` says what a row is called, if it is wanted.
    fn scan_list(
        &self,
        scorer: &mut dyn Scorer,
        list: &List,
        rows: usize,
        collector: &mut Collector,
        id: impl Fn(usize) -> Option<i64> + Copy,
    ) {
        let own_terms = self.own_terms(list);
        let mut scores = [0.0; BLOCK_CODES];
        for first in (0..rows).step_by(BLOCK_CODES) {
            let scores = &mut scores[..BLOCK_CODES.min(rows - first)];
            let codes = self.codes_of(list, first, scores.len());
            let Some(own_terms) = own_terms else {
                let limit = collector.limit();
                scorer.near(codes, scores, first, limit, &mut collector.taker(id));
                continue;
            };
            scorer.block(codes, scores);
            scores.iter_mut().zip(&own_terms[first..]).for_each(|(score, term)| *score += term);
            collector.offer_all(scores, first, id);
        }
    }

    /// The same for all rows of lists, reading only those that may be near.
    fn scan_near(
        &self,
        coded: &CodedLists,
        query: &[f32],
        lists: &[i64],
        goal: Goal,
        settings: &Settings<'_>,
        label: impl Fn(&List, usize, i64) -> i64,
    ) -> Result<Vec<Hit>> {
        let scorer = self.codec.scorer(Query::Floats(query), self.how)?;
        let mut screened = coded.coding.screened(query, scorer);
        let mut collector = Collector::new(goal, self.how);
        for list in lists {
            let Some(list) = self.lists.get(*list) else { continue };
            let codes = coded.list(list.number).expect("codes for each list that holds something");
            let ids = list.ids.bytes().as_chunks().0;
            screened.scan((codes, &list.codes), ids.len(), &mut collector, |at| {
                let id = i64::from_le_bytes(ids[at]);
                settings.keeps(id).then(|| label(list, at, id))
            });
        }
        Ok(collector.into_hits())
    }

    /// Some of the codes of a list, and what fills up a last group.
    fn codes_of<'a>(&self, list: &'a List, first: usize, count: usize) -> &'a [u8] {
        let code_bytes = self.codec.code_bytes();
        let count = count.next_multiple_of(self.codec.codes_together());
        &list.codes[first * code_bytes..][..count * code_bytes]
    }

    fn spent<'a>(&self, goal: Goal, settings: &'a Settings<'a>) -> Result<Spent<'a>> {
        Spent::new(self.stops, goal, settings, self.most_rows)
    }

    /// Searches the lists that were found for each query, all of which there are.
    fn search_found(
        &self,
        queries: Queries<'_>,
        lists: &[Vec<i64>],
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        if let (Queries::Floats { values, .. }, Some(op)) = (queries, self.row_op(queries.len()))
            && self.spent(goal, settings)?.is_unbounded()
        {
            return Ok(self.search_together(values, lists, op, goal, settings));
        }
        if self.is_packed_for(lists) && self.spent(goal, settings)?.is_unbounded() {
            return self.search_packed(queries, lists, goal, settings);
        }
        let search =
            |(query, lists): (Query<'_>, &Vec<i64>)| self.search_one(query, lists, goal, settings);
        queries.iter().zip(lists).map(search).collect()
    }

    fn search_one(
        &self,
        query: Query<'_>,
        lists: &[i64],
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Hit>> {
        let by_id = |_: &List, _, id| id;
        match &self.refinement {
            None => {
                let found = self.scan(query, lists, goal, settings, by_id)?;
                Ok(match &self.duplicates {
                    None => found,
                    Some(duplicates) => duplicates.beside(&found, goal),
                })
            }
            Some(refinement) => {
                let wider = refinement.base_goal(goal, settings);
                let by_place = |list: &List, offset, _| Place { list: list.number, offset }.pack();
                let found = self.scan(query, lists, wider, settings, by_place)?;
                refinement.refine(self, query.floats(), &found, goal)
            }
        }
    }

    /// Writes the row at a place.
    fn decode_row(&self, list: &List, offset: usize, row: &mut [f32]) {
        self.codec.decode_at(&list.codes, offset, row);
        if let Some(center) = self.center(list.number) {
            row.iter_mut().zip(center).for_each(|(component, center)| *component += center);
        }
        if let Some(refinement) = &self.refinement {
            refinement.add_to(list.ids.get(offset).expect("an id a row"), row);
        }
    }
}

impl AnnIndex for InvertedIndex {
    fn dim(&self) -> usize {
        self.dim
    }

    fn rows(&self) -> u64 {
        self.rows
    }

    fn how(&self) -> How {
        self.how
    }

    fn search(
        &self,
        queries: Queries<'_>,
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        let count = self.lists.count();
        let k = settings.probes.unwrap_or(self.probes).min(count);
        if k == 0 {
            let what = "none of the lists is to be searched (nprobe is 0)";
            return Err(Error::usage(what).help("search one at least"));
        }
        let usual = Settings::default();
        let coarse = settings.coarse.unwrap_or(&usual);
        let found = self.quantizer.search(queries, Goal::Nearest { k }, coarse)?;
        // A quantizer whose rows have ids of their own may call them anything.
        let is_list = |number: &i64| (0..count as i64).contains(number);
        let numbers = |hits: &Vec<Hit>| {
            let mut numbers = Vec::with_capacity(hits.len());
            numbers.extend(hits.iter().map(|hit| hit.id).filter(is_list));
            numbers
        };
        let lists: Vec<Vec<i64>> = found.iter().map(numbers).collect();
        self.search_found(queries, &lists, goal, settings)
    }

    fn search_lists(
        &self,
        queries: Queries<'_>,
        lists: &[Vec<i64>],
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        let count = self.lists.count();
        if let Some(number) = lists.iter().flatten().find(|number| **number >= count as i64) {
            return Err(Error::usage(format!("there is no list {number}, but {count} lists")));
        }
        let known =
            |numbers: &Vec<i64>| numbers.iter().copied().filter(|number| *number >= 0).collect();
        let lists: Vec<Vec<i64>> = lists.iter().map(known).collect();
        self.search_found(queries, &lists, goal, settings)
    }

    fn reconstruct(&self, id: i64, row: &mut [f32]) -> Result<()> {
        let stored_id = self.duplicates.as_ref().map_or(id, |duplicates| duplicates.original(id));
        let (list, offset) = self.lists.find(stored_id)?;
        self.decode_row(list, offset, row);
        Ok(())
    }

    fn ids(&self, rows: Range<u64>) -> Result<Vec<i64>> {
        let duplicate = |number| self.duplicates.as_ref().and_then(|pairs| pairs.id(number));
        let id = |row| match self.lists.at(row) {
            Ok((list, offset)) => list.ids.get(offset).expect("an id a row"),
            Err(beyond) => duplicate(beyond).expect("as many rows as there are"),
        };
        Ok(rows.map(id).collect())
    }

    fn decode(&self, rows: Range<u64>, values: &mut [f32]) -> Result<()> {
        assert_eq!(values.len() as u64, (rows.end - rows.start) * self.dim as u64);
        for (row, place) in rows.zip(values.chunks_exact_mut(self.dim)) {
            match self.lists.at(row) {
                Ok((list, offset)) => self.decode_row(list, offset, place),
                Err(_) => self.reconstruct(self.ids(row..row + 1)?[0], place)?,
            }
        }
        Ok(())
    }

    fn is_lossless(&self) -> bool {
        self.codec.is_lossless()
    }
}
