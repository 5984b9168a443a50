//! What the managed databases and caches share: they are made in minutes, are
//! named by us, and change by calls that are told the changed fields only.

use std::{
    future::Future,
    sync::atomic::{AtomicU8, Ordering::Relaxed},
    time::Duration,
};

use crate::{
    aws::twin::Word,
    provider::{CiString, Cx, Error, IdOrArn, Result, Secret, Set, Version},
};

/// What has the name of a thing that a create found to be there already: an
/// earlier sending of the same create may have made it.
pub(super) async fn ours<T>(
    made: std::result::Result<T, Error>,
    taken: &[&str],
    what: &str,
    find: impl Future<Output = Result<Option<String>>>,
) -> Result<Option<String>> {
    match made {
        Ok(_) => Ok(None),
        Err(error) if error.is(taken) => find.await?.map(Some).ok_or_else(|| Error::not_ours(what)),
        Err(error) => Err(error),
    }
}

/// Waits until `look` says that the database is ready. One that was busy must
/// be seen ready three times in a row: a new one falls back into `backing-up`,
/// `modifying` or `resetting-master-credentials` right after it was
/// `available` for the first time.
pub(super) async fn settle<F>(
    cx: &Cx,
    what: &str,
    limit: Duration,
    look: impl Fn() -> F + Send + Sync,
) -> Result<()>
where
    F: Future<Output = Result<bool>> + Send,
{
    let good = AtomicU8::new(2);
    let steady = || {
        let ready = look();
        let good = &good;
        async move {
            if !ready.await? {
                good.store(0, Relaxed);
                return Ok(None);
            }
            Ok((good.fetch_add(1, Relaxed) >= 2).then_some(()))
        }
    };
    cx.wait(what, limit, steady).await
}

pub(super) fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// A property as a modifying call takes it.
pub(super) trait Field {
    type Sent;
    fn sent(&self) -> Option<Self::Sent>;
    /// Whether it says what `live` says, maybe in other words.
    fn same(&self, live: &Self) -> bool;
}

/// What to send to come from `old` to `new`; what is no longer set is left as
/// it is.
pub(super) fn changed<F: Field>(old: &F, new: &F) -> Option<F::Sent> {
    if new.same(old) { None } else { new.sent() }
}

impl<F: Field> Field for Option<F> {
    type Sent = F::Sent;
    fn sent(&self) -> Option<F::Sent> {
        self.as_ref()?.sent()
    }
    fn same(&self, live: &Self) -> bool {
        match (self, live) {
            (Some(new), Some(live)) => new.same(live),
            (new, live) => new.is_none() && live.is_none(),
        }
    }
}

macro_rules! plain_field {
    ($($ty:ty)*) => {$(
        impl Field for $ty {
            type Sent = Self;
            fn sent(&self) -> Option<Self> {
                Some(self.clone())
            }
            fn same(&self, live: &Self) -> bool {
                self == live
            }
        }
    )*};
}
plain_field!(bool i32 i64 String);

macro_rules! text_field {
    ($($ty:ty: $same:expr;)*) => {$(
        impl Field for $ty {
            type Sent = String;
            fn sent(&self) -> Option<String> {
                Some(self.0.clone())
            }
            fn same(&self, live: &Self) -> bool {
                let same: fn(&str, &str) -> bool = $same;
                same(&self.0, &live.0)
            }
        }
    )*};
}
impl<E: Clone + PartialEq> Field for Word<E> {
    type Sent = E;
    fn sent(&self) -> Option<E> {
        Some(self.0.clone())
    }
    fn same(&self, live: &Self) -> bool {
        self == live
    }
}

text_field! {
    Secret<String>: |new, live| new == live;
    CiString: |new, live| new.eq_ignore_ascii_case(live);
    IdOrArn: |new, live| live.ends_with(new) || new.ends_with(live);
    // A wanted `16` must not be sent to a live `16.4`: it would be refused as
    // a downgrade.
    Version: |new, live| {
        // ElastiCache writes the newest of Redis 6 as `6.x`.
        let new = new.strip_suffix(".x").unwrap_or(new);
        live.strip_prefix(new).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
}

impl Field for Set<String> {
    type Sent = Vec<String>;
    fn sent(&self) -> Option<Vec<String>> {
        Some(self.0.clone())
    }
    fn same(&self, live: &Self) -> bool {
        let (add, remove) = self.since(live);
        add.is_empty() && remove.is_empty()
    }
}

/// What names of databases, caches, clusters and snapshots must look like.
pub(super) fn check_name(property: &str, name: &str, longest: usize) -> Result<()> {
    let good = name.starts_with(|it: char| it.is_ascii_alphabetic())
        && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-')
        && !name.contains("--")
        && !name.ends_with('-');
    if !good {
        let rule = "is made of letters, digits and single hyphens, starts with a letter and does not end with a hyphen";
        return Err(Error::invalid(property, rule));
    }
    if name.len() > longest {
        return Err(Error::invalid(property, format!("is at most {longest} characters long")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent() {
        let version = |it: &str| Version(it.to_owned());
        let sent = |old, new| changed(&version(old), &version(new));
        assert_eq!(sent("16.4", "16"), None);
        assert_eq!(sent("16.4", "16.4"), None);
        assert_eq!(sent("16.4", "16.6"), Some("16.6".to_owned()));
        assert_eq!(sent("16.4", "1"), Some("1".to_owned()));
        assert_eq!(changed(&Some(1), &None), None);
        assert_eq!(changed(&1, &2), Some(2));
        assert_eq!(changed(&None, &Some(2)), Some(2));
        let set = |of: &[&str]| -> Set<String> { of.iter().copied().collect() };
        assert_eq!(changed(&set(&["a", "b"]), &set(&["b", "a"])), None);
        assert_eq!(sent("6.2", "6.x"), None);
    }

    #[test]
    fn names() {
        assert!(check_name("identifier", "orders-1", 63).is_ok());
        for bad in ["", "1a", "a--b", "a-", "a_b", &"a".repeat(64)] {
            assert!(check_name("identifier", bad, 63).is_err(), "{bad}");
        }
    }
}
