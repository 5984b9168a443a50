//! `aws:rds/proxy:Proxy`. The id is the proxy's name.

use aws_sdk_rds::{
    operation::modify_db_proxy::builders::ModifyDbProxyInputBuilder as Changes,
    types::{self as sdk, DbProxy, DbProxyStatus as Status, UserAuthConfig},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Field as _, NO_PROXY, PAGE, birth_tags, changed, check_name, minutes, ours, retag, settle,
};
use crate::{
    aws::{
        error::absent,
        twin::{Twin as _, Word, twin},
    },
    model::{Map, Value},
    provider::*,
};

pub(super) struct Proxy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 63, "lower" = true, "replace" = true))]
    name: CiString,
    #[serde(default)]
    auths: Set<Auth>,
    #[serde(default)]
    debug_logging: bool,
    #[schemars(extend("computed" = true))]
    default_auth_scheme: Option<Word<sdk::DefaultAuthScheme>>,
    #[schemars(extend("computed" = true, "replace" = true))]
    endpoint_network_type: Option<Word<sdk::EndpointNetworkType>>,
    #[schemars(extend("replace" = true))]
    engine_family: Word<sdk::EngineFamily>,
    /// In seconds.
    #[serde(default = "int::<1800>")]
    #[schemars(range(min = 1, max = 28800))]
    idle_client_timeout: i32,
    #[serde(default)]
    require_tls: bool,
    role_arn: String,
    #[schemars(extend("computed" = true, "replace" = true))]
    target_connection_network_type: Option<Word<sdk::TargetConnectionNetworkType>>,
    #[schemars(extend("computed" = true))]
    vpc_security_group_ids: Option<Set<String>>,
    #[schemars(extend("replace" = true))]
    vpc_subnet_ids: Set<String>,
    #[serde(default)]
    tags: Tags,
}

twin! {
    /// How clients log in, and with which secret the proxy does.
    Auth = UserAuthConfig {
        auth_scheme: Option<Word<sdk::AuthScheme>> => auth_scheme, set_auth_scheme;
        client_password_auth_type: Option<Word<sdk::ClientPasswordAuthType>>
            => client_password_auth_type, set_client_password_auth_type;
        description: Option<String> => description, set_description;
        iam_auth: Option<Word<sdk::IamAuthMode>> => iam_auth, set_iam_auth;
        secret_arn: Option<String> => secret_arn, set_secret_arn;
        username: Option<String> => user_name, set_user_name;
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    endpoint: Option<String>,
}

impl Resource for Proxy {
    const TYPE: &'static str = "aws:rds/proxy:Proxy";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name("name", &new.name.0, 63)?;
        let scheme = new.default_auth_scheme.as_ref().map(|it| &it.0);
        if new.auths.0.is_empty() && scheme != Some(&sdk::DefaultAuthScheme::IamAuth) {
            let rule = "are needed, unless `defaultAuthScheme` is IAM_AUTH";
            return Err(Error::invalid("auths", rule));
        }
        if new.vpc_subnet_ids.0.len() < 2 {
            return Err(Error::invalid("vpcSubnetIds", "names subnets in at least two zones"));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        Map::from([("id".to_owned(), Value::String(name.to_lowercase()))])
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let name = new.name.0.to_lowercase();
        let call = cx.aws.rds().create_db_proxy().db_proxy_name(&name);
        let call = call
            .set_auth(Some(new.auths.to_sdk()?).filter(|it| !it.is_empty()))
            .debug_logging(new.debug_logging)
            .set_default_auth_scheme(new.default_auth_scheme.sent())
            .set_endpoint_network_type(new.endpoint_network_type.sent())
            .engine_family(new.engine_family.0.clone())
            .idle_client_timeout(new.idle_client_timeout)
            .require_tls(new.require_tls)
            .role_arn(&new.role_arn)
            .set_target_connection_network_type(new.target_connection_network_type.sent())
            .set_vpc_security_group_ids(new.vpc_security_group_ids.sent())
            .set_vpc_subnet_ids(new.vpc_subnet_ids.sent())
            .set_tags(birth_tags(cx, &new.tags));
        let made = call.send().await.map_err(Error::from);
        let taken = &["DBProxyAlreadyExistsFault"];
        let found = ours(made, taken, "a proxy of this name", Self::find(cx, new));
        Ok(found.await?.unwrap_or(name))
    }

    /// Takes 5 to 10 minutes.
    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        settle(cx, "the proxy to be available", minutes(30), || async {
            let Some(live) = proxy(cx, id).await? else { return Ok(false) };
            match live.status {
                Some(
                    bad @ (Status::Deleting
                    | Status::IncompatibleNetwork
                    | Status::InsufficientResourceLimits
                    | Status::Suspended),
                ) => Err(Error::failed(format!("its status is `{bad}`"))),
                status => Ok(status == Some(Status::Available)),
            }
        })
        .await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        match proxy(cx, id).await? {
            Some(live) => outputs(cx, live).await.map(Some),
            None => Ok(None),
        }
    }

    /// There is no filter by name: one list of all proxies serves many.
    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        if let [id] = ids {
            return Ok(vec![Self::read(cx, id).await?]);
        }
        let call = cx.aws.rds().describe_db_proxies().max_records(PAGE);
        let all = call.into_paginator().items().send().try_collect().await?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let live = all.iter().find(|it| it.db_proxy_name.as_ref() == Some(id));
            found.push(match live {
                Some(live) => Some(outputs(cx, live.clone()).await?),
                None => None,
            });
        }
        Ok(found)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let changes = changes(old, new)?;
        if changes != Changes::default() {
            changes.db_proxy_name(id).send_with(cx.aws.rds()).await?;
        }
        if old.tags != new.tags {
            // It holds an id that RDS gave, and so cannot be told from the name.
            let live = proxy(cx, id).await?.ok_or_else(|| Error::unseen("the proxy"))?;
            let arn = live.db_proxy_arn.ok_or(Error::missing("DBProxyArn"))?;
            retag(cx, &arn, &old.tags, &new.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        // A second deletion is refused with the code of one that comes too soon.
        let Some(live) = proxy(cx, id).await? else { return Ok(()) };
        if live.status == Some(Status::Deleting) {
            return Ok(());
        }
        absent(cx.aws.rds().delete_db_proxy().db_proxy_name(id).send().await, NO_PROXY)?;
        Ok(())
    }

    /// Until then it holds its subnets and security groups.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async { Ok(proxy(cx, id).await?.is_none().then_some(())) };
        cx.wait("the proxy to be gone", minutes(60), look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let name = inputs.name.0.to_lowercase();
        let Some(arn) = proxy(cx, &name).await?.and_then(|it| it.db_proxy_arn) else {
            return Ok(None);
        };
        Ok(cx.made(super::tags(cx, &arn).await?).then_some(name))
    }
}

async fn proxy(cx: &Cx, name: &str) -> Result<Option<DbProxy>> {
    let reply = cx.aws.rds().describe_db_proxies().db_proxy_name(name).send().await;
    Ok(absent(reply, NO_PROXY)?.and_then(|it| it.db_proxies?.pop()))
}

/// What ModifyDBProxy is to change.
fn changes(old: &Inputs, new: &Inputs) -> Result<Changes> {
    let auths = (new.auths.since(&old.auths) != (vec![], vec![])).then(|| new.auths.to_sdk());
    Ok(Changes::default()
        .set_auth(auths.transpose()?)
        .set_debug_logging(changed(&old.debug_logging, &new.debug_logging))
        .set_default_auth_scheme(changed(&old.default_auth_scheme, &new.default_auth_scheme))
        .set_idle_client_timeout(changed(&old.idle_client_timeout, &new.idle_client_timeout))
        .set_require_tls(changed(&old.require_tls, &new.require_tls))
        .set_role_arn(changed(&old.role_arn, &new.role_arn))
        .set_security_groups(changed(&old.vpc_security_group_ids, &new.vpc_security_group_ids)))
}

async fn outputs(cx: &Cx, live: DbProxy) -> Result<Outputs> {
    let arn = live.db_proxy_arn.ok_or(Error::missing("DBProxyArn"))?;
    let tags = if cx.asks("tags") { super::tags(cx, &arn).await? } else { Vec::new() };
    let auth = |it: sdk::UserAuthConfigInfo| Auth {
        auth_scheme: it.auth_scheme.map(Word),
        client_password_auth_type: it.client_password_auth_type.map(Word),
        description: it.description,
        iam_auth: it.iam_auth.map(Word),
        secret_arn: it.secret_arn,
        username: it.user_name,
    };
    let inputs = Inputs {
        name: CiString(live.db_proxy_name.ok_or(Error::missing("DBProxyName"))?),
        auths: Set(live.auth.unwrap_or_default().into_iter().map(auth).collect()),
        debug_logging: live.debug_logging.unwrap_or_default(),
        default_auth_scheme: live.default_auth_scheme.map(|it| Word(it.as_str().into())),
        endpoint_network_type: live.endpoint_network_type.map(Word),
        engine_family: Word(live.engine_family.unwrap_or_default().as_str().into()),
        idle_client_timeout: live.idle_client_timeout.unwrap_or_default(),
        require_tls: live.require_tls.unwrap_or_default(),
        role_arn: live.role_arn.unwrap_or_default(),
        target_connection_network_type: live.target_connection_network_type.map(Word),
        vpc_security_group_ids: live.vpc_security_group_ids.map(Set),
        vpc_subnet_ids: Set(live.vpc_subnet_ids.unwrap_or_default()),
        tags: Tags::live(tags),
    };
    Ok(Outputs { inputs, arn, endpoint: live.endpoint })
}
