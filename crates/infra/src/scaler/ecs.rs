//! Workers as tasks of a service on Amazon ECS.

use std::{fmt, sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_ecs::{
    Client,
    config::{Builder, Credentials, SharedCredentialsProvider},
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
};
use aws_smithy_http_client::tls;

use super::ScalerError;

/// The longest that a call may take, with its repetitions.
const LONGEST: Duration = Duration::from_secs(15);
/// The longest that one try may take.
const LONGEST_TRY: Duration = Duration::from_secs(5);
/// How often a call is tried that is throttled or gets no answer.
const MOST_TRIES: u32 = 3;

/// Which service is scaled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcsSettings {
    /// The region, like `eu-west-1`.
    pub region: String,
    /// The cluster's name or ARN.
    pub cluster: String,
    /// The service's name or ARN.
    pub service: String,
}

/// A service whose tasks are workers. Clones share its connections and credentials.
#[derive(Clone)]
pub struct EcsService(Arc<Inner>);

struct Inner {
    client: Client,
    cluster: String,
    service: String,
}

impl fmt::Debug for EcsService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cluster, service) = (self.cluster(), self.name());
        f.debug_struct("EcsService")
            .field("cluster", &cluster)
            .field("service", &service)
            .finish_non_exhaustive()
    }
}

impl EcsService {
    /// With the credentials that the environment names: keys in variables, or the address that a container gets
    /// them from. Nothing is called yet.
    pub async fn from_env(settings: EcsSettings) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let shared = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(settings.region.clone()))
            .http_client(http)
            .load()
            .await;
        Self::new(Builder::from(&shared), settings)
    }

    /// At an address of its own, with the key's id, its secret and perhaps a session: for tests and look-alikes.
    #[must_use]
    pub fn at(endpoint: &str, key: (&str, &str, Option<&str>), settings: EcsSettings) -> Self {
        let (id, secret, session) = key;
        let credentials = Credentials::new(id, secret, session.map(str::to_owned), None, "given");
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = aws_sdk_ecs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region.clone()))
            .http_client(http)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(endpoint);
        Self::new(config, settings)
    }

    fn new(config: Builder, settings: EcsSettings) -> Self {
        let timeouts =
            TimeoutConfig::builder().operation_timeout(LONGEST).operation_attempt_timeout(LONGEST_TRY);
        let config = config
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::standard().with_max_attempts(MOST_TRIES))
            .build();
        let client = Client::from_conf(config);
        Self(Arc::new(Inner { client, cluster: settings.cluster, service: settings.service }))
    }

    /// The cluster.
    #[must_use]
    pub fn cluster(&self) -> &str {
        &self.0.cluster
    }

    /// The service.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.service
    }

    /// How many tasks there should be at the moment.
    ///
    /// # Errors
    /// [`ScalerError`], also when there is no such service or it is being taken away.
    pub async fn desired(&self) -> Result<i64, ScalerError> {
        let call = self.0.client.describe_services().cluster(self.cluster()).services(self.name());
        let answer = call.send().await.map_err(failed)?;
        let service = answer.services().iter().find(|service| service.status() == Some("ACTIVE"));
        let missing = || ScalerError::NoService(self.name().to_owned());
        Ok(i64::from(service.ok_or_else(missing)?.desired_count()))
    }

    /// Says how many there should be; ECS starts and stops tasks until there are.
    ///
    /// # Errors
    /// [`ScalerError`].
    pub async fn set_desired(&self, tasks: i64) -> Result<(), ScalerError> {
        let tasks =
            i32::try_from(tasks).map_err(|_| ScalerError::Settings(format!("{tasks} tasks are too many")))?;
        let call = self.0.client.update_service().cluster(self.cluster()).service(self.name());
        call.desired_count(tasks).send().await.map_err(failed)?;
        Ok(())
    }
}

/// The words of the other side stay in the log: they name accounts.
fn failed<E>(error: SdkError<E>) -> ScalerError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    tracing::error!(error = %DisplayErrorContext(&error), "a call to ECS failed");
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some(code) => ScalerError::Refused(code.to_owned()),
        None => ScalerError::NoAnswer,
    }
}

#[cfg(test)]
mod tests;
