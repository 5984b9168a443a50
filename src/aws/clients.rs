//! SDK clients: one set per account, region and endpoint, each client built
//! when it is first used.

#[cfg(not(feature = "aws"))]
mod inner {
    use crate::provider::{Error, Kind, Place, Result, Settings};

    /// Without the `aws` feature there is no AWS.
    #[derive(Clone, Debug, Default)]
    pub struct Clients;

    pub async fn connect(_: &Settings) -> Result<(Clients, Place)> {
        Err(Error::new(Kind::NotSent, "", "this build has no AWS in it (feature `aws`)"))
    }

    impl Clients {
        pub fn offline() -> Self {
            Self
        }
    }
}

#[cfg(feature = "aws")]
mod inner {
    use std::sync::{Arc, OnceLock};

    use aws_config::{
        BehaviorVersion, Region, SdkConfig, retry::RetryConfig, sts::AssumeRoleProvider,
        timeout::TimeoutConfig,
    };
    use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
    use aws_smithy_http_client::{Builder, tls};
    use aws_smithy_runtime_api::client::http::SharedHttpClient;
    use std::time::Duration;

    use crate::provider::{Error, Kind, Place, Result, Settings};

    /// A lazily built client of every service. Cheap to clone.
    #[derive(Clone)]
    pub struct Clients {
        retrying: Arc<All>,
        once: Arc<All>,
    }

    struct All {
        config: SdkConfig,
        endpoints: std::collections::BTreeMap<String, String>,
        acm: OnceLock<aws_sdk_acm::Client>,
        appautoscaling: OnceLock<aws_sdk_applicationautoscaling::Client>,
        cloudwatch: OnceLock<aws_sdk_cloudwatch::Client>,
        ec2: OnceLock<aws_sdk_ec2::Client>,
        ecr: OnceLock<aws_sdk_ecr::Client>,
        ecs: OnceLock<aws_sdk_ecs::Client>,
        iam: OnceLock<aws_sdk_iam::Client>,
        kms: OnceLock<aws_sdk_kms::Client>,
        lb: OnceLock<aws_sdk_elasticloadbalancingv2::Client>,
        logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
        rds: OnceLock<aws_sdk_rds::Client>,
        secretsmanager: OnceLock<aws_sdk_secretsmanager::Client>,
        sqs: OnceLock<aws_sdk_sqs::Client>,
        ssm: OnceLock<aws_sdk_ssm::Client>,
        sts: OnceLock<aws_sdk_sts::Client>,
        wafv2: OnceLock<aws_sdk_wafv2::Client>,
    }

    impl All {
        fn new(config: SdkConfig, endpoints: std::collections::BTreeMap<String, String>) -> Self {
            Self {
                config,
                endpoints,
                acm: OnceLock::new(),
                appautoscaling: OnceLock::new(),
                cloudwatch: OnceLock::new(),
                ec2: OnceLock::new(),
                ecr: OnceLock::new(),
                ecs: OnceLock::new(),
                iam: OnceLock::new(),
                kms: OnceLock::new(),
                lb: OnceLock::new(),
                logs: OnceLock::new(),
                rds: OnceLock::new(),
                secretsmanager: OnceLock::new(),
                sqs: OnceLock::new(),
                ssm: OnceLock::new(),
                sts: OnceLock::new(),
                wafv2: OnceLock::new(),
            }
        }

        /// The configuration for one service, whose endpoint may be its own.
        fn config(&self, service: &str) -> SdkConfig {
            match self.endpoints.get(service).or_else(|| self.endpoints.get("")) {
                Some(url) => self.config.to_builder().endpoint_url(url).build(),
                None => self.config.clone(),
            }
        }
    }

    impl Clients {
        fn new(config: &SdkConfig, settings: &Settings) -> Self {
            let retries = settings.max_retries.unwrap_or(8);
            let retrying = RetryConfig::standard().with_max_attempts(retries);
            let with = |retry| {
                let config = config.to_builder().retry_config(retry).build();
                Arc::new(All::new(config, settings.endpoints.clone()))
            };
            Self { retrying: with(retrying), once: with(RetryConfig::disabled()) }
        }

        /// Clients that reach nothing, for resources that live in the state.
        pub fn offline() -> Self {
            let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
            Self::new(&config, &Settings::default())
        }

        /// The same clients without the SDK's own retries: for a create that
        /// has no idempotency token, which must be looked for before it is
        /// sent again.
        #[must_use]
        pub fn once(&self) -> Self {
            Self { retrying: self.once.clone(), once: self.once.clone() }
        }

        pub fn acm(&self) -> &aws_sdk_acm::Client {
            let all = &self.retrying;
            all.acm.get_or_init(|| aws_sdk_acm::Client::new(&all.config("acm")))
        }
        pub fn appautoscaling(&self) -> &aws_sdk_applicationautoscaling::Client {
            let all = &self.retrying;
            all.appautoscaling.get_or_init(|| {
                aws_sdk_applicationautoscaling::Client::new(&all.config("appautoscaling"))
            })
        }
        pub fn cloudwatch(&self) -> &aws_sdk_cloudwatch::Client {
            let all = &self.retrying;
            all.cloudwatch
                .get_or_init(|| aws_sdk_cloudwatch::Client::new(&all.config("cloudwatch")))
        }
        pub fn ec2(&self) -> &aws_sdk_ec2::Client {
            let all = &self.retrying;
            all.ec2.get_or_init(|| aws_sdk_ec2::Client::new(&all.config("ec2")))
        }
        pub fn ecr(&self) -> &aws_sdk_ecr::Client {
            let all = &self.retrying;
            all.ecr.get_or_init(|| aws_sdk_ecr::Client::new(&all.config("ecr")))
        }
        pub fn ecs(&self) -> &aws_sdk_ecs::Client {
            let all = &self.retrying;
            all.ecs.get_or_init(|| aws_sdk_ecs::Client::new(&all.config("ecs")))
        }
        pub fn iam(&self) -> &aws_sdk_iam::Client {
            let all = &self.retrying;
            all.iam.get_or_init(|| aws_sdk_iam::Client::new(&all.config("iam")))
        }
        pub fn kms(&self) -> &aws_sdk_kms::Client {
            let all = &self.retrying;
            all.kms.get_or_init(|| aws_sdk_kms::Client::new(&all.config("kms")))
        }
        pub fn lb(&self) -> &aws_sdk_elasticloadbalancingv2::Client {
            let all = &self.retrying;
            all.lb.get_or_init(|| aws_sdk_elasticloadbalancingv2::Client::new(&all.config("elbv2")))
        }
        pub fn logs(&self) -> &aws_sdk_cloudwatchlogs::Client {
            let all = &self.retrying;
            all.logs.get_or_init(|| aws_sdk_cloudwatchlogs::Client::new(&all.config("logs")))
        }
        pub fn rds(&self) -> &aws_sdk_rds::Client {
            let all = &self.retrying;
            all.rds.get_or_init(|| aws_sdk_rds::Client::new(&all.config("rds")))
        }
        pub fn secretsmanager(&self) -> &aws_sdk_secretsmanager::Client {
            let all = &self.retrying;
            all.secretsmanager
                .get_or_init(|| aws_sdk_secretsmanager::Client::new(&all.config("secretsmanager")))
        }
        pub fn sqs(&self) -> &aws_sdk_sqs::Client {
            let all = &self.retrying;
            all.sqs.get_or_init(|| aws_sdk_sqs::Client::new(&all.config("sqs")))
        }
        pub fn ssm(&self) -> &aws_sdk_ssm::Client {
            let all = &self.retrying;
            all.ssm.get_or_init(|| aws_sdk_ssm::Client::new(&all.config("ssm")))
        }
        pub fn sts(&self) -> &aws_sdk_sts::Client {
            let all = &self.retrying;
            all.sts.get_or_init(|| aws_sdk_sts::Client::new(&all.config("sts")))
        }
        pub fn wafv2(&self) -> &aws_sdk_wafv2::Client {
            let all = &self.retrying;
            all.wafv2.get_or_init(|| aws_sdk_wafv2::Client::new(&all.config("wafv2")))
        }
    }

    /// Finds credentials and region as the AWS CLI does, assumes the roles,
    /// and asks who we are.
    pub async fn connect(settings: &Settings) -> Result<(Clients, Place)> {
        let config = load(settings).await?;
        let Some(region) = config.region().map(ToString::to_string) else {
            return Err(Error::new(
                Kind::Credentials,
                "",
                "no AWS region is set: `orderinfra config set aws:region us-east-1`, AWS_REGION, or the profile's own",
            ));
        };
        let clients = Clients::new(&config, settings);
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
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        Builder::new().tls_provider(provider).build_https()
    }

    fn keys(key: &str, secret: &str, token: Option<String>) -> Credentials {
        Credentials::new(key, secret, token, None, "orderinfra")
    }

    async fn load(settings: &Settings) -> Result<SdkConfig> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(10))
            .operation_attempt_timeout(Duration::from_secs(60))
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
}

pub use inner::{Clients, connect};
