//! SDK clients: one set per account, region and endpoint, each client built
//! when it is first used.

#[cfg(not(feature = "aws"))]
mod inner {
    use crate::provider::{Calls, Error, Kind, Pace, Place, Result, Settings};

    /// Without the `aws` feature there is no AWS.
    #[derive(Clone, Debug, Default)]
    pub struct Clients;

    pub async fn connect(_: &Settings, _: Pace, _: &Calls) -> Result<(Clients, Place)> {
        Err(no_aws())
    }

    pub async fn reach(_: &Settings, _: Pace, _: &Calls) -> Result<Clients> {
        Err(no_aws())
    }

    pub(in crate::aws) fn no_aws() -> Error {
        Error::new(Kind::Broken, "", "this build has no AWS in it (feature `aws`)")
    }

    impl Clients {
        pub fn offline() -> Self {
            Self
        }

        #[must_use]
        pub fn once(&self) -> Self {
            Self
        }
    }
}

#[cfg(feature = "aws")]
mod inner {
    use std::{
        collections::BTreeMap,
        error::Error as _,
        sync::{Arc, OnceLock},
        time::Duration,
    };

    use aws_config::{
        BehaviorVersion, Region, SdkConfig, retry::RetryConfig, sts::AssumeRoleProvider,
        timeout::TimeoutConfig,
    };
    use aws_credential_types::{
        Credentials,
        provider::{ProvideCredentials as _, SharedCredentialsProvider},
    };
    use aws_smithy_http_client::{Builder, Connector, tls};
    use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
    use aws_smithy_runtime_api::client::http::SharedHttpClient;
    use aws_smithy_types::DateTime;

    use crate::{
        aws::audit::Audit,
        provider::{Calls, Error, Kind, Pace, Place, Result, Settings},
    };

    /// How often the SDK itself sends a request. What that does not outlast,
    /// the executor repeats, and says so.
    const ATTEMPTS: u32 = 4;

    /// A lazily built client of every service. Cheap to clone.
    #[derive(Clone)]
    pub struct Clients {
        retrying: Arc<All>,
        once: Arc<All>,
    }

    /// One accessor per service: what Pulumi calls it in `aws:endpoints`, its
    /// crate, and what an endpoint of one's own switches on.
    macro_rules! services {
        ($($service:ident: $endpoint:literal, $sdk:ident $(, $for_own:ident)?;)*) => {
            struct All {
                config: SdkConfig,
                endpoints: BTreeMap<String, String>,
                retries: RetryPartition,
                calls: Calls,
                $($service: OnceLock<$sdk::Client>,)*
            }

            impl All {
                fn new(
                    config: SdkConfig,
                    endpoints: BTreeMap<String, String>,
                    calls: Calls,
                ) -> Self {
                    // The SDK's usual allowance of retries is one for all
                    // calls of a service: throttling uses it up, and then one
                    // more error ends a run.
                    let retries = RetryPartition::custom("orderinfra")
                        .token_bucket(TokenBucket::unlimited())
                        .build();
                    Self { config, endpoints, retries, calls, $($service: OnceLock::new(),)* }
                }
            }

            impl Clients {
                $(pub fn $service(&self) -> &$sdk::Client {
                    let all = &self.retrying;
                    all.$service.get_or_init(|| {
                        let shared = all.config($endpoint);
                        let config = $sdk::config::Builder::from(&shared)
                            .retry_partition(all.retries.clone())
                            .interceptor(Audit(all.calls.clone()));
                        $(let config = config.$for_own(shared.endpoint_url().is_some());)?
                        $sdk::Client::from_conf(config.build())
                    })
                })*
            }
        };
    }

    services! {
        acm: "acm", aws_sdk_acm;
        apigateway: "apigateway", aws_sdk_apigateway;
        apigatewayv2: "apigatewayv2", aws_sdk_apigatewayv2;
        appautoscaling: "appautoscaling", aws_sdk_applicationautoscaling;
        autoscaling: "autoscaling", aws_sdk_autoscaling;
        cloudfront: "cloudfront", aws_sdk_cloudfront;
        cloudtrail: "cloudtrail", aws_sdk_cloudtrail;
        cloudwatch: "cloudwatch", aws_sdk_cloudwatch;
        cognito: "cognitoidp", aws_sdk_cognitoidentityprovider;
        dynamodb: "dynamodb", aws_sdk_dynamodb;
        ec2: "ec2", aws_sdk_ec2;
        ecr: "ecr", aws_sdk_ecr;
        ecs: "ecs", aws_sdk_ecs;
        efs: "efs", aws_sdk_efs;
        elasticache: "elasticache", aws_sdk_elasticache;
        events: "events", aws_sdk_eventbridge;
        firehose: "firehose", aws_sdk_firehose;
        iam: "iam", aws_sdk_iam;
        kinesis: "kinesis", aws_sdk_kinesis;
        kms: "kms", aws_sdk_kms;
        lambda: "lambda", aws_sdk_lambda;
        lb: "elbv2", aws_sdk_elasticloadbalancingv2;
        logs: "logs", aws_sdk_cloudwatchlogs;
        rds: "rds", aws_sdk_rds;
        route53: "route53", aws_sdk_route53;
        s3: "s3", aws_sdk_s3, force_path_style;
        scheduler: "scheduler", aws_sdk_scheduler;
        secretsmanager: "secretsmanager", aws_sdk_secretsmanager;
        servicediscovery: "servicediscovery", aws_sdk_servicediscovery;
        sfn: "sfn", aws_sdk_sfn;
        sns: "sns", aws_sdk_sns;
        sqs: "sqs", aws_sdk_sqs;
        ssm: "ssm", aws_sdk_ssm;
        sts: "sts", aws_sdk_sts;
        wafv2: "wafv2", aws_sdk_wafv2;
    }

    impl All {
        /// The configuration for one service, whose endpoint may be its own.
        fn config(&self, service: &str) -> SdkConfig {
            match self.endpoints.get(service).or_else(|| self.endpoints.get("")) {
                Some(url) => self.config.to_builder().endpoint_url(url).build(),
                None => self.config.clone(),
            }
        }
    }

    impl Clients {
        fn new(config: &SdkConfig, settings: &Settings, pace: Pace, calls: &Calls) -> Self {
            let retrying = RetryConfig::standard()
                .with_max_attempts(settings.max_retries.unwrap_or(ATTEMPTS))
                .with_initial_backoff(pace.of(Duration::from_secs(1)))
                .with_max_backoff(pace.of(Duration::from_secs(20)));
            let with = |retry| {
                let config = config.to_builder().retry_config(retry).build();
                Arc::new(All::new(config, settings.endpoints.clone(), calls.clone()))
            };
            Self { retrying: with(retrying), once: with(RetryConfig::disabled()) }
        }

        /// Clients that reach nothing, for resources that live in the state.
        pub fn offline() -> Self {
            let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
            Self::new(&config, &Settings::default(), Pace::AWS, &Calls::new(String::new))
        }

        /// The same clients without the SDK's own retries: for a create,
        /// which must be looked for before it is sent again.
        #[must_use]
        pub fn once(&self) -> Self {
            Self { retrying: self.once.clone(), once: self.once.clone() }
        }

        /// When the credentials end, in seconds since 1970; those of a user
        /// do not.
        pub(in crate::aws) async fn credentials_until(&self) -> Result<Option<i64>> {
            let Some(provider) = self.retrying.config.credentials_provider() else {
                return Ok(None);
            };
            let credentials = provider.provide_credentials().await.map_err(|error| {
                let why = error.source().map(|it| format!(": {it}")).unwrap_or_default();
                Error::new(Kind::Credentials, "", format!("{error}{why}"))
            })?;
            let end = credentials.expiry().map(|it| DateTime::from(it).secs());
            Ok(end)
        }
    }

    /// Finds credentials and region as the AWS CLI does, and assumes the roles.
    pub async fn reach(settings: &Settings, pace: Pace, calls: &Calls) -> Result<Clients> {
        reach_in(settings, pace, calls).await.map(|(clients, _)| clients)
    }

    /// The same, with the region.
    async fn reach_in(settings: &Settings, pace: Pace, calls: &Calls) -> Result<(Clients, String)> {
        let config = load(settings, pace).await?;
        let Some(region) = config.region().map(ToString::to_string) else {
            return Err(Error::new(
                Kind::Credentials,
                "",
                "no AWS region is set: `orderinfra config set aws:region us-east-1`, AWS_REGION, or the profile's own",
            ));
        };
        Ok((Clients::new(&config, settings, pace, calls), region))
    }

    /// The same, and asks who we are.
    pub async fn connect(
        settings: &Settings,
        pace: Pace,
        calls: &Calls,
    ) -> Result<(Clients, Place)> {
        let (clients, region) = reach_in(settings, pace, calls).await?;
        let caller = clients.sts().get_caller_identity().send().await?;
        let arn = caller.arn.unwrap_or_default();
        let account = caller.account.ok_or(Error::missing("Account"))?;
        let allowed = &settings.allowed_accounts;
        if settings.forbidden_accounts.contains(&account)
            || !(allowed.is_empty() || allowed.contains(&account))
        {
            let message = format!("the provider's settings do not allow the account {account}");
            return Err(Error::new(Kind::Credentials, "", message));
        }
        let partition = arn.split(':').nth(1).unwrap_or("aws").to_owned();
        let place = Place { partition, account, region };
        Ok((clients, place))
    }

    /// One for all services: connections and trusted certificates are shared.
    /// The emulator speaks plain HTTP, and needs no certificates to be read.
    fn http_client(settings: &Settings) -> SharedHttpClient {
        let plain = settings.endpoints.get("").is_some_and(|it| it.starts_with("http://"));
        if plain {
            return Builder::new().build_http();
        }
        Builder::new().tls_provider(tls_provider()).build_https()
    }

    /// For requests that are not to AWS, over HTTP and HTTPS.
    pub(in crate::aws) fn web() -> Connector {
        Connector::builder().tls_provider(tls_provider()).build()
    }

    fn tls_provider() -> tls::Provider {
        tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc)
    }

    fn keys(key: &str, secret: &str, token: Option<String>) -> Credentials {
        Credentials::new(key, secret, token, None, "orderinfra")
    }

    /// However much a test hurries: an answer takes what it takes.
    const AT_LEAST: Duration = Duration::from_secs(5);

    async fn load(settings: &Settings, pace: Pace) -> Result<SdkConfig> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(10))
            .operation_attempt_timeout(pace.of(Duration::from_secs(60)).max(AT_LEAST))
            .operation_timeout(pace.of(Duration::from_secs(300)).max(AT_LEAST * 4))
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts);
        loader = loader.http_client(http_client(settings));
        if let Some(region) = &settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &settings.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = settings.endpoints.get("") {
            loader = loader.endpoint_url(url);
        }
        if settings.emulator {
            loader = loader.credentials_provider(keys("emulator", "emulator", None));
        } else if let (Some(key), Some(secret)) = (&settings.access_key, &settings.secret_key) {
            let token = settings.token.clone();
            loader = loader.credentials_provider(keys(key, secret, token));
        }
        let mut config = loader.load().await;
        for role in &settings.assume_roles {
            let name = role.session_name.clone().unwrap_or_else(|| "orderinfra".to_owned());
            let mut builder =
                AssumeRoleProvider::builder(&role.role_arn).session_name(name).configure(&config);
            if let Some(id) = &role.external_id {
                builder = builder.external_id(id);
            }
            if let Some(seconds) = role.duration_seconds {
                let seconds = u64::try_from(seconds).unwrap_or_default();
                builder = builder.session_length(Duration::from_secs(seconds));
            }
            if let Some(policy) = &role.policy {
                builder = builder.policy(policy);
            }
            let provider = SharedCredentialsProvider::new(builder.build().await);
            config = config.to_builder().credentials_provider(provider).build();
        }
        Ok(config)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[tokio::test]
        async fn credentials_end_when_they_say_so() {
            let until = async |end: Option<u64>| {
                let end = end.map(|it| std::time::UNIX_EPOCH + Duration::from_secs(it));
                let keys = Credentials::new("key", "secret", None, end, "test");
                let config = SdkConfig::builder()
                    .behavior_version(BehaviorVersion::latest())
                    .credentials_provider(SharedCredentialsProvider::new(keys))
                    .build();
                let calls = Calls::new(String::new);
                let clients = Clients::new(&config, &Settings::default(), Pace::AWS, &calls);
                clients.credentials_until().await
            };
            assert_eq!(until(Some(1_767_225_600)).await, Ok(Some(1_767_225_600)));
            assert_eq!(until(None).await, Ok(None));
            assert_eq!(Clients::offline().credentials_until().await, Ok(None));
        }
    }
}

#[cfg(not(feature = "aws"))]
pub(super) use inner::no_aws;
#[cfg(feature = "aws")]
pub(super) use inner::web;
pub use inner::{Clients, connect, reach};
