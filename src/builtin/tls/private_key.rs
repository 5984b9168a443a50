//! `tls:index/privateKey:PrivateKey`. The id is the SHA-1 of the public key.

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use md5::Md5;
use rsa::pkcs8::LineEnding;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use super::key::Key;
use crate::{builtin::stream::Stream, provider::*};

pub(super) struct PrivateKey;

#[derive(Deserialize, Serialize, JsonSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("enum" = ["RSA", "ECDSA", "ED25519"], "replace" = true))]
    algorithm: String,
    #[serde(default = "bits")]
    #[schemars(range(min = 1024, max = 16_384), extend("replace" = true))]
    rsa_bits: u32,
    #[serde(default = "curve")]
    #[schemars(extend("enum" = ["P224", "P256", "P384", "P521"], "replace" = true))]
    ecdsa_curve: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    /// PKCS#1 of an RSA key, SEC 1 of an ECDSA key, PKCS#8 of an Ed25519 key.
    private_key_pem: Secret<String>,
    private_key_pem_pkcs8: Secret<String>,
    /// This and what follows is empty for P224, which OpenSSH does not know.
    private_key_openssh: Secret<String>,
    public_key_openssh: String,
    public_key_fingerprint_md5: String,
    public_key_fingerprint_sha256: String,
    public_key_pem: String,
}

fn bits() -> u32 {
    2048
}

fn curve() -> String {
    "P224".to_owned()
}

impl Local for PrivateKey {
    const TYPE: &'static str = "tls:index/privateKey:PrivateKey";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if !(1024..=16_384).contains(&new.rsa_bits) {
            return Err(Error::invalid("rsaBits", "is 1024 to 16384"));
        }
        Ok(())
    }

    fn make(lot: &Lot, inputs: &Inputs) -> Result<(String, Outputs)> {
        let mut stream = Stream::of(lot);
        let key = match inputs.algorithm.as_str() {
            "RSA" => Key::rsa(&mut stream, inputs.rsa_bits)?,
            "ECDSA" => Key::ecdsa(&mut stream, &inputs.ecdsa_curve)?,
            "ED25519" => Key::ed25519(&mut stream),
            _ => return Err(Error::invalid("algorithm", "is RSA, ECDSA or ED25519")),
        };
        let id = hex(&Sha1::digest(key.public_der()?.as_bytes()), "");
        let mut outputs = Outputs {
            inputs: inputs.clone(),
            private_key_pem: Secret(key.pem()?),
            private_key_pem_pkcs8: Secret(key.pkcs8()?),
            private_key_openssh: Secret(String::new()),
            public_key_openssh: String::new(),
            public_key_fingerprint_md5: String::new(),
            public_key_fingerprint_sha256: String::new(),
            public_key_pem: key.public_pem()?,
        };
        if let Some(ssh) = key.ssh()? {
            let unreadable = |error: ssh_key::Error| Error::failed(error.to_string());
            let public = ssh.public_key();
            let wire = public.to_bytes().map_err(unreadable)?;
            let private = ssh.to_openssh(LineEnding::LF).map_err(unreadable)?;
            let sha256 = BASE64_STANDARD_NO_PAD.encode(Sha256::digest(&wire));
            outputs.private_key_openssh = Secret(private.to_string());
            outputs.public_key_openssh = format!("{}\n", public.to_openssh().map_err(unreadable)?);
            outputs.public_key_fingerprint_md5 = hex(&Md5::digest(&wire), ":");
            outputs.public_key_fingerprint_sha256 = format!("SHA256:{sha256}");
        }
        Ok((id, outputs))
    }
}

fn hex(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::stream::lot;

    fn make(byte: u8, algorithm: &str, ecdsa_curve: &str) -> (String, Outputs) {
        let (algorithm, ecdsa_curve) = (algorithm.to_owned(), ecdsa_curve.to_owned());
        let inputs = Inputs { algorithm, rsa_bits: 2048, ecdsa_curve };
        PrivateKey::make(&lot(byte), &inputs).unwrap()
    }

    const KINDS: [(&str, &str); 6] = [
        ("RSA", "P224"),
        ("ECDSA", "P224"),
        ("ECDSA", "P256"),
        ("ECDSA", "P384"),
        ("ECDSA", "P521"),
        ("ED25519", "P224"),
    ];

    #[test]
    fn the_same_lot_makes_the_same_key() {
        for (algorithm, curve) in KINDS {
            let (one, again, other) =
                (make(1, algorithm, curve), make(1, algorithm, curve), make(2, algorithm, curve));
            let whole = |it: &(String, Outputs)| serde_json::to_string(&it.1).unwrap() + &it.0;
            assert_eq!(whole(&one), whole(&again));
            assert_ne!(one.1.private_key_pem, other.1.private_key_pem);
            assert_ne!(one.0, other.0);
        }
    }

    #[test]
    fn every_form_is_the_same_key() {
        for (algorithm, curve) in KINDS {
            let (_, made) = make(3, algorithm, curve);
            for pem in [&made.private_key_pem, &made.private_key_pem_pkcs8] {
                let read = Key::parse(&pem.0).unwrap();
                assert_eq!(read.algorithm(), algorithm);
                assert_eq!(read.public_pem().unwrap(), made.public_key_pem);
            }
            if (algorithm, curve) == ("ECDSA", "P224") {
                assert_eq!(made.public_key_openssh, "");
                continue;
            }
            let ssh = ssh_key::PrivateKey::from_openssh(&made.private_key_openssh.0).unwrap();
            let public = ssh_key::PublicKey::from_openssh(&made.public_key_openssh).unwrap();
            assert_eq!(ssh.public_key(), &public);
            let print = public.fingerprint(ssh_key::HashAlg::Sha256).to_string();
            assert_eq!(print, made.public_key_fingerprint_sha256);
            assert_eq!(made.public_key_fingerprint_md5.split(':').count(), 16);
        }
    }

    #[test]
    fn forms_are_the_usual_ones() {
        let first = |it: &Secret<String>| it.0.lines().next().unwrap_or_default().to_owned();
        let kinds = KINDS.map(|(algorithm, curve)| make(4, algorithm, curve).1);
        let firsts = kinds.iter().map(|it| first(&it.private_key_pem)).collect::<Vec<_>>();
        assert_eq!(firsts[0], "-----BEGIN RSA PRIVATE KEY-----");
        assert_eq!(firsts[2], "-----BEGIN EC PRIVATE KEY-----");
        assert_eq!(firsts[5], "-----BEGIN PRIVATE KEY-----");
        for it in &kinds {
            assert_eq!(first(&it.private_key_pem_pkcs8), "-----BEGIN PRIVATE KEY-----");
            assert!(it.public_key_pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
            assert!(it.private_key_pem.0.ends_with("-----\n"));
        }
    }
}
