//! The sample's small process manager: it starts, stops and restarts the services, and never revives one by itself.

use std::{process::Stdio, time::Duration};

use chrono::{DateTime, SecondsFormat, Utc};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::{mpsc, oneshot},
    time::{interval, timeout},
};

use super::{
    error::{DemoError, Doing},
    process::{self, Account, SharedKeeper},
    spec::{ServiceSpec, Told},
};

/// How long a service may take to listen.
const TO_START: Duration = Duration::from_secs(10);
/// How long a service may take to end in order.
const TO_STOP: Duration = Duration::from_secs(3);

/// What the manager is asked to do.
#[derive(Debug)]
pub enum Order {
    /// An operator's verb on a service, and who waits for the answer.
    Control { verb: String, service: String, reply: oneshot::Sender<Value> },
    /// A later line for a service.
    Tell(&'static str, Told),
    /// An accident: the service is killed.
    Kill(&'static str),
}

#[derive(Debug)]
struct Service {
    name: &'static str,
    spec: ServiceSpec,
    running: Option<(Child, ChildStdin)>,
    state: String,
    since: DateTime<Utc>,
}

/// The services and whom they run as.
#[derive(Debug)]
pub struct Manager {
    services: Vec<Service>,
    account: Option<Account>,
    keeper: SharedKeeper,
}

impl Manager {
    /// A manager of nothing.
    pub fn new(account: Option<Account>, keeper: SharedKeeper) -> Self {
        Self { services: Vec::new(), account, keeper }
    }

    /// Takes on a service and starts it.
    pub async fn add(&mut self, name: &'static str, spec: ServiceSpec) -> Result<(), DemoError> {
        let mut service = Service { name, spec, running: None, state: "stopped".to_owned(), since: Utc::now() };
        service.start(self.account.as_ref(), &self.keeper).await?;
        self.services.push(service);
        Ok(())
    }

    /// Works off orders until nobody can give any.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut look = interval(Duration::from_millis(250));
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => return,
                },
                _ = look.tick() => {
                    self.services.iter_mut().for_each(Service::look);
                    // Tried again at the next look.
                    let _ = process::keeper(&self.keeper).revive();
                }
            }
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Control { verb, service, reply } => {
                let answer = self.control(&verb, &service).await;
                let answer = answer.unwrap_or_else(|error| json!({"ok": false, "error": error.to_string()}));
                // Whoever asked may have left.
                let _ = reply.send(answer);
            }
            Order::Tell(name, told) => {
                if let (Some(service), Ok(line)) = (self.service(name), serde_json::to_string(&told)) {
                    service.tell(&line).await;
                }
            }
            Order::Kill(name) => {
                if let Some((child, _)) = self.service(name).and_then(|service| service.running.as_mut()) {
                    // It is dead already, then.
                    let _ = child.start_kill();
                }
            }
        }
    }

    fn service(&mut self, name: &str) -> Option<&mut Service> {
        self.services.iter_mut().find(|service| service.name == name)
    }

    async fn control(&mut self, verb: &str, name: &str) -> Result<Value, DemoError> {
        let (account, keeper) = (self.account.clone(), self.keeper.clone());
        let service = self
            .service(name)
            .ok_or_else(|| DemoError::new(format!("no service `{name}`; there are api, worker, gateway")))?;
        service.look();
        match verb {
            "status" => {}
            "start" => service.start(account.as_ref(), &keeper).await?,
            "stop" => service.stop().await,
            "restart" => {
                service.stop().await;
                service.start(account.as_ref(), &keeper).await?;
            }
            other => {
                let words = format!("no verb `{other}`; there are status, start, stop, restart");
                return Err(DemoError::new(words));
            }
        }
        Ok(service.describe())
    }
}

impl Service {
    async fn start(&mut self, account: Option<&Account>, keeper: &SharedKeeper) -> Result<(), DemoError> {
        if self.running.is_some() {
            return Ok(());
        }
        let mut command = process::part(account, self.name);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let doing = format!("start {}", self.name);
        let mut child = Command::from(command).kill_on_drop(true).spawn().doing(&doing)?;
        if let Some(pid) = child.id() {
            process::keeper(keeper).watch(pid)?;
        }
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(DemoError::new(format!("{} has no pipes", self.name)));
        };
        self.running = Some((child, stdin));
        self.tell(&serde_json::to_string(&self.spec).doing(&doing)?).await;
        let mut said = String::new();
        let mut stdout = BufReader::new(stdout);
        let read = timeout(TO_START, stdout.read_line(&mut said)).await;
        if matches!(read, Ok(Ok(_))) && said.trim_end() == "listening" {
            (self.state, self.since) = ("running".to_owned(), Utc::now());
            return Ok(());
        }
        self.stop().await;
        "failed".clone_into(&mut self.state);
        Err(DemoError::new(format!("{} did not come to listen on 127.0.0.1:{}", self.name, self.spec.port)))
    }

    async fn tell(&mut self, line: &str) {
        if let Some((_, stdin)) = &mut self.running {
            // A service that is gone is seen at the next look.
            let _ = stdin.write_all(format!("{line}\n").as_bytes()).await;
            let _ = stdin.flush().await;
        }
    }

    async fn stop(&mut self) {
        let Some((mut child, _stdin)) = self.running.take() else { return };
        if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(pid as i32)) {
            // Not reaped yet, so the number is still its own.
            let _ = kill_process(pid, Signal::TERM);
        }
        if timeout(TO_STOP, child.wait()).await.is_err() {
            let _ = child.kill().await;
        }
        (self.state, self.since) = ("stopped".to_owned(), Utc::now());
    }

    fn look(&mut self) {
        if let Some((child, _)) = &mut self.running
            && let Ok(Some(status)) = child.try_wait()
        {
            self.running = None;
            (self.state, self.since) = (format!("failed: {status}"), Utc::now());
        }
    }

    /// One line for people and programs: `state`, `pid`, `started_at` and `restarts` are what a restart is judged by.
    fn describe(&self) -> Value {
        let since = self.since.to_rfc3339_opts(SecondsFormat::Millis, true);
        json!({
            "ok": true,
            "service": self.name,
            "state": self.state,
            "pid": self.running.as_ref().and_then(|(child, _)| child.id()),
            "port": self.spec.port,
            "started_at": self.running.as_ref().map(|_| &since),
            "since": since,
            // Unasked ones: this manager never revives a service by itself.
            "restarts": 0,
        })
    }
}
