//! AWS KMS as a secrets provider, named as Pulumi names it:
//! `awskms://alias/NAME?region=eu-central-1`.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use url::Url;
use zeroize::Zeroizing;

use crate::{
    aws::{self, SealingKey},
    provider::{Calls, Error, Kind, Pace, Settings},
    store::{Key, KeyService, Refusal},
};

const SCHEME: &str = "awskms";

/// The AWS KMS that the environment leads to.
pub(super) struct Kms {
    /// `--local`: AWS is never asked.
    local: bool,
    pace: Pace,
    calls: Calls,
}

/// A key, and the account and region in which it is.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    key: SealingKey,
    region: Option<String>,
    profile: Option<String>,
}

pub(super) fn is_url(text: &str) -> bool {
    text.strip_prefix(SCHEME).is_some_and(|it| it.starts_with("://"))
}

/// Whether a URL names a key.
pub(super) fn check(url: &str) -> Result<(), String> {
    parse(url).map(drop)
}

/// `awskms://ID`, `awskms://alias/NAME` or `awskms:///ARN`, and then what else
/// there is to know.
fn parse(text: &str) -> Result<Named, String> {
    let wrong = |why: &str| format!("`{}` names no key of AWS KMS: {why}", text.escape_debug());
    let url = Url::parse(text).map_err(|it| wrong(&it.to_string()))?;
    let (host, path) = (url.host_str().unwrap_or_default(), url.path());
    let id = if host.is_empty() { path.trim_start_matches('/') } else { &format!("{host}{path}") };
    if id.is_empty() {
        return Err(wrong("an id, an alias or an ARN must follow"));
    }
    let key = SealingKey { id: id.to_owned(), context: BTreeMap::new() };
    let mut named = Named { key, region: None, profile: None };
    for (name, value) in url.query_pairs() {
        match (&*name, &*value) {
            ("region", region) => named.region = Some(region.to_owned()),
            ("profile", profile) => named.profile = Some(profile.to_owned()),
            // The version of the Go SDK, which there is none of here.
            ("awssdk", "v1" | "v2") => {}
            (other, value) => match other.strip_prefix("context_") {
                Some(of) => drop(named.key.context.insert(of.to_owned(), value.to_owned())),
                None => {
                    let known = "`region`, `profile`, `awssdk` and `context_NAME` are known";
                    return Err(wrong(&format!("`{other}` means nothing; {known}")));
                }
            },
        }
    }
    Ok(named)
}

impl Kms {
    pub(super) fn new(local: bool, pace: Pace, calls: &Calls) -> Self {
        Self { local, pace, calls: calls.clone() }
    }

    /// Asks, and waits for the answer: without its key, a command cannot do
    /// anything else.
    fn ask<T: Send>(
        &self,
        url: &str,
        question: impl AsyncFnOnce(&aws::Clients, &SealingKey) -> Result<T, Error> + Send,
    ) -> Result<T, Refusal> {
        if self.local {
            return Err("its key is in AWS KMS, and `--local` never asks AWS; use a stack of its own for the emulator".into());
        }
        let named = parse(url)?;
        let settings =
            Settings { region: named.region, profile: named.profile, ..Settings::default() };
        // Commands run within a runtime, in which nothing may block: hence one
        // of its own.
        let answer = std::thread::scope(|scope| {
            let asking = || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.map_err(|it| broken(&it.to_string()))?;
                runtime.block_on(async {
                    let clients = aws::reach(&settings, self.pace, &self.calls).await?;
                    question(&clients, &named.key).await
                })
            };
            let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
            let thread = thread.spawn_scoped(scope, asking);
            let thread = thread.map_err(|it| broken(&it.to_string()))?;
            thread.join().unwrap_or_else(|_| Err(broken("the question to AWS KMS broke off")))
        });
        Ok(answer?)
    }
}

/// The SDK's unoptimised frames are large.
const STACK_BYTES: usize = 16 << 20;

fn broken(why: &str) -> Error {
    Error::new(Kind::Broken, "", why)
}

impl KeyService for Kms {
    fn seal(&self, url: &str, key: &Key) -> Result<String, Refusal> {
        let sealed = self.ask(url, async |clients, with| aws::seal(clients, with, &key[..]).await);
        Ok(BASE64.encode(sealed?))
    }

    fn open(&self, url: &str, sealed: &str) -> Result<Key, Refusal> {
        let sealed = BASE64.decode(sealed).map_err(|_| "the sealed key is damaged")?;
        let opened = self.ask(url, async |clients, with| aws::unseal(clients, with, &sealed).await);
        let key = <[u8; 32]>::try_from(&opened?[..]).map(Zeroizing::new);
        Ok(key.map_err(|_| "what AWS KMS has opened is no key of 32 bytes")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_keys() {
        let id = |url| parse(url).map(|it| it.key.id);
        assert_eq!(id("awskms://1234-abcd?region=us-east-1").as_deref(), Ok("1234-abcd"));
        assert_eq!(id("awskms://alias/Orders/prod").as_deref(), Ok("alias/Orders/prod"));
        let arn = "arn:aws:kms:us-east-1:123456789012:key/1234-abcd";
        assert_eq!(id(&format!("awskms:///{arn}?region=us-east-1")).as_deref(), Ok(arn));

        let named =
            parse("awskms://a?region=eu-west-1&profile=shop&awssdk=v2&context_team=a%20b").unwrap();
        assert_eq!(named.region.as_deref(), Some("eu-west-1"));
        assert_eq!(named.profile.as_deref(), Some("shop"));
        assert_eq!(named.key.context, BTreeMap::from([("team".to_owned(), "a b".to_owned())]));

        insta::assert_snapshot!(
            parse("awskms://").unwrap_err(),
            @"`awskms://` names no key of AWS KMS: an id, an alias or an ARN must follow"
        );
        insta::assert_snapshot!(
            parse("awskms://a?regoin=x").unwrap_err(),
            @"`awskms://a?regoin=x` names no key of AWS KMS: `regoin` means nothing; `region`, `profile`, `awssdk` and `context_NAME` are known"
        );
        assert!(is_url("awskms://a") && !is_url("awskms") && !is_url("gcpkms://a"));
    }
}
