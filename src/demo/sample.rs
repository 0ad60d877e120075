//! The sample as a whole: folder and keeper first, then the servers and services, the load and the incident; and the
//! end of all of them.

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    process::Child,
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    addresses::DemoAddresses,
    control,
    entropy::{self, Ports},
    error::{DemoError, Doing},
    http, load,
    manager::Manager,
    options::DemoOptions,
    process::{self, Account, Keeper, SharedKeeper, folder::Folder, lifeline},
    scenario::{self, Stage},
    servers::{
        postgres::{self, Cluster},
        redis,
        schema::{self, Logins},
    },
    spec::ServiceSpec,
};

/// The body of `quarterdeck demo --serve-only`: serves until it is told to end, then leaves nothing behind.
pub fn run_serve(options: &DemoOptions) -> Result<(), DemoError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().doing("start a runtime")?;
    let outcome = runtime.block_on(serve(options));
    runtime.shutdown_background();
    outcome
}

async fn serve(options: &DemoOptions) -> Result<(), DemoError> {
    let mut end = Box::pin(end(options.lifeline)?);
    let account = Account::to_drop_to()?;
    let folder = Folder::create(account.as_ref())?;
    let keeper = match Keeper::start(&folder.root) {
        Ok(keeper) => Arc::new(Mutex::new(keeper)),
        Err(error) => {
            process::folder::remove(&folder.root);
            return Err(error);
        }
    };
    let outcome = tokio::select! {
        failed = Sample { options, account, folder: folder.root.clone(), keeper: Arc::clone(&keeper) }.live() => failed,
        () = &mut end => Ok(()),
    };
    // One way for every end: the keeper ends what lives and removes the folder.
    process::keeper(&keeper).finish();
    outcome
}

/// Comes to its end on a signal, or when the lifeline closes.
fn end(lifeline: bool) -> Result<impl Future<Output = ()>, DemoError> {
    let listen = |kind| signal(kind).doing("listen for signals");
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hang_up = listen(SignalKind::hangup())?;
    let mut lines = lifeline.then(lifeline::lines);
    let closed = async move {
        match &mut lines {
            Some(lines) => while lines.recv().await.is_some() {},
            None => std::future::pending().await,
        }
    };
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
            () = closed => {}
        }
    })
}

struct Sample<'a> {
    options: &'a DemoOptions,
    account: Option<Account>,
    folder: PathBuf,
    keeper: SharedKeeper,
}

impl Sample<'_> {
    /// Everything, for as long as it is not dropped; returns only on a failure.
    async fn live(self) -> Result<(), DemoError> {
        let mut ports = Ports::new()?;
        let (database_programs, redis_program) = (postgres::programs(), redis::program());
        let (database_port, redis_port) = (ports.free()?, ports.free()?);
        let (superuser, redis_password, logins) = (entropy::secret()?, entropy::secret()?, Logins::new()?);
        let redis = match &redis_program {
            Some(program) => Some(self.start_redis(program, redis_port, &redis_password)?),
            None => None,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(reap(redis));
        if let Some(programs) = &database_programs {
            let cluster = Cluster {
                programs,
                folder: &self.folder,
                account: self.account.as_ref(),
                port: database_port,
                password: &superuser,
                keeper: &self.keeper,
            };
            cluster.init().await?;
            tasks.spawn(reap(Some(cluster.start().await?)));
            schema::seed(&cluster, &logins).await?;
        }
        let url = |role, password| database_programs.as_ref().map(|_| schema::url(role, password, database_port));
        let redis_url = redis_program.as_ref().map(|_| format!("redis://:{redis_password}@127.0.0.1:{redis_port}/0"));
        let services = self.start_services(&mut ports, url("pggit", &logins.pggit), redis_url.clone()).await?;
        let (manager, [api, worker, gateway]) = services;
        let missing = [("postgresql", database_programs.is_none()), ("redis-server", redis_program.is_none())];
        let addresses = DemoAddresses {
            api_url: format!("http://127.0.0.1:{api}"),
            worker_url: format!("http://127.0.0.1:{worker}"),
            gateway_url: format!("http://127.0.0.1:{gateway}"),
            database_url: url("ops", &logins.ops),
            redis_url: redis_url.clone(),
            log_path: self.folder.join("log").join("api.log"),
            worker_log_path: self.folder.join("log").join("worker.log"),
            folder: self.folder.clone(),
            missing: missing.iter().filter(|(_, gone)| *gone).map(|(name, _)| (*name).to_owned()).collect(),
            scenario: self.options.scenario.map(|scenario| scenario.name().to_owned()),
            manager: self.manager_command(),
            pid: std::process::id(),
        };
        let (orders, inbox) = mpsc::channel(16);
        tasks.spawn(manager.run(inbox));
        tasks.spawn(control::answer(control::open(&self.folder)?, orders.clone()));
        let database = database_programs.is_some();
        if database {
            warm(api, redis_url.is_some()).await?;
        }
        // Whoever watches begins with a system that is well: told only now.
        self.announce(&addresses)?;
        tasks.spawn(async move {
            // Ends only without a source of chance.
            let _ = load::run(api, database).await;
        });
        let stage = Stage { database: database.then_some((database_port, logins)), redis_url, orders };
        self.play(&stage).await;
        std::future::pending().await
    }

    fn start_redis(&self, program: &std::path::Path, port: u16, password: &str) -> Result<Child, DemoError> {
        let child = redis::start(program, &self.folder, self.account.as_ref(), port, password)?;
        child.id().map_or(Ok(()), |pid| process::keeper(&self.keeper).watch(pid))?;
        Ok(child)
    }

    /// The three services on ports of theirs; other ports where someone took one in between.
    async fn start_services(
        &self,
        ports: &mut Ports,
        database_url: Option<String>,
        redis_url: Option<String>,
    ) -> Result<(Manager, [u16; 3]), DemoError> {
        let mut tries = 0;
        loop {
            let mut manager = Manager::new(self.account.clone(), Arc::clone(&self.keeper));
            let [api, worker, gateway] = [ports.free()?, ports.free()?, ports.free()?];
            let spec = |port, log: &str| ServiceSpec {
                manager: std::process::id() as i32,
                port,
                gateway_port: gateway,
                database_url: database_url.clone(),
                redis_url: redis_url.clone(),
                log_path: self.folder.join("log").join(log),
            };
            let started = async {
                manager.add("gateway", spec(gateway, "gateway.log")).await?;
                manager.add("worker", spec(worker, "worker.log")).await?;
                manager.add("api", spec(api, "api.log")).await
            };
            match started.await {
                Ok(()) => return Ok((manager, [api, worker, gateway])),
                Err(error) if tries == 3 => return Err(error),
                Err(_) => tries += 1,
            }
        }
    }

    fn manager_command(&self) -> Vec<String> {
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("quarterdeck"));
        let folder = self.folder.display().to_string();
        vec![program.display().to_string(), "demo".to_owned(), "--control".to_owned(), folder]
    }

    /// One line for programs; and for people, where a person reads along.
    fn announce(&self, addresses: &DemoAddresses) -> Result<(), DemoError> {
        let mut stdout = std::io::stdout().lock();
        let line = addresses.to_line()? + "\n";
        stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush()).doing("print the addresses")?;
        let stderr = std::io::stderr();
        if !self.options.lifeline && stderr.is_terminal() {
            // Only a courtesy.
            let _ = stderr.lock().write_all(self.words(addresses).as_bytes());
        }
        Ok(())
    }

    fn words(&self, addresses: &DemoAddresses) -> String {
        let absent = |package: &str| format!("off (install {package})");
        let mut words = format!(
            "api       {}\nworker    {}\ngateway   {}\ndatabase  {}\nredis     {}\nlog       {}\n\
             restart   {} restart worker\n",
            addresses.api_url,
            addresses.worker_url,
            addresses.gateway_url,
            addresses.database_url.clone().unwrap_or_else(|| absent("postgresql")),
            addresses.redis_url.clone().unwrap_or_else(|| absent("redis-server")),
            addresses.log_path.display(),
            addresses.manager.join(" "),
        );
        if let Some(scenario) = self.options.scenario {
            let seconds = self.options.scenario_after.as_secs();
            let (happens, cure) = (scenario.happens(), scenario.cure());
            words += &format!("scenario  {scenario} in {seconds} s: {happens}\ncure      {cure}\n");
        }
        words + "Ctrl-C ends it and removes everything.\n"
    }

    async fn play(&self, stage: &Stage) {
        let Some(scenario) = self.options.scenario else { return };
        sleep(self.options.scenario_after).await;
        if let Err(error) = scenario::play(scenario, stage).await {
            // Where nobody reads, nobody is told.
            let _ = writeln!(std::io::stderr().lock(), "quarterdeck demo: scenario {scenario}: {error}");
        }
    }
}

/// A server that was killed from outside is reaped, and stays down.
async fn reap(server: Option<Child>) {
    if let Some(mut server) = server {
        // How it ended is for whoever killed it.
        let _ = server.wait().await;
    }
}

/// Waits until the API has its database, then fills its cache, as pggit's start-up procedure does.
async fn warm(api: u16, cache: bool) -> Result<(), DemoError> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let (method, path) = if cache { ("POST", "/api/v1/cache/warm") } else { ("GET", "/api/v1/webhooks") };
    loop {
        match http::ask(api, method, path, Duration::from_secs(5)).await {
            Ok((200, _)) => return Ok(()),
            Ok((_, said)) if Instant::now() >= deadline => {
                return Err(DemoError::new(format!("the API did not come up: {said}")));
            }
            Err(error) if Instant::now() >= deadline => return Err(error),
            _ => sleep(Duration::from_millis(50)).await,
        }
    }
}
