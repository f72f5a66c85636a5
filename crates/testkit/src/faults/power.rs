//! What a disk may hold when the power fails.
//!
//! A sync of a file makes sure of what was written to it before, a sync of a folder of the names
//! in it; nothing else is sure. Whatever was not synced may be there or not, each operation for
//! itself; a write may be there in some of its sectors. After a sync that failed, what it was to
//! make sure of is never sure again: the system may have dropped it and forgotten that.

use super::{Disk, FileId, Operation, Step, Trace};
use crate::random::Random;

/// What a disk holds when the power failed.
#[derive(Debug)]
pub struct Image {
    /// How many steps had been done.
    pub steps: usize,
    /// What of that was lost.
    pub loss: Loss,
    /// What is there.
    pub disk: Disk,
}

/// What becomes of operations that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All are lost.
    Everything,
    /// None is lost.
    Nothing,
    /// Some are lost, some are torn; which ones, this number decides.
    Some(u64),
}

impl Trace {
    /// The images of a loss of power after each number of steps: with everything lost, with
    /// nothing lost, and `random` more.
    pub fn images(&self, seed: u64, random: usize) -> impl Iterator<Item = Image> + Send + '_ {
        let mut seeds = Random::new(seed);
        (0..=self.steps.len()).flat_map(move |steps| {
            let seeds: Vec<u64> = (0..random).map(|_| seeds.number()).collect();
            let chosen = seeds.into_iter().map(Loss::Some);
            let losses = [Loss::Everything, Loss::Nothing].into_iter().chain(chosen);
            losses.map(move |loss| self.image(steps, loss))
        })
    }

    /// What is there when the power failed after some steps.
    ///
    /// # Panics
    /// If there are fewer steps.
    pub fn image(&self, steps: usize, loss: Loss) -> Image {
        let mut disk = self.start.clone();
        let mut fates = Fates::new(loss);
        for (step, durable_after) in self.steps[..steps].iter().zip(&self.durable_after) {
            if step.failed {
                continue;
            }
            if let Operation::Create { file, .. } = &step.operation {
                // Even if this name is lost, a later one may lead to the file.
                disk.bytes(*file);
            }
            let durable = durable_after.is_some_and(|after| after <= steps);
            match fates.of(&step.operation) {
                Fate::Lost if !durable => {}
                Fate::Torn if !durable => fates.tear(&mut disk, &step.operation),
                _ => disk.apply(&step.operation),
            }
        }
        Image { steps, loss, disk }
    }
}

/// For each step, after how many steps it is durable.
pub(super) fn durable_after(steps: &[Step]) -> Vec<Option<usize>> {
    let mut durable = vec![None; steps.len()];
    // What is not yet sure, and the files or folders whose syncs it still needs.
    let mut unsure: Vec<(usize, Vec<FileId>)> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        match &step.operation {
            Operation::Sync { file } if step.failed => {
                unsure.retain(|(_, needs)| !needs.contains(file));
            }
            Operation::Sync { file } => {
                for (earlier, needs) in &mut unsure {
                    needs.retain(|need| need != file);
                    if needs.is_empty() {
                        durable[*earlier] = Some(number + 1);
                    }
                }
                unsure.retain(|(_, needs)| !needs.is_empty());
            }
            operation if !step.failed => unsure.push((number, needs(operation))),
            _ => {}
        }
    }
    durable
}

/// What must be synced to make sure of an operation.
fn needs(operation: &Operation) -> Vec<FileId> {
    match operation {
        Operation::Write { file, .. }
        | Operation::Truncate { file, .. }
        | Operation::Sync { file } => vec![*file],
        Operation::Create { folder, .. }
        | Operation::MakeFolder { folder, .. }
        | Operation::Link { folder, .. }
        | Operation::Remove { folder, .. } => vec![*folder],
        Operation::Rename { folder, to_folder, .. } if folder == to_folder => vec![*folder],
        Operation::Rename { folder, to_folder, .. } => vec![*folder, *to_folder],
    }
}

enum Fate {
    Lost,
    Torn,
    Whole,
}

/// Decides what becomes of each operation that is not sure.
struct Fates {
    loss: Loss,
    random: Random,
    /// How many in a hundred are lost.
    lost: u64,
    /// Whether all that was done to one file shares one fate.
    by_file: bool,
    sector_bytes: usize,
}

impl Fates {
    fn new(loss: Loss) -> Fates {
        let mut random = Random::new(if let Loss::Some(seed) = loss { seed } else { 0 });
        let lost = [10, 50, 90][random.below(3) as usize];
        let by_file = random.below(3) == 0;
        let sector_bytes = [512, 4096][random.below(2) as usize];
        Fates { loss, random, lost, by_file, sector_bytes }
    }

    fn of(&mut self, operation: &Operation) -> Fate {
        let Loss::Some(seed) = self.loss else {
            return if self.loss == Loss::Everything { Fate::Lost } else { Fate::Whole };
        };
        let chance = if self.by_file {
            Random::new(seed ^ needs(operation)[0].0).below(100)
        } else {
            self.random.below(100)
        };
        if chance < self.lost {
            Fate::Lost
        } else if self.random.below(4) == 0 {
            Fate::Torn
        } else {
            Fate::Whole
        }
    }

    /// Applies a write in some of its sectors. The file has its length then, as where room was
    /// given before the bytes came; other operations are never done by half.
    fn tear(&mut self, disk: &mut Disk, operation: &Operation) {
        let Operation::Write { file, offset, data } = operation else {
            return disk.apply(operation);
        };
        let end = offset + data.len();
        let bytes = disk.bytes(*file);
        let length = bytes.len().max(end);
        bytes.resize(length, 0);
        let mut start = *offset;
        while start < end {
            let stop = end.min((start / self.sector_bytes + 1) * self.sector_bytes);
            if self.random.below(2) == 0 {
                disk.write(*file, start, &data[start - offset..stop - offset]);
            }
            start = stop;
        }
    }
}
