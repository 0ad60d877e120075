//! What every service of the sample does alike: reads its first line, ties itself to the sample, says that it listens.

pub mod gateway;
pub mod worker;

use std::{future::Future, io::Write, time::Duration};

use rustix::process::Signal;
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

use super::{
    error::{DemoError, Doing},
    process::{launch, lifeline},
    spec::ServiceSpec,
};

/// Later lines from the manager; closed when the manager is gone.
pub type Lines = mpsc::Receiver<String>;

/// Runs a service until its lifeline closes.
pub fn run<F, S>(serve: F) -> Result<(), DemoError>
where
    F: FnOnce(ServiceSpec, Lines) -> S,
    S: Future<Output = Result<(), DemoError>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().doing("start a runtime")?;
    let outcome = runtime.block_on(async {
        let mut lines = lifeline::lines();
        let first = timeout(Duration::from_secs(10), lines.recv()).await.doing("learn what to serve")?;
        let first = first.ok_or_else(|| DemoError::new("the sample is gone"))?;
        let spec: ServiceSpec = serde_json::from_str(&first).doing("understand what to serve")?;
        launch::die_with(spec.manager, Signal::KILL)?;
        serve(spec, lines).await
    });
    runtime.shutdown_background();
    outcome
}

/// Serves `router` until the lifeline closes; `hear` gets each later line.
pub async fn serve(
    port: u16,
    router: axum::Router,
    mut lines: Lines,
    mut hear: impl FnMut(&str),
) -> Result<(), DemoError> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.doing(&format!("listen on 127.0.0.1:{port}"))?;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(b"listening\n").and_then(|()| stdout.flush()).doing("say that the service listens")?;
    drop(stdout);
    let serving = std::pin::pin!(std::future::IntoFuture::into_future(axum::serve(listener, router)));
    let mut serving = serving;
    loop {
        tokio::select! {
            ended = &mut serving => return ended.doing("serve"),
            line = lines.recv() => match line {
                Some(line) => hear(&line),
                None => return Ok(()),
            },
        }
    }
}
