//! `Place`: an account and a region.

/// Where a resource is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub partition: String,
    pub account: String,
    pub region: String,
}

impl Place {
    /// `arn:aws:sqs:us-east-1:123456789012:jobs`
    pub fn arn(&self, service: &str, rest: &str) -> String {
        let Self { partition, account, region } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{rest}")
    }

    /// For services without a region: `arn:aws:iam::123456789012:role/web`
    pub fn global_arn(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}::{}:{rest}", self.partition, self.account)
    }
}
