//! `aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream`. The id is the
//! stream's ARN.

use std::time::Duration;

use aws_sdk_firehose::types::{
    self as sdk, DeliveryStreamDescription as Live, DeliveryStreamEncryptionConfigurationInput,
    DeliveryStreamEncryptionStatus as Encryption, DeliveryStreamStatus as Status,
    DeliveryStreamType, SourceDescription, Tag,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING, check_name,
    delivery_parts::{ExtendedS3, HttpEndpoint, same_processing},
};
use crate::{
    aws::{
        error::{absent, if_seen, seen},
        twin::{Field as _, Moment, Twin as _, Word, twin},
    },
    model::{Map, Value},
    provider::*,
};

pub(super) struct FirehoseDeliveryStream;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 64, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "enum" = [EXTENDED_S3, HTTP_ENDPOINT]))]
    destination: String,
    extended_s3_configuration: Option<ExtendedS3>,
    http_endpoint_configuration: Option<HttpEndpoint>,
    #[schemars(extend("replace" = true))]
    kinesis_source_configuration: Option<KinesisSource>,
    #[schemars(extend("replace" = true))]
    msk_source_configuration: Option<MskSource>,
    server_side_encryption: Option<ServerSideEncryption>,
    #[serde(default)]
    tags: Tags,
}

const EXTENDED_S3: &str = "extended_s3";
const HTTP_ENDPOINT: &str = "http_endpoint";

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KinesisSource {
    #[schemars(extend("replace" = true))]
    kinesis_stream_arn: String,
    #[schemars(extend("replace" = true))]
    role_arn: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MskSource {
    #[schemars(extend("replace" = true))]
    authentication_configuration: Authentication,
    #[schemars(extend("replace" = true))]
    msk_cluster_arn: String,
    #[schemars(extend("replace" = true))]
    read_from_timestamp: Option<Moment>,
    #[schemars(extend("replace" = true))]
    topic_name: String,
}

twin! {
    Authentication = sdk::AuthenticationConfiguration {
        #[schemars(extend("replace" = true))]
        connectivity: Word<sdk::Connectivity> => connectivity, set_connectivity;
        #[schemars(extend("replace" = true))]
        role_arn: String => role_arn, set_role_arn;
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ServerSideEncryption {
    #[serde(default)]
    enabled: bool,
    key_arn: Option<String>,
    #[serde(default = "owned")]
    key_type: Word<sdk::KeyType>,
}

fn owned() -> Word<sdk::KeyType> {
    Word(sdk::KeyType::AwsOwnedCmk)
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    destination_id: String,
    /// Counts the changes of the destination.
    #[schemars(extend("volatile" = true))]
    version_id: String,
}

const TOLD: &str = "AWS chooses it: it is told, not set";
const ELSEWHERE: &str = "is not supported: streams go to `extended_s3` or `http_endpoint`; the services behind other destinations are no types here";

/// Takes a minute or two; with a Kinesis stream as its source a little more.
const LIMIT: Duration = Duration::from_secs(1800);

impl Resource for FirehoseDeliveryStream {
    const TYPE: &'static str = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("arn", "follows from `name`: it is told, not set"),
        ("destinationId", TOLD),
        ("elasticsearchConfiguration", ELSEWHERE),
        ("icebergConfiguration", ELSEWHERE),
        ("opensearchConfiguration", ELSEWHERE),
        ("opensearchserverlessConfiguration", ELSEWHERE),
        ("redshiftConfiguration", ELSEWHERE),
        ("snowflakeConfiguration", ELSEWHERE),
        ("splunkConfiguration", ELSEWHERE),
        ("versionId", TOLD),
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name, 64)?;
        let settings = [
            (EXTENDED_S3, "extendedS3Configuration", new.extended_s3_configuration.is_some()),
            (HTTP_ENDPOINT, "httpEndpointConfiguration", new.http_endpoint_configuration.is_some()),
        ];
        for (destination, property, given) in settings {
            if given != (new.destination == destination) {
                let rule = format!("goes together with `destination: {destination}`");
                return Err(Error::invalid(property, rule));
            }
        }
        if let Some(it) = &new.extended_s3_configuration {
            it.check()?;
        }
        if let Some(it) = &new.http_endpoint_configuration {
            it.check()?;
        }
        let sources =
            (new.kinesis_source_configuration.is_some(), new.msk_source_configuration.is_some());
        if sources == (true, true) {
            let rule = "excludes `kinesisSourceConfiguration`: a stream has one source";
            return Err(Error::invalid("mskSourceConfiguration", rule));
        }
        let Some(it) = new.server_side_encryption.as_ref().filter(|it| it.enabled) else {
            return Ok(());
        };
        if sources != (false, false) {
            let rule = "is for streams that are written to directly";
            return Err(Error::invalid("serverSideEncryption", rule));
        }
        if it.key_arn.is_some() != (it.key_type.0 == sdk::KeyType::CustomerManagedCmk) {
            let rule = "goes together with `keyType: CUSTOMER_MANAGED_CMK`";
            return Err(Error::invalid("serverSideEncryption.keyArn", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = Value::String(arn(place, name));
        Map::from([("id".to_owned(), arn.clone()), ("arn".to_owned(), arn)])
    }

    /// What is off is not told.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let off = wanted.get("enabled").and_then(Value::as_bool) == Some(false);
        match path.rsplit('.').next() {
            Some("processingConfiguration") => same_processing(wanted, live),
            Some(
                "dataFormatConversionConfiguration"
                | "dynamicPartitioningConfiguration"
                | "serverSideEncryption",
            ) => off && live.is_null(),
            _ => false,
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        // One that is on its way out holds the name.
        if described(cx, &new.name).await?.is_some_and(|it| deleting(&it)) {
            absence(cx, &new.name).await?;
        }
        let kind = match (&new.kinesis_source_configuration, &new.msk_source_configuration) {
            (Some(_), _) => DeliveryStreamType::KinesisStreamAsSource,
            (_, Some(_)) => DeliveryStreamType::MskAsSource,
            _ => DeliveryStreamType::DirectPut,
        };
        let s3 = new.extended_s3_configuration.as_ref().map(ExtendedS3::configuration);
        let http = new.http_endpoint_configuration.as_ref().map(HttpEndpoint::configuration);
        let kinesis = new.kinesis_source_configuration.as_ref().map(KinesisSource::sdk);
        let msk = new.msk_source_configuration.as_ref().map(MskSource::sdk);
        let encryption = new.server_side_encryption.as_ref().filter(|it| it.enabled);
        let call = cx.aws.firehose().create_delivery_stream().delivery_stream_name(&new.name);
        let call = call
            .delivery_stream_type(kind)
            .set_extended_s3_destination_configuration(s3.transpose()?)
            .set_http_endpoint_destination_configuration(http.transpose()?)
            .set_kinesis_stream_source_configuration(kinesis.transpose()?)
            .set_msk_source_configuration(msk.transpose()?)
            .set_delivery_stream_encryption_configuration_input(
                encryption.map(ServerSideEncryption::sdk).transpose()?,
            )
            .set_tags(Some(sdk_tags(cx.birth_tags(&new.tags))?));
        let made = Box::pin(call.send()).await;
        match made.map_err(Error::from) {
            Ok(reply) => reply.delivery_stream_arn.ok_or(Error::missing("DeliveryStreamARN")),
            Err(error) if error.is(&["ResourceInUseException"]) => {
                let found = Self::find(cx, new).await?;
                found.ok_or_else(|| Error::not_ours("a delivery stream of this name"))
            }
            Err(error) => Err(error),
        }
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let live = settled(cx, name(id)).await?;
        let Some(it) = live.delivery_stream_encryption_configuration else { return Ok(()) };
        match it.status {
            Some(bad @ (Encryption::DisablingFailed | Encryption::EnablingFailed)) => {
                let why = it.failure_description;
                let why = why.map_or_else(|| UNTOLD.to_owned(), |it| it.details);
                Err(Error::failed(format!("its encryption is `{bad}`: {why}")))
            }
            _ => Ok(()),
        }
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = described(cx, name(id)).await?.filter(|it| !deleting(it)) else {
            return Ok(None);
        };
        let tags = if cx.asks("tags") { tags(cx, name(id)).await? } else { Vec::new() };
        outputs(live, Tags::live(tags)).map(Some)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let name = name(id);
        let s3 = new.extended_s3_configuration.as_ref();
        let s3 = s3.filter(|it| old.extended_s3_configuration.as_ref() != Some(*it));
        let http = new.http_endpoint_configuration.as_ref();
        let http = http.filter(|it| old.http_endpoint_configuration.as_ref() != Some(*it));
        if s3.is_some() || http.is_some() {
            let live = settled(cx, name).await?;
            let s3 = s3.map(|it| it.update(old.extended_s3_configuration.as_ref()));
            let http = http.map(|it| it.update(old.http_endpoint_configuration.as_ref()));
            let call = cx.aws.firehose().update_destination().delivery_stream_name(name);
            let call = call
                .current_delivery_stream_version_id(live.version_id)
                .set_destination_id(
                    live.destinations.into_iter().next().map(|it| it.destination_id),
                )
                .set_extended_s3_destination_update(s3.transpose()?)
                .set_http_endpoint_destination_update(http.transpose()?);
            Box::pin(call.send()).await?;
        }
        let encrypted = |it: &Inputs| it.server_side_encryption.clone().filter(|it| it.enabled);
        if encrypted(old) != encrypted(new) {
            encrypt(cx, name, encrypted(new)).await?;
        }
        let (set, removed) = new.tags.since(&old.tags);
        if !set.is_empty() {
            let call = cx.aws.firehose().tag_delivery_stream().delivery_stream_name(name);
            call.set_tags(Some(sdk_tags(set)?)).send().await?;
        }
        if !removed.is_empty() {
            let call = cx.aws.firehose().untag_delivery_stream().delivery_stream_name(name);
            call.set_tag_keys(Some(removed)).send().await?;
        }
        Ok(())
    }

    /// By force: a KMS key or a role that is gone would hold it otherwise.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        if described(cx, name(id)).await?.is_none_or(|it| deleting(&it)) {
            return Ok(());
        }
        let call = cx.aws.firehose().delete_delivery_stream().delivery_stream_name(name(id));
        absent(call.allow_force_delete(true).send().await, MISSING)?;
        Ok(())
    }

    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        absence(cx, name(id)).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let tags = if_seen(tags(cx, &inputs.name).await)?.unwrap_or_default();
        Ok(cx.made(tags).then(|| arn(&cx.place, &inputs.name)))
    }
}

fn arn(place: &Place, name: &str) -> String {
    place.arn("firehose", &format!("deliverystream/{name}"))
}

fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn deleting(live: &Live) -> bool {
    live.delivery_stream_status == Status::Deleting
}

async fn described(cx: &Cx, name: &str) -> Result<Option<Live>> {
    let reply = cx.aws.firehose().describe_delivery_stream().delivery_stream_name(name);
    match absent(reply.send().await, MISSING)? {
        Some(it) => {
            let missing = Error::missing("DeliveryStreamDescription");
            it.delivery_stream_description.map(Some).ok_or(missing)
        }
        None => Ok(None),
    }
}

async fn absence(cx: &Cx, name: &str) -> Result<()> {
    let look = || async { Ok(described(cx, name).await?.is_none().then_some(())) };
    cx.wait("the delivery stream to be gone", LIMIT, look).await
}

/// Of a failure.
const UNTOLD: &str = "no reason is told";

/// As it is when neither it nor its encryption is on the way to be another.
/// That its encryption has failed keeps it from nothing, and least of all from
/// being encrypted otherwise.
async fn settled(cx: &Cx, name: &str) -> Result<Live> {
    let look = || async {
        let Some(live) = described(cx, name).await? else { return Ok(None) };
        let encryption = live.delivery_stream_encryption_configuration.as_ref();
        let failure = live.failure_description.as_ref();
        let why = failure.map_or(UNTOLD, |it| it.details.as_str());
        let encryption = encryption.and_then(|it| it.status.as_ref());
        match (&live.delivery_stream_status, encryption) {
            (bad @ (Status::CreatingFailed | Status::Deleting | Status::DeletingFailed), _) => {
                Err(Error::failed(format!("its status is `{bad}`: {why}")))
            }
            (Status::Active, Some(Encryption::Enabling | Encryption::Disabling)) => Ok(None),
            (Status::Active, _) => Ok(Some(live)),
            _ => Ok(None),
        }
    };
    cx.wait("the delivery stream to be active", LIMIT, look).await
}

async fn encrypt(cx: &Cx, name: &str, new: Option<ServerSideEncryption>) -> Result<()> {
    settled(cx, name).await?;
    match new {
        Some(it) => {
            let call = cx.aws.firehose().start_delivery_stream_encryption();
            let call = call.delivery_stream_name(name);
            call.delivery_stream_encryption_configuration_input(it.sdk()?).send().await?;
        }
        None => {
            let call = cx.aws.firehose().stop_delivery_stream_encryption();
            call.delivery_stream_name(name).send().await?;
        }
    }
    Ok(())
}

async fn tags(cx: &Cx, name: &str) -> Result<Vec<(String, String)>> {
    let mut all: Vec<(String, String)> = Vec::new();
    loop {
        let call = cx.aws.firehose().list_tags_for_delivery_stream().delivery_stream_name(name);
        let call = call.set_exclusive_start_tag_key(all.last().map(|(key, _)| key.clone()));
        let reply = seen(call.send().await, MISSING, "the delivery stream")?;
        let more = reply.has_more_tags && !reply.tags.is_empty();
        let tags = reply.tags.into_iter();
        all.extend(tags.map(|it| (it.key, it.value.unwrap_or_default())));
        if !more {
            return Ok(all);
        }
    }
}

fn sdk_tags(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<Tag>> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build().map_err(broken);
    tags.into_iter().map(tag).collect()
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Broken, "", error.to_string())
}

impl KinesisSource {
    fn sdk(&self) -> Result<sdk::KinesisStreamSourceConfiguration> {
        let source = sdk::KinesisStreamSourceConfiguration::builder();
        let source = source.kinesis_stream_arn(&self.kinesis_stream_arn).role_arn(&self.role_arn);
        source.build().map_err(broken)
    }

    fn live(it: sdk::KinesisStreamSourceDescription) -> Self {
        Self {
            kinesis_stream_arn: it.kinesis_stream_arn.unwrap_or_default(),
            role_arn: it.role_arn.unwrap_or_default(),
        }
    }
}

impl MskSource {
    fn sdk(&self) -> Result<sdk::MskSourceConfiguration> {
        let source = sdk::MskSourceConfiguration::builder();
        let source = source.msk_cluster_arn(&self.msk_cluster_arn).topic_name(&self.topic_name);
        source
            .authentication_configuration(self.authentication_configuration.to_sdk()?)
            .set_read_from_timestamp(self.read_from_timestamp.put()?)
            .build()
            .map_err(broken)
    }

    fn live(it: &sdk::MskSourceDescription) -> Result<Self> {
        let access = it.authentication_configuration.as_ref();
        let access = access.ok_or(Error::missing("AuthenticationConfiguration"))?;
        Ok(Self {
            authentication_configuration: Authentication::from_sdk(access)?,
            msk_cluster_arn: it.msk_cluster_arn.clone().unwrap_or_default(),
            read_from_timestamp: it.read_from_timestamp.map(Moment),
            topic_name: it.topic_name.clone().unwrap_or_default(),
        })
    }
}

impl ServerSideEncryption {
    fn sdk(&self) -> Result<DeliveryStreamEncryptionConfigurationInput> {
        let input = DeliveryStreamEncryptionConfigurationInput::builder();
        let input = input.key_type(self.key_type.0.clone()).set_key_arn(self.key_arn.clone());
        input.build().map_err(broken)
    }

    fn live(it: sdk::DeliveryStreamEncryptionConfiguration) -> Option<Self> {
        let on = [Encryption::Enabled, Encryption::Enabling];
        it.status.filter(|it| on.contains(it))?;
        Some(Self {
            enabled: true,
            key_arn: it.key_arn,
            key_type: it.key_type.map_or_else(owned, Word),
        })
    }
}

fn outputs(live: Live, tags: Tags) -> Result<Outputs> {
    let to = live.destinations.into_iter().next().ok_or(Error::missing("Destinations"))?;
    let source = live.source.unwrap_or_else(|| SourceDescription::builder().build());
    let s3 = to.extended_s3_destination_description;
    let http = to.http_endpoint_destination_description;
    // Only those two can be in a program; another was taken in by an import.
    let destination = match (&s3, &http) {
        (Some(_), _) => EXTENDED_S3,
        (_, Some(_)) => HTTP_ENDPOINT,
        _ => return Err(Error::failed("it delivers to what is not supported")),
    };
    let inputs = Inputs {
        name: live.delivery_stream_name,
        destination: destination.to_owned(),
        extended_s3_configuration: s3.map(ExtendedS3::live).transpose()?,
        http_endpoint_configuration: http.map(HttpEndpoint::live).transpose()?,
        kinesis_source_configuration: source
            .kinesis_stream_source_description
            .map(KinesisSource::live),
        msk_source_configuration: source
            .msk_source_description
            .as_ref()
            .map(MskSource::live)
            .transpose()?,
        server_side_encryption: live
            .delivery_stream_encryption_configuration
            .and_then(ServerSideEncryption::live),
        tags,
    };
    Ok(Outputs {
        inputs,
        arn: live.delivery_stream_arn,
        destination_id: to.destination_id,
        version_id: live.version_id,
    })
}
