//! Indexes of other libraries: what can be called is.

use anear_formats::{ReadOptions, open};
use anear_index::ann::{
    AnnIndex, Budget, Queries, Rounding, Settings, adopt, search_in_threads,
    search_lists_in_threads,
};
use anear_index::flat::Goal;
use anear_io::Input;
use anear_types::Measure;

/// Rows of more components are not searched, since queries are as long.
const MAX_DIM: usize = 1 << 12;

/// Reads a file and searches its index, if it has one.
pub fn read(input: Input) {
    let Ok(container) = open(input, &ReadOptions::default()) else { return };
    crate::read_container(&*container);
    if let Some(Ok(index)) = container.parts().map(adopt)
        && index.dim() <= MAX_DIM
    {
        search(&*index);
    }
}

/// Every call an index has.
fn search(index: &dyn AnnIndex) {
    let dim = index.dim();
    let (bits, values) = (vec![0x35; dim / 8], vec![0.25; dim]);
    let queries = match index.how().measure {
        Measure::Hamming => Queries::Bits { bytes: &bits, dim },
        _ => Queries::Floats { values: &values, dim },
    };
    let odd = |id: i64| id % 2 != 0;
    let settings = Settings {
        probes: Some(9),
        effort: Some(9),
        factor: Some(2.0),
        keep: Some(&odd),
        budget: Budget { rows: Some(5), lists: 0, fill: false, barren: 1 },
        coarse: Some(&Settings::default()),
        rounding: Some(Rounding { bits: 3, centered: true }),
    };
    for settings in [Settings::default(), settings] {
        for goal in [Goal::Nearest { k: 3 }, Goal::Within { radius: 1.0 }] {
            let _ = search_in_threads(index, queries, goal, &settings, 1);
            let _ = search_lists_in_threads(index, queries, &[vec![0, -1, 3]], goal, &settings, 1);
        }
    }
    let mut row = vec![0.0; dim];
    let _ = index.reconstruct(1, &mut row);
    let rows = index.rows().min(10);
    let _ = index.decode(0..rows, &mut vec![0.0; rows as usize * dim]);
    let _ = index.ids(0..index.rows());
}
