//! "Did you mean": names by how alike they are to what was written.

/// At least this many wrong letters are forgiven, and one more for every four
/// letters of a longer name.
const FORGIVEN_MIN: usize = 1;

/// All of `among`, the most alike first.
pub fn nearest<'a>(name: &str, among: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all: Vec<(usize, &str)> =
        among.into_iter().map(|it| (distance(name, it), it)).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|(_, it)| it).collect()
}

/// The one that was most likely meant, if any is alike enough.
pub fn meant<'a>(name: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let best = nearest(name, among).into_iter().next()?;
    let forgiven = FORGIVEN_MIN + name.chars().count() / 4;
    (distance(name, best) <= forgiven).then_some(best)
}

/// `did you mean `x`?`
pub fn did_you_mean<'a>(name: &str, among: impl IntoIterator<Item = &'a str>) -> Option<String> {
    meant(name, among).map(|it| format!("did you mean `{it}`?"))
}

/// `a, b, c, d, e and 20 others`, the most alike first.
pub fn listed<'a>(name: &str, among: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN_MAX: usize = 5;
    let all = nearest(name, among);
    let shown = all[..all.len().min(SHOWN_MAX)].join(", ");
    match all.len().saturating_sub(SHOWN_MAX) {
        0 => shown,
        1 => format!("{shown} and 1 other"),
        more => format!("{shown} and {more} others"),
    }
}

/// Letters to change, letters' case aside.
fn distance(a: &str, b: &str) -> usize {
    strsim::osa_distance(&a.to_lowercase(), &b.to_lowercase())
}
