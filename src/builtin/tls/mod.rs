//! The `tls` package.

mod key;
mod private_key;
mod self_signed_cert;

use crate::provider::{AnyResource, local};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![local::<private_key::PrivateKey>(), local::<self_signed_cert::SelfSignedCert>()]
}
