//! What all parts of a bucket have in common: a call puts one whole, another
//! reads it, and most can be removed.

use std::{marker::PhantomData, time::Duration};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use super::{NO_BUCKET, serial};
use crate::{
    aws::twin::covers,
    model::{Map, Value},
    provider::*,
};

/// Whose part it is. The id is the bucket's name, with the account after a
/// comma where the program says who must own the bucket.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct At {
    pub(super) bucket: String,
    pub(super) owner: Option<String>,
}

impl At {
    pub(super) fn of(bucket: &str, owner: Option<&str>) -> Self {
        let owner = owner.filter(|it| !it.is_empty()).map(str::to_owned);
        Self { bucket: bucket.to_owned(), owner }
    }

    /// An id given with `import:` may have the ACL's short name at its end.
    fn parse(id: &str) -> Self {
        let mut words = id.split(',');
        let bucket = words.next().unwrap_or_default();
        let account = |it: &&str| !it.is_empty() && it.chars().all(|it| it.is_ascii_digit());
        Self::of(bucket, words.next().filter(account))
    }

    fn id(&self) -> String {
        match &self.owner {
            Some(owner) => format!("{},{owner}", self.bucket),
            None => self.bucket.clone(),
        }
    }
}

/// A part of a bucket as its file describes it.
pub(super) trait Part: Send + Sync + 'static {
    const TYPE: &'static str;
    const ALIASES: &'static [&'static str] = &[];
    const REFUSED: &'static [(&'static str, &'static str)] = &[];
    /// S3 hands it back as it was put, save for what it adds.
    const AS_PUT: bool = true;
    /// A new bucket has none: one that is there is somebody's.
    const TAKEN: Option<&'static str> = None;
    /// In how many looks, one after the other, it must show.
    const LOOKS: u32 = 1;

    type Inputs: Serialize + DeserializeOwned + JsonSchema + Send + Sync;
    type Outputs: Serialize + JsonSchema + Send;

    fn at(inputs: &Self::Inputs) -> At;

    fn check(_: &Self::Inputs) -> Result<()> {
        Ok(())
    }

    fn same(_path: &str, _wanted: &Value, _live: &Value) -> bool {
        false
    }

    /// `None` when the bucket has none.
    fn live(cx: &Cx, at: &At) -> impl Future<Output = Result<Option<Self::Outputs>>> + Send;

    fn put(cx: &Cx, at: &At, new: &Self::Inputs) -> impl Future<Output = Result<()>> + Send;

    fn remove(cx: &Cx, at: &At, last: &Self::Inputs) -> impl Future<Output = Result<()>> + Send;
}

pub(super) fn part<P: Part>() -> Box<dyn AnyResource> {
    resource::<Whole<P>>()
}

/// A part as a resource.
struct Whole<P>(PhantomData<fn() -> P>);

/// A part of a bucket that is not there is not there.
async fn live<P: Part>(cx: &Cx, at: &At) -> Result<Option<P::Outputs>> {
    match P::live(cx, at).await {
        Err(error) if error.is(NO_BUCKET) => Ok(None),
        reply => reply,
    }
}

impl<P: Part> Resource for Whole<P> {
    const TYPE: &'static str = P::TYPE;
    const ALIASES: &'static [&'static str] = P::ALIASES;
    const REFUSED: &'static [(&'static str, &'static str)] = P::REFUSED;
    const KEY: &'static [&'static str] = &["bucket"];
    type Inputs = P::Inputs;
    type Outputs = P::Outputs;

    fn check(new: &P::Inputs) -> Result<()> {
        P::check(new)
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let known = inputs.get("expectedBucketOwner").is_none_or(Value::is_known);
        match text("bucket") {
            Some(bucket) if known => {
                let id = At::of(bucket, text("expectedBucketOwner")).id();
                Map::from([("id".to_owned(), Value::String(id))])
            }
            _ => Map::new(),
        }
    }

    fn serial(inputs: &P::Inputs) -> Option<String> {
        Some(serial(&P::at(inputs).bucket))
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        P::same(path, wanted, live)
    }

    async fn create(cx: &Cx, new: &P::Inputs) -> Result<String> {
        let at = P::at(new);
        if let Some(what) = P::TAKEN
            && let Some(live) = live::<P>(cx, &at).await?
        {
            return if covers(&live, new)? { Ok(at.id()) } else { Err(Error::not_ours(what)) };
        }
        P::put(cx, &at, new).await?;
        Ok(at.id())
    }

    /// Other servers of S3 may answer with what was there before for seconds.
    async fn ready(cx: &Cx, id: &str, new: &P::Inputs) -> Result<()> {
        let at = At::parse(id);
        for looks in 0..P::LOOKS {
            if looks > 0 {
                cx.pause(looks).await;
            }
            let shows = || async {
                let Some(live) = live::<P>(cx, &at).await? else { return Ok(None) };
                Ok((!P::AS_PUT || covers(&live, new)?).then_some(()))
            };
            cx.wait("S3 to show it", Duration::from_secs(180), shows).await?;
        }
        Ok(())
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<P::Outputs>> {
        live::<P>(cx, &At::parse(id)).await
    }

    async fn update(cx: &Cx, id: &str, _: &P::Inputs, new: &P::Inputs) -> Result<()> {
        P::put(cx, &At::parse(id), new).await
    }

    async fn delete(cx: &Cx, id: &str, last: &P::Inputs) -> Result<()> {
        match P::remove(cx, &At::parse(id), last).await {
            Err(error) if error.is(NO_BUCKET) => Ok(()),
            reply => reply,
        }
    }

    /// No part bears a tag, but a bucket has one of each: what says the same
    /// is what this operation would make, and to put it again does no harm.
    async fn find(cx: &Cx, inputs: &P::Inputs) -> Result<Option<String>> {
        let at = P::at(inputs);
        let Some(live) = live::<P>(cx, &at).await? else { return Ok(None) };
        Ok(covers(&live, inputs)?.then(|| at.id()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_pulumi() {
        let owned = At::of("logs", Some("123456789012"));
        assert_eq!(owned.id(), "logs,123456789012");
        assert_eq!(At::parse("logs,123456789012"), owned);
        assert_eq!(At::parse("logs,123456789012,private"), owned);
        assert_eq!(At::parse("logs,private"), At::of("logs", None));
        assert_eq!(At::of("logs", Some("")).id(), "logs");
    }
}
