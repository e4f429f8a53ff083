//! Logs on standard error and metrics for `/metrics`.

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Variable that says what is logged, in the form of `RUST_LOG`.
pub const LOG_VARIABLE: &str = "SWISH_CLUSTER_LOG";

/// Sends logs to standard error; the default shows what an operator should know.
///
/// A second call changes nothing, so tests may call it too.
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        // It would say so on standard error too, and a task ends that cannot write there: nothing may
        // stop because the disk of the log is full.
        .log_internal_errors(false)
        .try_init();
}

/// Makes this program's metrics visible through the handle's `render`.
///
/// # Errors
/// When the program has a recorder already.
pub fn record_metrics() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new().install_recorder()
}
