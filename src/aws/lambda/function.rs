//! `aws:lambda/function:Function`. The id is the function's name.

use std::time::Duration;

use aws_sdk_lambda::{
    operation::get_function::GetFunctionOutput,
    types::{self as sdk, FunctionCode, FunctionConfiguration, LastUpdateStatus, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING, change, described, function_arn,
    function_parts::{
        DeadLetter, Durable, Environment, FileSystem, Image, Logging, SnapStart, Storage, Tenancy,
        Tracing, Vpc,
    },
    invoke_arn, name_of, retag, streaming_arn, zip,
};
use crate::{
    aws::error::{absent, seen},
    model::{Map, Value},
    provider::*,
};

pub(super) struct Function;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("computed" = true))]
    architectures: Option<Vec<String>>,
    /// What is live is known by its hash: code that somebody else uploads is drift.
    code: Option<Archive>,
    #[schemars(extend("computed" = true, "volatile" = true))]
    code_sha256: Option<String>,
    code_signing_config_arn: Option<String>,
    dead_letter_config: Option<DeadLetter>,
    #[serde(default)]
    description: String,
    durable_config: Option<Durable>,
    environment: Option<Environment>,
    #[schemars(extend("computed" = true))]
    ephemeral_storage: Option<Storage>,
    file_system_config: Option<FileSystem>,
    handler: Option<String>,
    image_config: Option<Image>,
    image_uri: Option<String>,
    kms_key_arn: Option<String>,
    layers: Option<Vec<String>>,
    #[schemars(extend("computed" = true))]
    logging_config: Option<Logging>,
    #[serde(default = "int::<128>")]
    #[schemars(range(min = 128, max = 10_240))]
    memory_size: i32,
    #[schemars(extend("autoname" = 64, "replace" = true))]
    name: String,
    #[serde(default = "zipped")]
    #[schemars(extend("replace" = true, "enum" = ["Zip", "Image"]))]
    package_type: String,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    publish: bool,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    replace_security_groups_on_destroy: bool,
    /// The VPC's default group, when none is given.
    #[schemars(extend("writeOnly" = true))]
    replacement_security_group_ids: Option<Set<String>>,
    /// -1 is no reservation.
    #[serde(default = "unreserved")]
    #[schemars(range(min = -1))]
    reserved_concurrent_executions: i32,
    role: String,
    runtime: Option<String>,
    #[schemars(extend("writeOnly" = true))]
    s3_bucket: Option<String>,
    #[schemars(extend("writeOnly" = true))]
    s3_key: Option<String>,
    #[schemars(extend("writeOnly" = true))]
    s3_object_version: Option<String>,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    skip_destroy: bool,
    snap_start: Option<SnapStart>,
    /// A change of it uploads the code again, whatever it is a hash of.
    #[schemars(extend("writeOnly" = true))]
    source_code_hash: Option<String>,
    source_kms_key_arn: Option<String>,
    #[serde(default)]
    tags: Tags,
    #[schemars(extend("replace" = true))]
    tenancy_config: Option<Tenancy>,
    #[serde(default = "int::<3>")]
    #[schemars(range(min = 1, max = 900))]
    timeout: i32,
    #[schemars(extend("computed" = true))]
    tracing_config: Option<Tracing>,
    vpc_config: Option<Vpc>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    invoke_arn: String,
    #[schemars(extend("volatile" = true))]
    last_modified: Option<String>,
    #[schemars(extend("volatile" = true))]
    qualified_arn: Option<String>,
    #[schemars(extend("volatile" = true))]
    qualified_invoke_arn: Option<String>,
    response_streaming_invoke_arn: String,
    #[schemars(extend("volatile" = true))]
    signing_job_arn: Option<String>,
    #[schemars(extend("volatile" = true))]
    signing_profile_version_arn: Option<String>,
    #[schemars(extend("volatile" = true))]
    source_code_size: i64,
    /// The newest that was published, or `$LATEST`.
    #[schemars(extend("volatile" = true))]
    version: Option<String>,
}

fn zipped() -> String {
    "Zip".to_owned()
}

fn unreserved() -> i32 {
    -1
}

const LATEST: &str = "$LATEST";

/// A first function in a subnet waits for a network interface, and a large
/// image is optimised.
const READY: Duration = Duration::from_secs(600);

impl Resource for Function {
    const TYPE: &'static str = "aws:lambda/function:Function";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        (
            "capacityProviderConfig",
            "needs a capacity provider of Lambda, and there is no such type here",
        ),
        ("publishTo", "is for functions on a capacity provider, and there is no such type here"),
        (
            "useResourceTimeoutForPropagation",
            "is not needed: what a new role makes Lambda refuse is repeated anyway, and `customTimeouts` sets how long",
        ),
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let given = [new.code.is_some(), new.s3_bucket.is_some(), new.image_uri.is_some()];
        if given.into_iter().filter(|it| *it).count() != 1 {
            let rule = "or `s3Bucket` or `imageUri`: a function's code comes from one place";
            return Err(Error::invalid("code", rule));
        }
        if new.s3_bucket.is_some() != new.s3_key.is_some() {
            return Err(Error::invalid("s3Key", "belongs to `s3Bucket`, and that to it"));
        }
        let image = new.package_type == "Image";
        if image != new.image_uri.is_some() {
            return Err(Error::invalid("packageType", "is Image with `imageUri`, and only then"));
        }
        let zip_only = [
            ("handler", new.handler.is_some()),
            ("runtime", new.runtime.is_some()),
            ("layers", new.layers.is_some()),
        ];
        if let Some((property, _)) = zip_only.into_iter().find(|(_, set)| *set && image) {
            return Err(Error::invalid(property, "is part of the image"));
        }
        if !image && (new.handler.is_none() || new.runtime.is_none()) {
            let missing = if new.handler.is_none() { "handler" } else { "runtime" };
            return Err(Error::invalid(missing, "is needed for code that is no image"));
        }
        let told = [
            ("vpcConfig.vpcId", new.vpc_config.as_ref().is_some_and(|it| it.vpc_id.is_some())),
            (
                "snapStart.optimizationStatus",
                new.snap_start.as_ref().is_some_and(|it| it.optimization_status.is_some()),
            ),
        ];
        if let Some((property, _)) = told.into_iter().find(|(_, set)| *set) {
            return Err(Error::invalid(property, "is told by AWS, not to it"));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = function_arn(place, name);
        let invoke = [
            ("invokeArn", invoke_arn(place, &arn)),
            ("responseStreamingInvokeArn", streaming_arn(place, &arn)),
            ("arn", arn),
            ("id", name.to_owned()),
        ];
        invoke.map(|(key, it)| (key.to_owned(), Value::String(it))).into()
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        super::serial(&inputs.name)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let code = FunctionCode::builder()
            .set_zip_file(zip(cx, new.code.as_ref()).await?)
            .set_s3_bucket(new.s3_bucket.clone())
            .set_s3_key(new.s3_key.clone())
            .set_s3_object_version(new.s3_object_version.clone())
            .set_image_uri(new.image_uri.clone())
            .set_source_kms_key_arn(new.source_kms_key_arn.clone())
            .build();
        let tags = cx.birth_tags(&new.tags).into_iter().collect();
        let call = configure!(cx.aws.lambda().create_function(), None::<&Inputs>, new);
        call.code(code)
            .package_type(new.package_type.as_str().into())
            .publish(new.publish)
            .set_architectures(architectures(new))
            .set_code_signing_config_arn(new.code_signing_config_arn.clone())
            .set_tenancy_config(new.tenancy_config.as_ref().map(Tenancy::sdk).transpose()?)
            .set_tags(Some(tags))
            .send()
            .await?;
        Ok(new.name.clone())
    }

    async fn finish(cx: &Cx, name: &str, new: &Inputs) -> Result<()> {
        if new.reserved_concurrent_executions < 0 {
            return Ok(());
        }
        settle(cx, name, None).await?;
        reserve(cx, name, new.reserved_concurrent_executions).await
    }

    async fn ready(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        settle(cx, name, None).await
    }

    async fn read(cx: &Cx, name: &str) -> Result<Option<Outputs>> {
        let Some(live) = described(cx, name, None).await? else { return Ok(None) };
        let deleting = |it: &FunctionConfiguration| it.state == Some(State::Deleting);
        if live.configuration.as_ref().is_some_and(deleting) {
            return Ok(None);
        }
        let signing = match cx.asks("codeSigningConfigArn") {
            true => signing(cx, name).await?,
            false => None,
        };
        let versioned = ["version", "qualifiedArn", "qualifiedInvokeArn"];
        let version = match versioned.into_iter().any(|it| cx.asks(it)) {
            true => Some(newest(cx, name).await?),
            false => None,
        };
        outputs(cx, live, signing, version).map(Some)
    }

    async fn update(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        // The one before may have been cut off with a change still under way; one
        // that failed is what this may repair.
        let idle = || async {
            let live = described(cx, name, None).await?.and_then(|it| it.configuration);
            Ok(live.is_some_and(|it| !is_busy(&it)).then_some(()))
        };
        cx.wait("the change before to end", READY, idle).await?;
        let coded = code(old) != code(new);
        if coded {
            let call = cx.aws.lambda().update_function_code().function_name(name);
            call.set_zip_file(zip(cx, new.code.as_ref()).await?)
                .set_s3_bucket(new.s3_bucket.clone())
                .set_s3_key(new.s3_key.clone())
                .set_s3_object_version(new.s3_object_version.clone())
                .set_image_uri(new.image_uri.clone())
                .set_source_kms_key_arn(new.source_kms_key_arn.clone())
                .set_architectures(architectures(new))
                .send()
                .await?;
            settle(cx, name, None).await?;
        }
        let configured = configuration(old) != configuration(new);
        if configured {
            let call = cx.aws.lambda().update_function_configuration();
            configure!(call, Some(old), new).send().await?;
            settle(cx, name, None).await?;
        }
        if new.publish && (coded || configured || !old.publish) {
            let reply = cx.aws.lambda().publish_version().function_name(name).send().await?;
            settle(cx, name, reply.version.as_deref()).await?;
        }
        if old.reserved_concurrent_executions != new.reserved_concurrent_executions {
            reserve(cx, name, new.reserved_concurrent_executions).await?;
        }
        if old.code_signing_config_arn != new.code_signing_config_arn {
            sign(cx, name, new.code_signing_config_arn.as_deref()).await?;
        }
        retag(cx, &function_arn(&cx.place, name_of(name)), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, name: &str, last: &Inputs) -> Result<()> {
        if last.skip_destroy {
            return Ok(());
        }
        if last.replace_security_groups_on_destroy {
            leave_groups(cx, name, last).await?;
        }
        absent(cx.aws.lambda().delete_function().function_name(name).send().await, MISSING)?;
        Ok(())
    }

    /// Only while it is being deleted: one that is to stay (`skipDestroy`) does.
    async fn gone(cx: &Cx, name: &str) -> Result<()> {
        let look = || async {
            let live = described(cx, name, None).await?.and_then(|it| it.configuration);
            let state = live.and_then(|it| it.state);
            Ok((state != Some(State::Deleting)).then_some(()))
        };
        cx.wait("the function to be gone", READY, look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = described(cx, &inputs.name, None).await?;
        let tags = live.and_then(|it| it.tags).unwrap_or_default();
        Ok(cx.made(tags).then(|| inputs.name.clone()))
    }
}

/// The settings that a create and an update of the configuration share.
macro_rules! configure {
    ($call:expr, $old:expr, $new:expr) => {{
        let (old, new) = ($old, $new);
        let text = |it: &String| it.clone();
        let storage = new.ephemeral_storage.as_ref().map(Storage::sdk).transpose()?;
        let disk = new.file_system_config.as_ref().map(FileSystem::sdk).transpose()?;
        let image = sdk::ImageConfig::builder().build();
        let nothing = sdk::Environment::builder().set_variables(Some(Default::default())).build();
        let letters = sdk::DeadLetterConfig::builder().target_arn("").build();
        let passing = sdk::TracingConfig::builder().mode(sdk::TracingMode::PassThrough).build();
        $call
            .function_name(&new.name)
            .role(&new.role)
            .description(&new.description)
            .memory_size(new.memory_size)
            .timeout(new.timeout)
            .set_handler(new.handler.clone())
            .set_runtime(new.runtime.as_deref().map(Into::into))
            .set_dead_letter_config(change(
                old.map(|it| it.dead_letter_config.as_ref()),
                new.dead_letter_config.as_ref(),
                DeadLetter::sdk,
                letters,
            ))
            .set_durable_config(new.durable_config.as_ref().map(Durable::sdk))
            .set_environment(change(
                old.map(|it| it.environment.as_ref()),
                new.environment.as_ref(),
                Environment::sdk,
                nothing,
            ))
            .set_ephemeral_storage(storage)
            .set_file_system_configs(change(
                old.map(|it| it.file_system_config.as_ref()),
                new.file_system_config.as_ref(),
                |_| disk.clone().into_iter().collect(),
                Vec::new(),
            ))
            .set_image_config(change(
                old.map(|it| it.image_config.as_ref()),
                new.image_config.as_ref(),
                Image::sdk,
                image,
            ))
            .set_kms_key_arn(change(
                old.map(|it| it.kms_key_arn.as_ref()),
                new.kms_key_arn.as_ref(),
                text,
                String::new(),
            ))
            .set_layers(change(
                old.map(|it| it.layers.as_ref()),
                new.layers.as_ref(),
                Vec::clone,
                Vec::new(),
            ))
            .set_logging_config(new.logging_config.as_ref().map(Logging::sdk))
            .set_snap_start(change(
                old.map(|it| it.snap_start.as_ref()),
                new.snap_start.as_ref(),
                SnapStart::sdk,
                SnapStart::off(),
            ))
            .set_tracing_config(change(
                old.map(|it| it.tracing_config.as_ref()),
                new.tracing_config.as_ref(),
                Tracing::sdk,
                passing,
            ))
            .set_vpc_config(change(
                old.map(|it| it.vpc_config.as_ref()),
                new.vpc_config.as_ref(),
                Vpc::sdk,
                Vpc::none(),
            ))
    }};
}
use configure;

/// What `UpdateFunctionCode` is for.
fn code(it: &Inputs) -> impl PartialEq {
    (
        (&it.code, &it.s3_bucket, &it.s3_key, &it.s3_object_version, &it.image_uri),
        (&it.source_code_hash, &it.code_sha256, &it.source_kms_key_arn, &it.architectures),
    )
}

/// What `UpdateFunctionConfiguration` is for.
fn configuration(it: &Inputs) -> impl PartialEq {
    (
        (&it.role, &it.description, it.memory_size, it.timeout, &it.handler, &it.runtime),
        (&it.dead_letter_config, &it.durable_config, &it.environment, &it.ephemeral_storage),
        (&it.file_system_config, &it.image_config, &it.kms_key_arn, &it.layers),
        (&it.logging_config, &it.snap_start, &it.tracing_config, &it.vpc_config),
    )
}

fn architectures(it: &Inputs) -> Option<Vec<sdk::Architecture>> {
    it.architectures.as_ref().map(|all| all.iter().map(|it| it.as_str().into()).collect())
}

/// Lambda refuses every change while one is under way.
async fn settle(cx: &Cx, name: &str, version: Option<&str>) -> Result<()> {
    let look = || async {
        // Just made, it may not show yet.
        let live = described(cx, name, version).await?.and_then(|it| it.configuration);
        live.map_or(Ok(None), |it| settled(&it).map(|done| done.then_some(())))
    };
    cx.wait("the function to be ready", READY, look).await
}

/// States may be left out, which is as good as ready.
fn is_busy(live: &FunctionConfiguration) -> bool {
    live.state == Some(State::Pending)
        || live.last_update_status == Some(LastUpdateStatus::InProgress)
}

fn settled(live: &FunctionConfiguration) -> Result<bool> {
    if live.state == Some(State::Failed) {
        let why = live.state_reason.as_deref().unwrap_or("for no reason that Lambda tells");
        return Err(Error::failed(format!("the function failed: {why}")));
    }
    if live.last_update_status == Some(LastUpdateStatus::Failed) {
        let why = live.last_update_status_reason.as_deref();
        let why = why.unwrap_or("for no reason that Lambda tells");
        return Err(Error::failed(format!("the function's update failed: {why}")));
    }
    Ok(!is_busy(live))
}

async fn reserve(cx: &Cx, name: &str, executions: i32) -> Result<()> {
    if executions < 0 {
        let call = cx.aws.lambda().delete_function_concurrency().function_name(name);
        absent(call.send().await, MISSING)?;
    } else {
        let call = cx.aws.lambda().put_function_concurrency().function_name(name);
        call.reserved_concurrent_executions(executions).send().await?;
    }
    Ok(())
}

async fn sign(cx: &Cx, name: &str, config: Option<&str>) -> Result<()> {
    match config {
        Some(config) => {
            let call = cx.aws.lambda().put_function_code_signing_config();
            call.function_name(name).code_signing_config_arn(config).send().await?;
        }
        None => {
            let call = cx.aws.lambda().delete_function_code_signing_config();
            absent(call.function_name(name).send().await, MISSING)?;
        }
    }
    Ok(())
}

pub(super) async fn signing(cx: &Cx, name: &str) -> Result<Option<String>> {
    let call = cx.aws.lambda().get_function_code_signing_config().function_name(name);
    let arn = seen(call.send().await, MISSING, "the function")?.code_signing_config_arn;
    Ok(Some(arn).filter(|it| !it.is_empty()))
}

/// The newest version that was published, if any was.
async fn newest(cx: &Cx, name: &str) -> Result<String> {
    let call = cx.aws.lambda().list_versions_by_function().function_name(name);
    let mut pages = call.into_paginator().send();
    let mut newest: Option<u64> = None;
    while let Some(page) = pages.next().await {
        let versions = seen(page, MISSING, "the function")?.versions.unwrap_or_default();
        let numbers = versions.iter().filter_map(|it| it.version.as_ref()?.parse().ok());
        newest = newest.max(numbers.max());
    }
    Ok(newest.map_or_else(|| LATEST.to_owned(), |it| it.to_string()))
}

/// Takes it out of its security groups, which its network interfaces would
/// hold for up to 45 minutes after it is gone.
async fn leave_groups(cx: &Cx, name: &str, last: &Inputs) -> Result<()> {
    let live = described(cx, name, None).await?.and_then(|it| it.configuration);
    let Some(vpc) = live.and_then(|it| it.vpc_config).and_then(Vpc::live) else { return Ok(()) };
    let groups = match &last.replacement_security_group_ids {
        Some(groups) => groups.0.clone(),
        None => default_group(cx, vpc.vpc_id.as_deref().unwrap_or_default()).await?,
    };
    let config = Vpc { security_group_ids: Set(groups), ..vpc }.sdk();
    let call = cx.aws.lambda().update_function_configuration().function_name(name);
    call.vpc_config(config).send().await?;
    settle(cx, name, None).await
}

async fn default_group(cx: &Cx, vpc: &str) -> Result<Vec<String>> {
    let filter = |name: &str, value: &str| {
        aws_sdk_ec2::types::Filter::builder().name(name).values(value).build()
    };
    let call = cx.aws.ec2().describe_security_groups();
    let reply =
        call.filters(filter("vpc-id", vpc)).filters(filter("group-name", "default")).send().await?;
    Ok(reply.security_groups.unwrap_or_default().into_iter().filter_map(|it| it.group_id).collect())
}

fn outputs(
    cx: &Cx,
    live: GetFunctionOutput,
    code_signing_config_arn: Option<String>,
    version: Option<String>,
) -> Result<Outputs> {
    let it = live.configuration.ok_or(Error::missing("Configuration"))?;
    let place = live.code.unwrap_or_else(|| sdk::FunctionCodeLocation::builder().build());
    let arn = it.function_arn.ok_or(Error::missing("FunctionArn"))?;
    let qualified_arn = version.as_ref().map(|it| format!("{arn}:{it}"));
    let package_type = it.package_type.map_or_else(zipped, |it| it.as_str().to_owned());
    let sha256 = it.code_sha256.filter(|it| !it.is_empty());
    let code = sha256.as_deref().filter(|_| package_type == "Zip").map(Archive::live);
    let layers = it.layers.unwrap_or_default().into_iter().filter_map(|it| it.arn);
    let layers: Vec<String> = layers.collect();
    let reserved = live.concurrency.and_then(|it| it.reserved_concurrent_executions);
    let inputs = Inputs {
        architectures: it
            .architectures
            .map(|all| all.into_iter().map(|it| it.as_str().to_owned()).collect()),
        code: code.transpose()?,
        code_sha256: sha256,
        code_signing_config_arn,
        dead_letter_config: it.dead_letter_config.and_then(DeadLetter::live),
        description: it.description.unwrap_or_default(),
        durable_config: it.durable_config.and_then(Durable::live),
        environment: it.environment.map(Environment::live).transpose()?.flatten(),
        ephemeral_storage: it.ephemeral_storage.as_ref().map(Storage::live),
        file_system_config: it
            .file_system_configs
            .unwrap_or_default()
            .into_iter()
            .next()
            .map(FileSystem::live),
        handler: it.handler.filter(|it| !it.is_empty()),
        image_config: it.image_config_response.and_then(|it| it.image_config).and_then(Image::live),
        image_uri: place.image_uri.filter(|it| !it.is_empty()),
        kms_key_arn: it.kms_key_arn.filter(|it| !it.is_empty()),
        layers: (!layers.is_empty()).then_some(layers),
        logging_config: it.logging_config.and_then(Logging::live),
        memory_size: it.memory_size.unwrap_or_default(),
        name: it.function_name.ok_or(Error::missing("FunctionName"))?,
        package_type,
        publish: false,
        replace_security_groups_on_destroy: false,
        replacement_security_group_ids: None,
        reserved_concurrent_executions: reserved.unwrap_or(-1),
        role: it.role.unwrap_or_default(),
        runtime: it.runtime.map(|it| it.as_str().to_owned()).filter(|it| !it.is_empty()),
        s3_bucket: None,
        s3_key: None,
        s3_object_version: None,
        skip_destroy: false,
        snap_start: it.snap_start.and_then(SnapStart::live),
        source_code_hash: None,
        source_kms_key_arn: place.source_kms_key_arn.filter(|it| !it.is_empty()),
        tags: Tags::live(live.tags.unwrap_or_default()),
        tenancy_config: it.tenancy_config.as_ref().map(Tenancy::live),
        timeout: it.timeout.unwrap_or_default(),
        tracing_config: it.tracing_config.and_then(Tracing::live),
        vpc_config: it.vpc_config.and_then(Vpc::live),
    };
    Ok(Outputs {
        inputs,
        invoke_arn: invoke_arn(&cx.place, &arn),
        last_modified: it.last_modified,
        qualified_invoke_arn: qualified_arn.as_ref().map(|it| invoke_arn(&cx.place, it)),
        qualified_arn,
        response_streaming_invoke_arn: streaming_arn(&cx.place, &arn),
        signing_job_arn: it.signing_job_arn,
        signing_profile_version_arn: it.signing_profile_version_arn,
        source_code_size: it.code_size,
        version,
        arn,
    })
}
