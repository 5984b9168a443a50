//! `tls:index/selfSignedCert:SelfSignedCert`. The id is the serial number.

use std::{net::IpAddr, time::Duration};

use rsa::signature::Keypair;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};
use x509_cert::{
    TbsCertificate,
    attr::AttributeTypeAndValue,
    builder::{Builder as _, CertificateBuilder, profile::BuilderProfile},
    der::{
        self, Any, Decode as _, Document, Encode as _, EncodePem as _, Tag,
        asn1::{BitString, GeneralizedTime, Ia5String, OctetString},
        pem::LineEnding,
    },
    ext::{
        Extension,
        pkix::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
            SubjectAltName, SubjectKeyIdentifier, name::GeneralName,
        },
    },
    name::{Name, RdnSequence, RelativeDistinguishedName},
    serial_number::SerialNumber,
    spki::{
        self, AlgorithmIdentifierOwned, DynSignatureAlgorithmIdentifier, EncodePublicKey,
        ObjectIdentifier, SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef,
    },
    time::{Time, Validity},
};

use super::key::Key;
use crate::{
    builtin::{random::decimal, stream::Stream},
    provider::*,
};

pub(super) struct SelfSignedCert;

#[derive(Deserialize, Serialize, JsonSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// PKCS#8, PKCS#1 or SEC 1.
    #[schemars(extend("replace" = true))]
    private_key_pem: Secret<String>,
    #[schemars(extend("replace" = true))]
    subject: Option<Subject>,
    #[schemars(extend("replace" = true))]
    dns_names: Option<Vec<String>>,
    #[schemars(extend("replace" = true))]
    ip_addresses: Option<Vec<String>>,
    #[schemars(extend("replace" = true))]
    uris: Option<Vec<String>>,
    #[schemars(extend("replace" = true))]
    allowed_uses: Vec<String>,
    #[schemars(range(min = 0), extend("replace" = true))]
    validity_period_hours: i64,
    /// How long before its end a certificate counts as ready for renewal.
    #[serde(default)]
    #[schemars(range(min = 0))]
    early_renewal_hours: i64,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    is_ca_certificate: bool,
    /// Of a CA only: how many more may follow it; any number, when not given.
    #[schemars(range(min = -1, max = 255), extend("replace" = true))]
    max_path_length: Option<i32>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    set_subject_key_id: bool,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    set_authority_key_id: bool,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Subject {
    common_name: Option<String>,
    country: Option<String>,
    email_address: Option<String>,
    locality: Option<String>,
    organization: Option<String>,
    organizational_unit: Option<String>,
    postal_code: Option<String>,
    province: Option<String>,
    serial_number: Option<String>,
    street_addresses: Option<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    cert_pem: String,
    key_algorithm: String,
    validity_start_time: String,
    validity_end_time: String,
    /// As of when it was made.
    ready_for_renewal: bool,
}

impl Local for SelfSignedCert {
    const TYPE: &'static str = "tls:index/selfSignedCert:SelfSignedCert";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        uses(&new.allowed_uses)?;
        names(new)?;
        subject(new)?;
        if new.validity_period_hours < 0 {
            return Err(Error::invalid("validityPeriodHours", "is 0 or more"));
        }
        path_length(new)?;
        Ok(())
    }

    fn make(lot: &Lot, inputs: &Inputs) -> Result<(String, Outputs)> {
        let forms = "is not a private key in PEM (PKCS#8, PKCS#1 or SEC 1)";
        let key = Key::parse(&inputs.private_key_pem.0)
            .ok_or_else(|| Error::invalid("privateKeyPem", forms))?;
        let too_long = |_| Error::invalid("validityPeriodHours", "ends after the year 9999");
        let hours = |count: i64| count.saturating_mul(3600);
        let end = lot.now.saturating_add(hours(inputs.validity_period_hours));
        let validity =
            Validity::new(time(lot.now).map_err(too_long)?, time(end).map_err(too_long)?);
        // Positive, as a serial number must be.
        let mut serial: [u8; 16] = Stream::of(lot).array();
        serial[0] = serial[0] & 0x7f | 0x40;
        let profile = Profile { inputs, subject: subject(inputs)? };
        let signer = Signer { key: &key, public: key.public_der()? };
        let cert_pem = sign(profile, &signer, &serial, validity)
            .map_err(|error| Error::failed(format!("cannot make the certificate: {error}")))?;
        let early = hours(inputs.early_renewal_hours);
        let outputs = Outputs {
            inputs: inputs.clone(),
            cert_pem,
            key_algorithm: key.algorithm().to_owned(),
            validity_start_time: validity.not_before.to_string(),
            validity_end_time: validity.not_after.to_string(),
            ready_for_renewal: end.saturating_sub(early) <= lot.now,
        };
        Ok((decimal(&serial), outputs))
    }
}

fn time(seconds: i64) -> der::Result<Time> {
    let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    Ok(Time::GeneralTime(GeneralizedTime::from_unix_duration(seconds)?))
}

type Broken = x509_cert::builder::Error;
type Built<T> = std::result::Result<T, Broken>;

fn sign(
    profile: Profile<'_>,
    signer: &Signer<'_>,
    serial: &[u8],
    validity: Validity,
) -> Built<String> {
    let public = SubjectPublicKeyInfoOwned::from_der(signer.public.as_bytes())?;
    let serial = SerialNumber::new(serial)?;
    let mut builder = CertificateBuilder::new(profile, serial, validity, public)?;
    let text = builder.finalize(signer)?;
    let signature = signer.key.sign(&text).map_err(|_| rsa::signature::Error::new())?;
    let certificate = builder.assemble(BitString::from_bytes(&signature)?, signer)?;
    Ok(certificate.to_pem(LineEnding::LF)?)
}

/// A key as the builder of certificates wants it: to name its algorithm. It
/// signs by itself.
struct Signer<'a> {
    key: &'a Key,
    public: Document,
}

#[derive(Clone)]
struct Public(Document);

impl Keypair for Signer<'_> {
    type VerifyingKey = Public;

    fn verifying_key(&self) -> Public {
        Public(self.public.clone())
    }
}

impl EncodePublicKey for Public {
    fn to_public_key_der(&self) -> spki::Result<Document> {
        Ok(self.0.clone())
    }
}

impl DynSignatureAlgorithmIdentifier for Signer<'_> {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        Ok(self.key.signature_algorithm())
    }
}

struct Profile<'a> {
    inputs: &'a Inputs,
    subject: Name,
}

impl BuilderProfile for Profile<'_> {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        public: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> Built<Vec<Extension>> {
        let it = self.inputs;
        // What `check` has looked at already.
        let told = |error: Error| {
            drop(error);
            Broken::MissingAttributes
        };
        let (usages, extended) = uses(&it.allowed_uses).map_err(told)?;
        let names = names(it).map_err(told)?;
        let id = OctetString::new(Sha1::digest(public.subject_public_key.raw_bytes()).to_vec())?;
        let mut all = Vec::new();
        let mut add = |critical: bool, extn_id: ObjectIdentifier, value: der::Result<Vec<u8>>| {
            let extn_value = OctetString::new(value?)?;
            all.push(Extension { extn_id, critical, extn_value });
            der::Result::Ok(())
        };
        let oid = ObjectIdentifier::new_unwrap;
        if let Some(first) = usages.first() {
            let set = usages.iter().fold((*first).into(), |set, it| set | *it);
            add(true, oid("2.5.29.15"), KeyUsage(set).to_der())?;
        }
        if !extended.is_empty() {
            add(false, oid("2.5.29.37"), ExtendedKeyUsage(extended).to_der())?;
        }
        let path_len_constraint = path_length(it).map_err(told)?;
        let basic = BasicConstraints { ca: it.is_ca_certificate, path_len_constraint };
        add(true, oid("2.5.29.19"), basic.to_der())?;
        if it.set_subject_key_id || it.is_ca_certificate {
            add(false, oid("2.5.29.14"), SubjectKeyIdentifier(id.clone()).to_der())?;
        }
        if it.set_authority_key_id {
            let issuer = AuthorityKeyIdentifier { key_identifier: Some(id), ..Default::default() };
            add(false, oid("2.5.29.35"), issuer.to_der())?;
        }
        if !names.is_empty() {
            add(self.subject.is_empty(), oid("2.5.29.17"), SubjectAltName(names).to_der())?;
        }
        Ok(all)
    }
}

fn path_length(it: &Inputs) -> Result<Option<u8>> {
    match it.max_path_length {
        Some(length) if length >= 0 && it.is_ca_certificate => {
            let length = u8::try_from(length);
            length.map(Some).map_err(|_| Error::invalid("maxPathLength", "is 255 at most"))
        }
        _ => Ok(None),
    }
}

fn ia5(property: &str, text: &str) -> Result<Ia5String> {
    let rule = format!("`{text}` has letters beyond ASCII");
    Ia5String::new(text).map_err(|_| Error::invalid(property, rule))
}

fn names(it: &Inputs) -> Result<Vec<GeneralName>> {
    let mut all = Vec::new();
    for name in it.dns_names.iter().flatten() {
        all.push(GeneralName::DnsName(ia5("dnsNames", name)?));
    }
    for address in it.ip_addresses.iter().flatten() {
        let rule = || Error::invalid("ipAddresses", format!("`{address}` is not an IP address"));
        all.push(address.parse::<IpAddr>().map_err(|_| rule())?.into());
    }
    for uri in it.uris.iter().flatten() {
        all.push(GeneralName::UniformResourceIdentifier(ia5("uris", uri)?));
    }
    Ok(all)
}

/// In the order that Go's package, and so Pulumi's certificates, have.
fn subject(it: &Inputs) -> Result<Name> {
    let it = it.subject.clone().unwrap_or_default();
    let mut parts: Vec<(&str, Option<String>)> = vec![
        ("2.5.4.6", it.country),
        ("2.5.4.10", it.organization),
        ("2.5.4.11", it.organizational_unit),
        ("2.5.4.7", it.locality),
        ("2.5.4.8", it.province),
    ];
    let streets = it.street_addresses.unwrap_or_default();
    parts.extend(streets.into_iter().map(|it| ("2.5.4.9", Some(it))));
    parts.extend([
        ("2.5.4.17", it.postal_code),
        ("2.5.4.3", it.common_name),
        ("2.5.4.5", it.serial_number),
        (EMAIL, it.email_address),
    ]);
    let mut sequence = RdnSequence::default();
    for (oid, text) in parts {
        let Some(text) = text.filter(|it| !it.is_empty()) else { continue };
        let broken = |_| Error::invalid("subject", format!("`{text}` cannot be written"));
        let value = Any::new(tag(oid, &text), text.as_bytes()).map_err(broken)?;
        let mut part = RelativeDistinguishedName::default();
        let oid = ObjectIdentifier::new_unwrap(oid);
        part.insert(AttributeTypeAndValue { oid, value }).map_err(broken)?;
        sequence.push(part);
    }
    let name = sequence.to_der().and_then(|it| Name::from_der(&it));
    name.map_err(|error| Error::invalid("subject", error.to_string()))
}

const EMAIL: &str = "1.2.840.113549.1.9.1";

fn tag(oid: &str, text: &str) -> Tag {
    let printable = |it: char| it.is_ascii_alphanumeric() || " '()+,-./:=?".contains(it);
    if oid == EMAIL && text.is_ascii() {
        Tag::Ia5String
    } else if text.chars().all(printable) {
        Tag::PrintableString
    } else {
        Tag::Utf8String
    }
}

fn uses(named: &[String]) -> Result<(Vec<KeyUsages>, Vec<ObjectIdentifier>)> {
    let mut usages = Vec::new();
    let mut extended = Vec::new();
    for name in named {
        let usage = USAGES.iter().find(|it| it.0 == name).map(|it| it.1);
        let other = EXTENDED.iter().find(|it| it.0 == name).map(|it| it.1);
        match (usage, other) {
            (Some(usage), _) => usages.push(usage),
            (None, Some(oid)) => extended.push(ObjectIdentifier::new_unwrap(oid)),
            (None, None) => {
                let all = USAGES.iter().map(|it| it.0).chain(EXTENDED.iter().map(|it| it.0));
                let all = all.collect::<Vec<_>>().join(", ");
                let rule = format!("`{name}` is none of: {all}");
                return Err(Error::invalid("allowedUses", rule));
            }
        }
    }
    Ok((usages, extended))
}

const USAGES: &[(&str, KeyUsages)] = &[
    ("digital_signature", KeyUsages::DigitalSignature),
    ("content_commitment", KeyUsages::NonRepudiation),
    ("key_encipherment", KeyUsages::KeyEncipherment),
    ("data_encipherment", KeyUsages::DataEncipherment),
    ("key_agreement", KeyUsages::KeyAgreement),
    ("cert_signing", KeyUsages::KeyCertSign),
    ("crl_signing", KeyUsages::CRLSign),
    ("encipher_only", KeyUsages::EncipherOnly),
    ("decipher_only", KeyUsages::DecipherOnly),
];

const EXTENDED: &[(&str, &str)] = &[
    ("any_extended", "2.5.29.37.0"),
    ("server_auth", "1.3.6.1.5.5.7.3.1"),
    ("client_auth", "1.3.6.1.5.5.7.3.2"),
    ("code_signing", "1.3.6.1.5.5.7.3.3"),
    ("email_protection", "1.3.6.1.5.5.7.3.4"),
    ("ipsec_end_system", "1.3.6.1.5.5.7.3.5"),
    ("ipsec_tunnel", "1.3.6.1.5.5.7.3.6"),
    ("ipsec_user", "1.3.6.1.5.5.7.3.7"),
    ("timestamping", "1.3.6.1.5.5.7.3.8"),
    ("ocsp_signing", "1.3.6.1.5.5.7.3.9"),
    ("microsoft_server_gated_crypto", "1.3.6.1.4.1.311.10.3.3"),
    ("netscape_server_gated_crypto", "2.16.840.1.113730.4.1"),
    ("microsoft_commercial_code_signing", "1.3.6.1.4.1.311.2.1.22"),
    ("microsoft_kernel_code_signing", "1.3.6.1.4.1.311.61.1.1"),
];

#[cfg(test)]
mod tests {
    use x509_cert::{Certificate, der::DecodePem as _};

    use super::*;
    use crate::builtin::stream::lot;

    fn inputs(key: &Key) -> Inputs {
        serde_json::from_value(serde_json::json!({
            "privateKeyPem": key.pem().unwrap(),
            "subject": {
                "commonName": "orders.example.com",
                "organization": "Ördung & Söhne",
                "country": "DE",
                "emailAddress": "ops@example.com",
                "streetAddresses": ["Hauptstraße 1", "2nd floor"],
            },
            "dnsNames": ["orders.example.com", "*.example.com"],
            "ipAddresses": ["10.0.0.1", "::1"],
            "uris": ["spiffe://example.com/orders"],
            "allowedUses": ["digital_signature", "key_encipherment", "cert_signing", "server_auth"],
            "validityPeriodHours": 24,
            "isCaCertificate": true,
            "maxPathLength": 0,
            "setAuthorityKeyId": true,
        }))
        .unwrap()
    }

    fn keys() -> Vec<Key> {
        let mut stream = Stream::of(&lot(7));
        let curves = ["P224", "P256", "P384", "P521"];
        let mut all: Vec<Key> =
            curves.iter().map(|it| Key::ecdsa(&mut stream, it).unwrap()).collect();
        all.push(Key::ed25519(&mut stream));
        all.push(Key::rsa(&mut stream, 2048).unwrap());
        all
    }

    #[test]
    fn every_kind_of_key_signs_a_certificate_that_reads_back() {
        for key in keys() {
            let (id, made) = SelfSignedCert::make(&lot(8), &inputs(&key)).unwrap();
            let again = SelfSignedCert::make(&lot(8), &inputs(&key)).unwrap();
            assert_eq!((&id, &made.cert_pem), (&again.0, &again.1.cert_pem));
            assert_eq!(made.key_algorithm, key.algorithm());
            assert_eq!(made.validity_start_time, "2023-11-14T22:13:20Z");
            assert_eq!(made.validity_end_time, "2023-11-15T22:13:20Z");
            assert!(!made.ready_for_renewal);

            let read = Certificate::from_pem(&made.cert_pem).unwrap();
            let body = read.tbs_certificate();
            assert_eq!(decimal(body.serial_number().as_bytes()), id);
            assert_eq!(body.subject(), body.issuer());
            assert!(body.subject().to_string().contains("CN=orders.example.com"));
            assert_eq!(
                body.subject_public_key_info().to_der().unwrap(),
                key.public_der().unwrap().as_bytes()
            );
            let text = body.to_der().unwrap();
            assert_eq!(read.signature().raw_bytes(), key.sign(&text).unwrap());
            let (critical, basic): (bool, BasicConstraints) =
                body.get_extension().unwrap().unwrap();
            assert!(critical && basic.ca && basic.path_len_constraint == Some(0));
            let (_, names): (bool, SubjectAltName) = body.get_extension().unwrap().unwrap();
            assert_eq!(names.0.len(), 5);
            let (_, usage): (bool, KeyUsage) = body.get_extension().unwrap().unwrap();
            assert!(usage.digital_signature() && usage.key_cert_sign() && !usage.crl_sign());
            let (_, own): (bool, SubjectKeyIdentifier) = body.get_extension().unwrap().unwrap();
            let (_, issuer): (bool, AuthorityKeyIdentifier) =
                body.get_extension().unwrap().unwrap();
            assert_eq!(Some(own.0), issuer.key_identifier);
        }
    }

    #[test]
    fn a_name_or_none_will_do() {
        let key = Key::ed25519(&mut Stream::of(&lot(9)));
        let plain = Inputs {
            subject: None,
            is_ca_certificate: false,
            allowed_uses: vec![],
            early_renewal_hours: 24,
            ..inputs(&key)
        };
        let (_, made) = SelfSignedCert::make(&lot(9), &plain).unwrap();
        assert!(made.ready_for_renewal);
        let read = Certificate::from_pem(&made.cert_pem).unwrap();
        let (critical, names): (bool, SubjectAltName) =
            read.tbs_certificate().get_extension().unwrap().unwrap();
        assert!(critical && names.0.len() == 5);
        assert!(read.tbs_certificate().get_extension::<KeyUsage>().unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let key = Key::ed25519(&mut Stream::of(&lot(9)));
        let refused = [
            Inputs { allowed_uses: vec!["fishing".to_owned()], ..inputs(&key) },
            Inputs { ip_addresses: Some(vec!["10.0.0".to_owned()]), ..inputs(&key) },
            Inputs { dns_names: Some(vec!["ä.example.com".to_owned()]), ..inputs(&key) },
            Inputs { max_path_length: Some(256), ..inputs(&key) },
        ];
        assert!(refused.iter().all(|it| SelfSignedCert::check(it).is_err()));
        let it = Inputs { private_key_pem: Secret("x".to_owned()), ..inputs(&key) };
        assert!(SelfSignedCert::make(&lot(1), &it).is_err());
        let it = Inputs { validity_period_hours: i64::MAX, ..inputs(&key) };
        assert!(SelfSignedCert::make(&lot(1), &it).is_err());
    }
}
