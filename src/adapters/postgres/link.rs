//! One kept connection: sends statements, counts what they cost, cancels what takes too long. The driver's connection
//! future lives in here and is polled together with each statement, so nothing is spawned; what the server said in
//! between (such as that it shuts down) is heard at the next statement.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{CancelToken, Client, Error, Row, SimpleQueryMessage};

use super::wire::Allowance;
use super::{cause, dial, login};
use crate::adapters::tls::Client as TlsClient;
use crate::domain::database::OwnCost;
use crate::domain::{Cause, Safe};

/// The future that moves the connection's bytes.
pub type Driver = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A parameter and its type.
pub type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// How a connection was made; enough to reach the same server again to cancel.
#[derive(Clone)]
pub struct Origin {
    /// The address that answered.
    pub address: dial::Address,
    /// For people.
    pub shown: Safe,
    /// TLS, if it is on: the configuration and the name.
    pub tls: Option<(TlsClient, String)>,
    /// The role we are, for proposed grants.
    pub user: String,
}

/// A connection that is logged in.
pub struct Link {
    client: Client,
    driver: Option<Driver>,
    cancel: CancelToken,
    allowance: Allowance,
    /// How it was made.
    pub origin: Origin,
    /// What was asked so far.
    pub cost: OwnCost,
}

/// Why a statement failed.
pub struct Failure {
    /// What it means.
    pub cause: Cause,
    /// The SQLSTATE, when the server told one.
    pub state: Option<String>,
}

impl From<Failure> for Cause {
    fn from(failure: Failure) -> Cause {
        failure.cause
    }
}

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Failure {
        Failure { cause, state: None }
    }
}

impl Link {
    /// Takes over a connection after login.
    pub fn new(client: Client, driver: Driver, allowance: Allowance, origin: Origin) -> Link {
        let cancel = client.cancel_token();
        Link { client, driver: Some(driver), cancel, allowance, origin, cost: OwnCost::default() }
    }

    /// Whether the connection can still be used.
    pub fn alive(&self) -> bool {
        self.driver.is_some() && !self.client.is_closed()
    }

    /// Closes the connection.
    pub fn close(&mut self) {
        self.driver = None;
    }

    /// The process id that the login told. A pooler tells one of its own.
    pub async fn told_pid(&mut self) -> i32 {
        login::told_pid(&self.cancel).await.unwrap_or(0)
    }

    /// Sends one unnamed statement, which passes a pooler too.
    pub async fn query(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Failure> {
        self.allowance.renew();
        let started = Instant::now();
        let answer = drive(&mut self.driver, self.client.query_typed(sql, parameters)).await;
        self.count(started.elapsed());
        answer.map_err(|e| self.failure(&e))
    }

    /// Sends one statement of which at most one row is taken.
    pub async fn query_one_row(&mut self, sql: &str) -> Result<Option<Row>, Failure> {
        self.allowance.renew();
        let started = Instant::now();
        let answer = drive(&mut self.driver, self.client.query_typed_opt(sql, &[])).await;
        self.count(started.elapsed());
        answer.map_err(|e| self.failure(&e))
    }

    /// Sends one statement that changes something; how many rows it concerned.
    pub async fn change(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64, Failure> {
        self.allowance.renew();
        let started = Instant::now();
        let answer = drive(&mut self.driver, self.client.execute_typed(sql, parameters)).await;
        self.count(started.elapsed());
        answer.map_err(|e| self.failure(&e))
    }

    /// Sends statements that answer nothing.
    pub async fn run(&mut self, sql: &str) -> Result<(), Failure> {
        let started = Instant::now();
        let answer = drive(&mut self.driver, self.client.batch_execute(sql)).await;
        self.count(started.elapsed());
        answer.map_err(|e| self.failure(&e))
    }

    /// Has one statement parsed and nothing else: how many parameters it has. The server refuses more than one statement.
    pub async fn parse(&mut self, sql: &str) -> Result<usize, Failure> {
        self.allowance.renew();
        let started = Instant::now();
        let answer = drive(&mut self.driver, self.client.prepare(sql)).await;
        self.count(started.elapsed());
        answer.map(|statement| statement.params().len()).map_err(|e| self.failure(&e))
    }

    /// Sends one statement that binds nothing; the first column of each row.
    pub async fn simple(&mut self, sql: &str) -> Result<Vec<Vec<u8>>, Failure> {
        self.allowance.renew();
        let started = Instant::now();
        let answer = drive(&mut self.driver, self.client.simple_query(sql)).await;
        self.count(started.elapsed());
        let column = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(|text| text.as_bytes().to_vec()),
            _ => None,
        };
        answer.map(|messages| messages.iter().filter_map(column).collect()).map_err(|e| self.failure(&e))
    }

    /// Asks the server to drop what it does for us, over a second connection that says nothing else.
    pub async fn cancel(self, until: Instant) {
        let wire = dial::open(&self.origin.address, &Allowance::default(), until).await;
        let Ok(wire) = wire else { return };
        // Nothing is told of a failure: a cancel is best effort, and the connection is given up either way.
        let _ = timeout_at(until, login::send_cancel(&self.cancel, wire, self.origin.tls.as_ref())).await;
    }

    /// What can ask the server to drop what it does for us, while it is waited for.
    pub fn canceller(&self) -> Canceller {
        Canceller { cancel: self.cancel.clone(), origin: self.origin.clone() }
    }

    fn count(&mut self, waited: Duration) {
        self.cost.statements += 1;
        self.cost.waited += waited;
    }

    fn failure(&self, error: &Error) -> Failure {
        let state = error.code().map(|code| code.code().to_owned());
        Failure { cause: cause::of(error, &self.origin.user), state }
    }
}

/// Asks the server to drop what it does on one connection; the connection stays.
pub struct Canceller {
    cancel: CancelToken,
    origin: Origin,
}

impl Canceller {
    /// Asks, over a second connection that says nothing else. What comes of it is heard on the first.
    pub async fn send(&self, until: Instant) {
        let Ok(wire) = dial::open(&self.origin.address, &Allowance::default(), until).await else { return };
        let _ = timeout_at(until, login::send_cancel(&self.cancel, wire, self.origin.tls.as_ref())).await;
    }
}

/// Polls a piece of work and the connection it needs together, until the work is done or the connection is.
async fn drive<T>(driver: &mut Option<Driver>, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let mut work = pin!(work);
    let ended = match driver.as_mut() {
        None => return work.await,
        Some(driver) => tokio::select! {
            biased;
            answer = &mut work => return answer,
            ended = driver => ended,
        },
    };
    // Dropped, it lets go of what waits for an answer; what had come before the end is still delivered.
    *driver = None;
    match (work.await, ended) {
        (Err(vague), Err(clear)) if vague.as_db_error().is_none() => Err(clear),
        (answer, _) => answer,
    }
}
