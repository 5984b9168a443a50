//! Plain data that every layer shares. It imports nothing of ours and does
//! no IO.

pub mod call;
pub mod place;
pub mod plan;
pub mod schema;
pub mod stack;
pub mod urn;
pub mod value;

pub use call::Call;
pub use place::Place;
pub use plan::{Action, Change, ChangeKind, Op, Outcome, Plan, Row, Step, StepId};
pub use schema::Schema;
pub use stack::{Governed, ResourceState, Snapshot};
pub use urn::Urn;
pub use value::{Map, Value};
