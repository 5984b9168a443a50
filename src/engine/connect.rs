//! Connections to accounts and regions, made when first needed.

use std::{cell::RefCell, collections::BTreeMap};

use futures_util::future::BoxFuture;

use crate::provider::{Assets, Calls, Clients, Cx, Notes, Pace, Place, Result, Settings};

/// How to reach AWS, or what stands in for it.
pub type Connect =
    Box<dyn Fn(Settings) -> BoxFuture<'static, Result<(Clients, Place)>> + Send + Sync>;

pub struct Connections {
    connect: Connect,
    /// Every call that is made by these connections.
    pub calls: Calls,
    pub assets: Assets,
    /// `project/stack`, for the tags of what is made.
    pub stack: String,
    pub pace: Pace,
    /// What was made after this time (RFC 3339) may not show everywhere yet.
    pub young_since: String,
    known: RefCell<BTreeMap<Settings, (Clients, Place)>>,
    notes: Notes,
}

impl Connections {
    pub fn new(
        connect: Connect,
        calls: Calls,
        assets: Assets,
        stack: String,
        pace: Pace,
        young_since: String,
    ) -> Self {
        Self {
            connect,
            calls,
            assets,
            stack,
            pace,
            young_since,
            known: RefCell::default(),
            notes: Notes::default(),
        }
    }

    pub async fn get(&self, settings: &Settings) -> Result<(Clients, Place)> {
        // Tags do not make another connection.
        let key = Settings { default_tags: BTreeMap::new(), ..settings.clone() };
        if let Some(known) = self.known.borrow().get(&key) {
            return Ok(known.clone());
        }
        // Who we are is the first thing that AWS is asked.
        let (asking, connect) = (self.offline(), &self.connect);
        let made = asking.persist("", || connect(key.clone())).await?;
        self.known.borrow_mut().insert(key, made.clone());
        Ok(made)
    }

    /// Makes every connection anew when it is next needed: credentials were
    /// renewed.
    pub fn forget(&self) {
        self.known.borrow_mut().clear();
    }

    /// A view of the world without an operation, for reads.
    pub async fn cx(&self, settings: &Settings) -> Result<Cx> {
        let (aws, place) = self.get(settings).await?;
        Ok(Cx { default_tags: settings.default_tags.clone(), ..self.cx_of(aws, place) })
    }

    /// For types that live in the state only.
    pub fn offline(&self) -> Cx {
        self.cx_of(Clients::offline(), Place::default())
    }

    fn cx_of(&self, aws: Clients, place: Place) -> Cx {
        Cx {
            aws,
            calls: self.calls.clone(),
            assets: self.assets.clone(),
            place,
            default_tags: BTreeMap::new(),
            stack: self.stack.clone(),
            op: String::new(),
            seed: None,
            asked: None,
            limit: None,
            status: None,
            pace: self.pace,
            notes: self.notes.clone(),
        }
    }
}
