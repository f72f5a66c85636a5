//! Names in SQL, whatever a file puts into them.

/// A name as SQL needs it: in double quotes, which are doubled inside.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name that differs from all `taken` ones as SQLite compares names: `name` itself or with a
/// number behind it.
pub fn free_name<'a>(name: &str, taken: impl Fn(&str) -> bool + 'a) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    let numbered = (2u32..).map(|number| format!("{name}_{number}"));
    numbered.into_iter().find(|name| !taken(name)).expect("some number is free")
}
